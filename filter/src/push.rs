//! Batches on their way: sent, kept until the collector acknowledges them, sent again, split, or given up and counted.
//!
//! # What an answer means
//!
//! | Answer | The batch |
//! |---|---|
//! | 2xx | is acknowledged |
//! | none, 408, 429, 5xx | is sent again after a doubling delay with jitter, or after `Retry-After` |
//! | 413 | is split in two; a single record is dropped |
//! | any other | is dropped |
//!
//! The first batch that comes through after failures takes the others that wait along. A batch that fails for longer
//! than `max_retry_time` is dropped. Everything dropped is counted and logged.

use std::time::Duration;

use gatelog_record::push::{DROPPED_HEADER, FILTER_HEADER, QUEUE_HEADER, RETRIES_HEADER};

use crate::config::{BatchFormat, Collector, Retry};
use crate::host::{Body, Call, CallError, CallId, HeaderMap, Host, Time};
use crate::journal::{Event, Journal};
use crate::json::Json;
use crate::keep_alive::KeepAlive;
use crate::metrics::{Metric, Metrics};
use crate::queue::{Batch, Queue};
use crate::random::Random;

/// How long beyond its timeout an answer is waited for. The gateway answers every call by itself when the collector
/// does not, so this only guards against a call that is lost inside the gateway.
const LOST_AFTER: Duration = Duration::from_secs(30);
/// Largest answer that is read for the number of rejected records.
const MAX_ANSWER_BYTES: usize = 1 << 20;
/// Records that are joined into one push when the gateway ends, at most, until the collector answers 413; below what
/// ingest takes.
const MAX_JOINED: usize = 2_000;
/// Bytes that one push may have then although another connection is free: about what a new connection takes at once.
const UNDIVIDED: usize = 64 << 10;

/// The batches on their way to one collector.
#[derive(Debug)]
pub struct Pusher {
    collector: Collector,
    retry: Retry,
    flights: Vec<Flight>,
    kept: KeepAlive,
    /// Records that are joined into one push when the gateway ends, at most.
    max_joined: usize,
    /// The gateway ends, or wants another configuration: what is sent now may be followed by the end of its connection.
    ends: bool,
    vm: String,
}

#[derive(Debug)]
struct Flight {
    batch: Batch,
    first_sent: Time,
    failures: u32,
    state: FlightState,
}

#[derive(Clone, Copy, Debug)]
enum FlightState {
    Sent {
        call: CallId,
        at: Time,
    },
    /// `told` when the collector said how long.
    Waiting {
        until: Time,
        told: bool,
    },
}

/// What the parts of a push share with the rest of the filter.
pub struct Surroundings<'a, H> {
    /// The gateway.
    pub host: &'a H,
    /// Now.
    pub now: Time,
    /// Where counts go.
    pub metrics: &'a mut Metrics,
    /// Where losses and failures are told.
    pub journal: &'a mut Journal,
    /// For jitter.
    pub random: &'a mut Random,
}

enum Outcome {
    Acknowledged,
    TooLarge,
    Refused(u32),
    Failed { why: String, retry_after: Option<Duration> },
}

impl Pusher {
    /// A pusher with nothing on its way. `vm` names this VM to the collector.
    pub fn new(collector: Collector, retry: Retry, vm: String) -> Self {
        let kept = KeepAlive::new(collector.keep_alive);
        Self { collector, retry, flights: Vec::new(), kept, max_joined: MAX_JOINED, ends: false, vm }
    }

    /// Batches on their way.
    pub fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// Records on their way.
    pub fn records_in_flight(&self) -> usize {
        self.flights.iter().map(|flight| flight.batch.entries()).sum()
    }

    /// True when another batch may be sent before an answer comes.
    pub fn has_room(&self) -> bool {
        self.flights.len() < self.retry.concurrency_limit
    }

    /// Sends what is due: batches whose delay is over, then new ones from the queue, and what keeps connections open.
    ///
    /// With `all`, because there may be no other time, nothing waits for more records. A gateway that ends writes to
    /// the connections that are open and opens no other, so the queue is joined into as few pushes as there are
    /// connections free; what has no room follows when an answer makes some.
    pub fn run<H: Host>(&mut self, queue: &mut Queue, all: bool, around: &mut Surroundings<'_, H>) {
        self.ends = all;
        self.give_up_lost_calls(queue, around);
        for index in (0..self.flights.len()).rev() {
            let due = |flight: &Flight| matches!(flight.state, FlightState::Waiting { until, .. } if until <= around.now);
            if self.flights.get(index).is_some_and(due) {
                let flight = self.flights.swap_remove(index);
                around.metrics.add(Metric::Retries, 1);
                self.send(flight, queue, around);
            }
        }
        // The connection that is kept free is for the end.
        let limit = self.retry.concurrency_limit + usize::from(all);
        let mut free = self.kept.free(self.sent()).min(limit.saturating_sub(self.flights.len()));
        while self.flights.len() < limit {
            let batch = if all && self.collector.batch_format == BatchFormat::Array {
                let share = queue.bytes().div_ceil(free.max(1)).max(UNDIVIDED);
                free = free.saturating_sub(1);
                queue.take_joined(share, self.max_joined)
            } else {
                queue.take(around.now, all)
            };
            let Some(batch) = batch else { break };
            let now = around.now;
            let state = FlightState::Waiting { until: now, told: false };
            self.send(Flight { batch, first_sent: now, failures: 0, state }, queue, around);
        }
        if !all {
            self.keep_alive(queue, around);
        }
    }

    /// Puts batches that wait for another try back into the queue, to be sent with the rest.
    pub fn recall(&mut self, queue: &mut Queue, metrics: &mut Metrics) {
        let waits = |flight: &Flight| matches!(flight.state, FlightState::Waiting { .. });
        while let Some(index) = self.flights.iter().position(waits) {
            metrics.add(Metric::Retries, 1);
            queue.put_back(self.flights.swap_remove(index).batch);
        }
    }

    /// Takes the answer to a call; false when the call is not one of this pusher's.
    pub fn answered<H: Host>(
        &mut self,
        call: CallId,
        queue: &mut Queue,
        around: &mut Surroundings<'_, H>,
    ) -> bool {
        if self.kept.is_answered(call) {
            match outcome(around.host) {
                Outcome::Acknowledged => self.kept.note(true),
                Outcome::Refused(status @ (401 | 403 | 404)) => {
                    let why = format!("the collector answered {status}");
                    around.journal.note(Event::KeepAliveRefused, 1, &why);
                }
                _ => self.kept.note(false),
            }
            return true;
        }
        let of_call =
            |flight: &Flight| matches!(flight.state, FlightState::Sent { call: sent, .. } if sent == call);
        let Some(index) = self.flights.iter().position(of_call) else { return false };
        let flight = self.flights.swap_remove(index);
        if let FlightState::Sent { at, .. } = flight.state {
            around.metrics.push_took(around.now.since(at).as_millis());
        }
        let outcome = outcome(around.host);
        if matches!(outcome, Outcome::Acknowledged) {
            let rejected = rejected(around.host);
            if rejected > 0 {
                around.metrics.add(Metric::Rejected, rejected);
                around.journal.note(Event::Rejected, rejected, "");
            }
        }
        self.settle(flight, outcome, queue, around);
        true
    }

    /// Gives up everything on its way and answers how many records that were.
    pub fn abandon(&mut self) -> usize {
        self.flights.drain(..).map(|flight| flight.batch.entries()).sum()
    }

    /// Pushes that are on their way at this moment.
    fn sent(&self) -> usize {
        self.flights.iter().filter(|flight| matches!(flight.state, FlightState::Sent { .. })).count()
    }

    fn keep_alive<H: Host>(&mut self, queue: &Queue, around: &mut Surroundings<'_, H>) {
        for _ in 0..self.kept.wanted(self.sent(), around.now, around.random) {
            match self.call(b"[]", queue, around) {
                Ok(call) => self.kept.sent(call, around.now),
                Err(_) => self.kept.note(false),
            }
        }
    }

    fn send<H: Host>(&mut self, mut flight: Flight, queue: &mut Queue, around: &mut Surroundings<'_, H>) {
        let body = match self.collector.batch_format {
            BatchFormat::Array => flight.batch.array(),
            BatchFormat::Single => flight.batch.object(),
        };
        match self.call(body, queue, around) {
            Ok(call) => {
                flight.state = FlightState::Sent { call, at: around.now };
                self.flights.push(flight);
            }
            Err(error) => {
                let why = format!("cluster {}: {error}", self.collector.cluster);
                self.settle(flight, Outcome::Failed { why, retry_after: None }, queue, around);
            }
        }
    }

    fn call<H: Host>(
        &self,
        body: &[u8],
        queue: &Queue,
        around: &Surroundings<'_, H>,
    ) -> Result<CallId, CallError> {
        let waiting = queue.entries().to_string();
        let dropped = around.metrics.dropped().to_string();
        let retries = around.metrics.retries().to_string();
        let mut headers = vec![
            (":method", "POST"),
            (":scheme", "http"),
            (":authority", self.collector.authority.as_str()),
            (":path", self.collector.path.as_str()),
            ("content-type", "application/json"),
            ("user-agent", concat!("gatelog-filter/", env!("CARGO_PKG_VERSION"))),
            (FILTER_HEADER, self.vm.as_str()),
            (QUEUE_HEADER, waiting.as_str()),
            (DROPPED_HEADER, dropped.as_str()),
            (RETRIES_HEADER, retries.as_str()),
        ];
        if let Some(authorization) = &self.collector.authorization {
            headers.push(("authorization", authorization));
        }
        // A gateway that ends closes the connection right behind its last push. A server (Spin's is one) that reads a
        // request together with the end of the connection takes the client for gone and drops it. With this header it
        // hands the request on first and reads the body then. The gateway itself does not wait for the 100.
        if self.ends {
            headers.push(("expect", "100-continue"));
        }
        around.host.call(&Call {
            cluster: &self.collector.cluster,
            headers: &headers,
            body,
            timeout: self.collector.timeout,
        })
    }

    fn settle<H: Host>(
        &mut self,
        mut flight: Flight,
        outcome: Outcome,
        queue: &mut Queue,
        around: &mut Surroundings<'_, H>,
    ) {
        self.kept.note(!matches!(outcome, Outcome::Failed { .. }));
        match outcome {
            Outcome::Acknowledged => {
                if flight.failures > 0 {
                    self.hasten(around.now);
                    around.journal.note(Event::PushRecovered, 1, "");
                }
                around.metrics.add(Metric::Batches, 1);
                around.metrics.add(Metric::Pushed, flight.batch.entries());
            }
            Outcome::TooLarge => match flight.batch.split() {
                Some(newer) => {
                    // Or the halves would be joined again.
                    self.max_joined = self.max_joined.min(flight.batch.entries());
                    queue.put_back(newer);
                    queue.put_back(flight.batch);
                }
                None => drop_batch(&flight, Metric::DroppedTooLarge, "the collector answered 413", around),
            },
            Outcome::Refused(status) => {
                let why = format!("the collector answered {status}");
                drop_batch(&flight, Metric::DroppedRefused, &why, around);
            }
            Outcome::Failed { why, retry_after } => {
                let spent = around.now.since(flight.first_sent);
                match self
                    .retry
                    .max_time
                    .and_then(|max| max.checked_sub(spent))
                    .filter(|left| !left.is_zero())
                {
                    None => drop_batch(&flight, Metric::DroppedRetryTime, &why, around),
                    Some(left) => {
                        around.journal.note(Event::PushFailed, 1, &why);
                        flight.failures += 1;
                        let delay =
                            retry_after.unwrap_or_else(|| self.retry.delay(flight.failures, around.random));
                        let until = around.now.plus(delay.min(left));
                        flight.state = FlightState::Waiting { until, told: retry_after.is_some() };
                        self.flights.push(flight);
                    }
                }
            }
        }
    }

    /// The collector is back: batches whose delay was only a guess need not wait for its end.
    fn hasten(&mut self, now: Time) {
        for flight in &mut self.flights {
            if let FlightState::Waiting { until, told: false } = &mut flight.state {
                *until = now.min(*until);
            }
        }
    }

    fn give_up_lost_calls<H: Host>(&mut self, queue: &mut Queue, around: &mut Surroundings<'_, H>) {
        let patience = self.collector.timeout + LOST_AFTER;
        let now = around.now;
        let lost = |flight: &Flight| matches!(flight.state, FlightState::Sent { at, .. } if now.since(at) > patience);
        while let Some(index) = self.flights.iter().position(lost) {
            let flight = self.flights.swap_remove(index);
            let why = "the gateway lost the call".to_owned();
            self.settle(flight, Outcome::Failed { why, retry_after: None }, queue, around);
        }
    }
}

impl Retry {
    /// The delay after the given number of failures: doubling, bounded, and between half and all of that by chance.
    fn delay(&self, failures: u32, random: &mut Random) -> Duration {
        let doublings = 2_u32.saturating_pow(failures.saturating_sub(1).min(31));
        random.at_least_half(self.initial_delay.saturating_mul(doublings).min(self.max_delay))
    }
}

fn drop_batch<H: Host>(flight: &Flight, metric: Metric, why: &str, around: &mut Surroundings<'_, H>) {
    let entries = flight.batch.entries();
    around.metrics.add(metric, entries);
    let event = if metric == Metric::DroppedRetryTime { Event::RetryTime } else { Event::Refused };
    around.journal.note(event, entries, why);
}

fn outcome(host: &impl Host) -> Outcome {
    let text = |name| host.header(HeaderMap::Answer, name).and_then(|value| String::from_utf8(value).ok());
    match text(":status").and_then(|status| status.parse::<u32>().ok()) {
        None => Outcome::Failed { why: "no answer from the collector".to_owned(), retry_after: None },
        Some(200..=299) => Outcome::Acknowledged,
        Some(413) => Outcome::TooLarge,
        Some(status @ (408 | 429 | 500..)) => Outcome::Failed {
            why: format!("the collector answered {status}"),
            // The other form of the header is a date, for which the usual delay serves as well.
            retry_after: text("retry-after")
                .and_then(|value| value.trim_ascii().parse().ok())
                .map(Duration::from_secs),
        },
        Some(status) => Outcome::Refused(status),
    }
}

/// Records that an acknowledgement names as unreadable: `{"accepted":n,"duplicates":n,"rejected":[…]}`.
fn rejected(host: &impl Host) -> usize {
    host.body(Body::Answer, 0, MAX_ANSWER_BYTES)
        .and_then(|body| Json::parse(&body).ok())
        .and_then(|answer| match answer.get("rejected") {
            Some(Json::Array(rejected)) => Some(rejected.len()),
            _ => None,
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests;

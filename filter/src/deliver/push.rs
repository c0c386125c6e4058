//! Batches on their way: sent, kept until the collector acknowledges them, sent again, split, or given up and counted.
//!
//! # What an answer means
//!
//! | Answer | The batch |
//! |---|---|
//! | 2xx | is acknowledged; of an array, only when the answer accounts for each of its records, as ingest's does |
//! | 2xx of anybody else, none, 401, 403, 408, 429, 5xx | is sent again after a doubling delay with jitter, or after `Retry-After` if that is shorter than ten seconds and `max_retry_delay` |
//! | 413 | is split in two; a single record is dropped |
//! | any other | is dropped |
//!
//! 401 and 403 are tried again because a token is changed in one place after the other. A batch that comes through takes
//! those that wait along. A batch that fails for longer than `max_retry_time` is dropped. Everything dropped is counted
//! and logged.

use std::time::Duration;

use gatelog_record::push::{DROPPED_HEADER, FILTER_HEADER, QUEUE_HEADER, RETRIES_HEADER};

use crate::config::{BatchFormat, Collector, Retry};
use crate::deliver::keep_alive::KeepAlive;
use crate::deliver::queue::{Batch, Queue};
use crate::host::{Body, Call, CallError, CallId, HeaderMap, Host, Instant};
use crate::json::Json;
use crate::observe::log_throttle::{Event, Journal};
use crate::observe::metrics::{Metric, Metrics};
use crate::rng::Random;

/// How long beyond its timeout an answer is waited for. The gateway answers every call by itself when the collector
/// does not, so this only guards against a call that is lost inside the gateway.
const LOST_AFTER: Duration = Duration::from_secs(30);
/// Largest answer that is read: one that names each record of a large batch as rejected.
const MAX_ANSWER_BYTES: usize = 4 << 20;
/// A collector that names a longer time than this is asked again after this one: whoever set it is not always the one that
/// is down.
const LONGEST_TOLD: Duration = Duration::from_secs(10);
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
    first_sent: Instant,
    failures: u32,
    state: FlightState,
}

#[derive(Clone, Copy, Debug)]
enum FlightState {
    Sent { call: CallId, at: Instant },
    Waiting { until: Instant },
}

/// What the parts of a push share with the rest of the filter.
pub struct Surroundings<'a, H> {
    /// The gateway.
    pub host: &'a H,
    /// Now.
    pub now: Instant,
    /// Where counts go.
    pub metrics: &'a mut Metrics,
    /// Where losses and failures are told.
    pub journal: &'a mut Journal,
    /// For jitter.
    pub random: &'a mut Random,
}

enum Outcome {
    Acknowledged {
        rejected: usize,
    },
    TooLarge,
    Refused(u32),
    /// `is_answer` when somebody is there who answers, but not as a collector that takes records does.
    Failed {
        why: String,
        retry_after: Option<Duration>,
        is_answer: bool,
    },
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
            let due = |flight: &Flight| matches!(flight.state, FlightState::Waiting { until } if until <= around.now);
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
            let state = FlightState::Waiting { until: now };
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
            match self.outcome(0, around.host) {
                Outcome::Acknowledged { .. } => {
                    self.kept.note(true);
                    self.hasten(around.now);
                }
                Outcome::Refused(404) => {
                    around.journal.note(Event::KeepAliveRefused, 1, "the collector answered 404");
                }
                Outcome::Failed { why, is_answer: true, .. } => {
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
        let outcome = self.outcome(flight.batch.entries(), around.host);
        self.settle(flight, outcome, queue, around);
        true
    }

    /// Takes over the batches of another pusher: those that are sent, until they are answered, and into the queue those that
    /// wait.
    pub fn inherit(&mut self, other: Pusher, queue: &mut Queue) {
        for flight in other.flights {
            match flight.state {
                FlightState::Sent { .. } => self.flights.push(flight),
                FlightState::Waiting { .. } => queue.put_back(flight.batch),
            }
        }
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
            BatchFormat::Single => {
                // A batch that was made under another configuration may have several.
                while let Some(newer) = flight.batch.split() {
                    queue.put_back(newer);
                }
                flight.batch.object()
            }
        };
        match self.call(body, queue, around) {
            Ok(call) => {
                flight.state = FlightState::Sent { call, at: around.now };
                self.flights.push(flight);
            }
            Err(error) => {
                let why = format!("cluster {}: {error}", self.collector.cluster);
                self.settle(flight, Outcome::failed(why), queue, around);
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
            headers.push(("authorization", authorization.reveal()));
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
            Outcome::Acknowledged { rejected } => {
                self.hasten(around.now);
                if flight.failures > 0 {
                    around.journal.note(Event::PushRecovered, 1, "");
                }
                if rejected > 0 {
                    around.metrics.add(Metric::Rejected, rejected);
                    around.journal.note(Event::Rejected, rejected, "");
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
            Outcome::Failed { why, retry_after, .. } => {
                around.metrics.add(Metric::PushFailures, 1);
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
                        let told = retry_after.map(|told| told.min(LONGEST_TOLD).min(self.retry.max_delay));
                        let delay = told.unwrap_or_else(|| self.retry.delay(flight.failures, around.random));
                        flight.state = FlightState::Waiting { until: around.now.plus(delay.min(left)) };
                        self.flights.push(flight);
                    }
                }
            }
        }
    }

    /// The collector takes records: batches that wait need not any longer.
    fn hasten(&mut self, now: Instant) {
        for flight in &mut self.flights {
            if let FlightState::Waiting { until } = &mut flight.state {
                *until = now.min(*until);
            }
        }
    }

    /// What the answer at hand means for a push of this many records.
    fn outcome(&self, records: usize, host: &impl Host) -> Outcome {
        let text =
            |name| host.header(HeaderMap::Answer, name).and_then(|value| String::from_utf8(value).ok());
        match text(":status").and_then(|status| status.parse::<u32>().ok()) {
            None => Outcome::failed("no answer from the collector".to_owned()),
            Some(200..=299) if self.collector.batch_format == BatchFormat::Single => {
                Outcome::Acknowledged { rejected: 0 }
            }
            Some(status @ 200..=299) => match acknowledged(host) {
                Some((stored, rejected)) if stored + rejected == records => {
                    Outcome::Acknowledged { rejected }
                }
                Some((stored, rejected)) => Outcome::Failed {
                    why: format!(
                        "the collector answered {status} for {} records of {records}",
                        stored + rejected
                    ),
                    retry_after: None,
                    is_answer: true,
                },
                None => Outcome::Failed {
                    why: format!("what answered {status} is no ingest of gatelog"),
                    retry_after: None,
                    is_answer: true,
                },
            },
            Some(413) => Outcome::TooLarge,
            Some(status @ (401 | 403 | 408 | 429 | 500..)) => Outcome::Failed {
                why: format!("the collector answered {status}"),
                // The other form of the header is a date, for which the usual delay serves as well.
                retry_after: text("retry-after")
                    .and_then(|value| value.trim_ascii().parse().ok())
                    .map(Duration::from_secs),
                is_answer: matches!(status, 401 | 403),
            },
            Some(status) => Outcome::Refused(status),
        }
    }

    fn give_up_lost_calls<H: Host>(&mut self, queue: &mut Queue, around: &mut Surroundings<'_, H>) {
        let patience = self.collector.timeout + LOST_AFTER;
        let now = around.now;
        let lost = |flight: &Flight| matches!(flight.state, FlightState::Sent { at, .. } if now.since(at) > patience);
        while let Some(index) = self.flights.iter().position(lost) {
            let flight = self.flights.swap_remove(index);
            let why = "the gateway lost the call".to_owned();
            self.settle(flight, Outcome::failed(why), queue, around);
        }
    }
}

impl Outcome {
    fn failed(why: String) -> Self {
        Self::Failed { why, retry_after: None, is_answer: false }
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

/// How many records an acknowledgement of ingest says are stored, and how many it names as unreadable:
/// `{"accepted":n,"duplicates":n,"rejected":[…]}`. None when the answer is of another kind.
fn acknowledged(host: &impl Host) -> Option<(usize, usize)> {
    let answer = Json::parse(&host.body(Body::Answer, 0, MAX_ANSWER_BYTES)?).ok()?;
    let count = |key| match answer.get(key) {
        Some(Json::Integer(count)) => usize::try_from(*count).ok(),
        _ => None,
    };
    match answer.get("rejected") {
        Some(Json::Array(rejected)) => {
            Some((count("accepted")?.checked_add(count("duplicates")?)?, rejected.len()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;

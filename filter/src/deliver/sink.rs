//! A destination at work: records wait in its queue, travel in batches, and leave when the collector acknowledges them or they
//! are counted as dropped.
//!
//! # What happens to a batch
//!
//! | Outcome of its push | The batch |
//! |---|---|
//! | acknowledged | is done |
//! | failed | is sent again after a doubling delay with jitter, or after `Retry-After` if that is shorter than ten seconds and `max_retry_delay` |
//! | too large | is split in two; a single record is dropped |
//! | refused | is dropped |
//!
//! The first batch that gets through ends the delay of all others. A batch that fails for longer than `max_retry_time` is
//! dropped. Everything dropped is counted and logged.

use std::time::Duration;

use crate::config::sink::{BatchFormat, Collector, Destination, Retry};
use crate::context::Context;
use crate::deliver::batch::Batch;
use crate::deliver::keep_alive::KeepAlive;
use crate::deliver::push::{Outcome, Push};
use crate::deliver::queue::{Added, Notice, Queue};
use crate::host::{CallError, CallId, Host, Instant, Outbound};
use crate::observe::log_throttle::Event;
use crate::observe::metric::Metric;
use crate::observe::metrics::Metrics;
use crate::rng::Rng;

/// How long after its timeout a call counts as lost. The gateway answers every call by itself when the collector
/// does not, so this only guards against a call that is lost inside the gateway.
const LOST_AFTER: Duration = Duration::from_secs(30);
/// The longest `Retry-After` that is followed: a proxy that sets a longer one is not always the server that is down.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(10);
/// Most records in a joined push at shutdown, until the collector answers 413; below what ingest takes.
const MAX_JOINED: usize = 2_000;
/// A joined push of fewer bytes is not divided among free connections: about what a new connection takes at once.
const MIN_JOINED_BYTES: usize = 64 << 10;

/// One destination: its queue, the batches in flight and the connections kept open.
#[derive(Debug)]
pub struct Sink {
    collector: Collector,
    retry: Retry,
    queue: Queue,
    flights: Vec<Flight>,
    keep_alive: KeepAlive,
    /// Most records in a joined push at shutdown.
    max_joined: usize,
    /// True while the gateway shuts down: it may close a connection right after the push on it.
    is_ending: bool,
    vm_id: String,
}

/// A batch that the queue has handed out and the collector has not acknowledged.
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

impl Sink {
    /// A sink with nothing to do. `vm_id` names this VM to the collector.
    pub fn new(destination: &Destination, vm_id: &str) -> Self {
        let Destination { collector, queue, retry } = destination;
        Self {
            collector: collector.clone(),
            retry: retry.clone(),
            queue: Queue::new(queue.clone()),
            flights: Vec::new(),
            keep_alive: KeepAlive::new(collector.keep_alive),
            max_joined: MAX_JOINED,
            is_ending: false,
            vm_id: vm_id.to_owned(),
        }
    }

    /// Adds a record's JSON.
    pub fn add(&mut self, json: &[u8], cx: &mut Context<'_, impl Host>) {
        count(self.queue.add(json, cx.now), cx);
    }

    /// Adds the records of a queue.
    pub fn add_all(&mut self, records: Queue, cx: &mut Context<'_, impl Host>) {
        let dropped = self.queue.inherit(records);
        count_dropped_oldest(dropped, cx);
    }

    /// Takes over from another sink: the records of its queue, the batches that wait for a retry, and the batches that are sent,
    /// until they are answered.
    pub fn take_over(&mut self, other: Sink, cx: &mut Context<'_, impl Host>) {
        self.add_all(other.queue, cx);
        for flight in other.flights {
            match flight.state {
                FlightState::Sent { .. } => self.flights.push(flight),
                FlightState::Waiting { .. } => self.queue.put_back(flight.batch),
            }
        }
    }

    /// Sends what is due; with `all`, everything. Logs when the queue becomes nearly full, and when it recovers.
    pub fn push(&mut self, all: bool, cx: &mut Context<'_, impl Outbound>) {
        self.send_due(all, cx);
        let event = match self.queue.notice() {
            Some(Notice::NearlyFull) => Event::NearlyFull,
            Some(Notice::Recovered) => Event::QueueRecovered,
            None => return,
        };
        let fill = format!("{} records, {} bytes", self.queue.entries(), self.queue.bytes());
        cx.log.record(event, 1, &fill);
    }

    /// Puts the batches that wait for a retry back into the queue, because the gateway shuts down.
    pub fn requeue_waiting(&mut self, metrics: &mut Metrics) {
        let waits = |flight: &Flight| matches!(flight.state, FlightState::Waiting { .. });
        while let Some(index) = self.flights.iter().position(waits) {
            metrics.add(Metric::Retries, 1);
            self.queue.put_back(self.flights.swap_remove(index).batch);
        }
    }

    /// Puts every batch that is not acknowledged back into the queue, because no answer will come any more.
    pub fn requeue_all(&mut self, metrics: &mut Metrics) {
        self.keep_alive = KeepAlive::new(self.collector.keep_alive);
        while let Some(flight) = self.flights.pop() {
            metrics.add(Metric::Retries, 1);
            self.queue.put_back(flight.batch);
        }
    }

    /// True when the collector has an address for connections of one's own.
    pub fn has_address(&self) -> bool {
        self.collector.address.is_some()
    }

    /// True when a complete batch waits and may be sent.
    pub fn is_ready(&self) -> bool {
        self.queue.has_complete() && self.flights.len() < self.retry.concurrency_limit
    }

    /// Takes the answer to a call; false when the call is not one of this sink's.
    pub fn on_answer<H: Outbound>(&mut self, call: CallId, cx: &mut Context<'_, H>) -> bool {
        if self.keep_alive.take_answered(call) {
            self.on_keep_alive_answer(cx);
            return true;
        }
        let of_call =
            |flight: &Flight| matches!(flight.state, FlightState::Sent { call: sent, .. } if sent == call);
        let Some(index) = self.flights.iter().position(of_call) else { return false };
        let flight = self.flights.swap_remove(index);
        if let FlightState::Sent { at, .. } = flight.state {
            cx.metrics.push_took(cx.now.since(at).as_millis());
        }
        let outcome = Outcome::of_answer(self.collector.batch_format, flight.batch.entries(), cx.host);
        self.apply(outcome, flight, cx);
        true
    }

    /// True when nothing waits and nothing is in flight.
    pub fn is_idle(&self) -> bool {
        self.flights.is_empty() && self.queue.entries() == 0
    }

    /// Gives everything up and returns how many records that were.
    pub fn abandon(&mut self, now: Instant) -> usize {
        let mut records = self.flights.drain(..).map(|flight| flight.batch.entries()).sum();
        while let Some(batch) = self.queue.take(now, true) {
            records += batch.entries();
        }
        records
    }

    /// Records in flight.
    pub fn records_in_flight(&self) -> usize {
        self.flights.iter().map(|flight| flight.batch.entries()).sum()
    }

    /// Records waiting, their bytes, and batches in flight.
    pub fn load(&self) -> [usize; 3] {
        [self.queue.entries(), self.queue.bytes(), self.flights.len()]
    }

    /// The most records and bytes that can wait, see [`Queue::capacity`].
    pub fn capacity(&self) -> [usize; 2] {
        self.queue.capacity()
    }

    /// Sends what is due: batches whose delay is over, then new ones from the queue, then pushes that keep connections open.
    ///
    /// With `all`, because there may be no other time, no batch waits for more records. A gateway that shuts down writes to
    /// the connections that are open and opens no other, so the queue is joined into as few pushes as there are
    /// free connections; what has no room follows when an answer makes some.
    fn send_due<H: Outbound>(&mut self, all: bool, cx: &mut Context<'_, H>) {
        self.is_ending = all;
        self.fail_lost_calls(cx);
        for index in (0..self.flights.len()).rev() {
            let due =
                |flight: &Flight| matches!(flight.state, FlightState::Waiting { until } if until <= cx.now);
            if self.flights.get(index).is_some_and(due) {
                let flight = self.flights.swap_remove(index);
                cx.metrics.add(Metric::Retries, 1);
                self.send(flight, cx);
            }
        }
        // The connection that is kept free is for the shutdown.
        let limit = self.retry.concurrency_limit + usize::from(all);
        let mut free = self.keep_alive.free(self.sent()).min(limit.saturating_sub(self.flights.len()));
        while self.flights.len() < limit {
            let batch = if all && self.collector.batch_format == BatchFormat::Array {
                let share = self.queue.bytes().div_ceil(free.max(1)).max(MIN_JOINED_BYTES);
                free = free.saturating_sub(1);
                self.queue.take_joined(share, self.max_joined)
            } else {
                self.queue.take(cx.now, all)
            };
            let Some(batch) = batch else { break };
            let now = cx.now;
            let state = FlightState::Waiting { until: now };
            self.send(Flight { batch, first_sent: now, failures: 0, state }, cx);
        }
        if !all {
            self.send_keep_alive(cx);
        }
    }

    /// Pushes of records that the collector has not answered yet.
    pub fn sent(&self) -> usize {
        self.flights.iter().filter(|flight| matches!(flight.state, FlightState::Sent { .. })).count()
    }

    fn send_keep_alive<H: Outbound>(&mut self, cx: &mut Context<'_, H>) {
        for _ in 0..self.keep_alive.due(self.sent(), cx.now, cx.rng) {
            match self.call(b"[]", cx) {
                Ok(call) => self.keep_alive.on_sent(call, cx.now),
                Err(_) => self.keep_alive.set_reachable(false),
            }
        }
    }

    fn on_keep_alive_answer<H: Outbound>(&mut self, cx: &mut Context<'_, H>) {
        match Outcome::of_answer(self.collector.batch_format, 0, cx.host) {
            Outcome::Acknowledged { .. } => {
                self.keep_alive.set_reachable(true);
                self.end_delays(cx.now);
            }
            Outcome::Refused(404) => {
                cx.log.record(Event::KeepAliveRefused, 1, "the collector answered 404");
            }
            Outcome::Failed { why, is_answer: true, .. } => {
                cx.log.record(Event::KeepAliveRefused, 1, &why);
            }
            _ => self.keep_alive.set_reachable(false),
        }
    }

    fn send<H: Outbound>(&mut self, mut flight: Flight, cx: &mut Context<'_, H>) {
        let body = match self.collector.batch_format {
            BatchFormat::Array => flight.batch.array(),
            BatchFormat::Single => {
                // A batch that was made under another configuration may have several.
                while let Some(newer) = flight.batch.split() {
                    self.queue.put_back(newer);
                }
                flight.batch.object()
            }
        };
        match self.call(body, cx) {
            Ok(call) => {
                flight.state = FlightState::Sent { call, at: cx.now };
                self.flights.push(flight);
            }
            Err(error) => {
                let why = format!("cluster {}: {error}", self.collector.cluster);
                self.apply(Outcome::failed(why), flight, cx);
            }
        }
    }

    fn call<H: Outbound>(&self, body: &[u8], cx: &Context<'_, H>) -> Result<CallId, CallError> {
        let Self { collector, vm_id, queue, is_ending, .. } = self;
        Push { collector, vm_id, body, waiting: queue.entries(), is_last: *is_ending }.send(cx)
    }

    /// Does with a batch what the outcome of its push asks for.
    fn apply<H: Outbound>(&mut self, outcome: Outcome, mut flight: Flight, cx: &mut Context<'_, H>) {
        self.keep_alive.set_reachable(!matches!(outcome, Outcome::Failed { .. }));
        match outcome {
            Outcome::Acknowledged { rejected } => {
                self.end_delays(cx.now);
                if flight.failures > 0 {
                    cx.log.record(Event::PushRecovered, 1, "");
                }
                if rejected > 0 {
                    cx.metrics.add(Metric::Rejected, rejected);
                    cx.log.record(Event::Rejected, rejected, "");
                }
                cx.metrics.add(Metric::Batches, 1);
                cx.metrics.add(Metric::Pushed, flight.batch.entries());
            }
            Outcome::TooLarge => match flight.batch.split() {
                Some(newer) => {
                    // Otherwise the next push would join the halves again.
                    self.max_joined = self.max_joined.min(flight.batch.entries());
                    self.queue.put_back(newer);
                    self.queue.put_back(flight.batch);
                }
                None => drop_batch(&flight, Metric::DroppedTooLarge, "the collector answered 413", cx),
            },
            Outcome::Refused(status) => {
                let why = format!("the collector answered {status}");
                drop_batch(&flight, Metric::DroppedRefused, &why, cx);
            }
            Outcome::Failed { why, retry_after, .. } => {
                cx.metrics.add(Metric::PushFailures, 1);
                let spent = cx.now.since(flight.first_sent);
                let left = self.retry.max_time.and_then(|max| max.checked_sub(spent));
                match left.filter(|left| !left.is_zero()) {
                    None => drop_batch(&flight, Metric::DroppedRetryTime, &why, cx),
                    Some(left) => {
                        cx.log.record(Event::PushFailed, 1, &why);
                        flight.failures += 1;
                        let asked =
                            retry_after.map(|asked| asked.min(MAX_RETRY_AFTER).min(self.retry.max_delay));
                        let delay =
                            asked.unwrap_or_else(|| retry_delay(&self.retry, flight.failures, cx.rng));
                        flight.state = FlightState::Waiting { until: cx.now.plus(delay.min(left)) };
                        self.flights.push(flight);
                    }
                }
            }
        }
    }

    /// Ends the delay of all batches that wait for a retry, because the collector takes records.
    fn end_delays(&mut self, now: Instant) {
        for flight in &mut self.flights {
            if let FlightState::Waiting { until } = &mut flight.state {
                *until = now.min(*until);
            }
        }
    }

    fn fail_lost_calls<H: Outbound>(&mut self, cx: &mut Context<'_, H>) {
        let patience = self.collector.timeout + LOST_AFTER;
        let now = cx.now;
        let lost = |flight: &Flight| matches!(flight.state, FlightState::Sent { at, .. } if now.since(at) > patience);
        while let Some(index) = self.flights.iter().position(lost) {
            let flight = self.flights.swap_remove(index);
            self.apply(Outcome::failed("the gateway lost the call".to_owned()), flight, cx);
        }
    }
}

/// The delay after the given number of failures: doubling, bounded, with jitter.
fn retry_delay(retry: &Retry, failures: u32, rng: &mut Rng) -> Duration {
    let doublings = 2_u32.saturating_pow(failures.saturating_sub(1).min(31));
    rng.equal_jitter(retry.initial_delay.saturating_mul(doublings).min(retry.max_delay))
}

fn drop_batch<H: Host>(flight: &Flight, metric: Metric, why: &str, cx: &mut Context<'_, H>) {
    let entries = flight.batch.entries();
    cx.metrics.add(metric, entries);
    let event = if metric == Metric::DroppedRetryTime { Event::RetryTime } else { Event::Refused };
    cx.log.record(event, entries, why);
}

/// Counts and logs what a record that joined a queue cost.
pub fn count(added: Added, cx: &mut Context<'_, impl Host>) {
    match added {
        Added::Waiting { dropped } => count_dropped_oldest(dropped, cx),
        Added::TooLarge => {
            cx.metrics.add(Metric::DroppedTooLarge, 1);
            cx.log.record(Event::Refused, 1, "the record is larger than queue.max_bytes");
        }
    }
}

fn count_dropped_oldest(records: usize, cx: &mut Context<'_, impl Host>) {
    if records > 0 {
        cx.metrics.add(Metric::DroppedQueueFull, records);
        cx.log.record(Event::QueueFull, records, "");
    }
}

#[cfg(test)]
mod tests;

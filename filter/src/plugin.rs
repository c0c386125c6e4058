//! One configured filter in one VM: what its streams share, and what happens on ticks, answers and shutdown.

use std::time::Duration;

use crate::collect::{Memory, Sources};
use crate::config::{Config, ConfigError};
use crate::exchange::Exchange;
use crate::host::{CallId, Host, Level, Time};
use crate::metrics::{Metric, Metrics};
use crate::push::{Pusher, Surroundings};
use crate::queue::{Added, Notice, Queue};
use crate::random::Random;
use crate::record_id::RecordIds;

/// A configured filter.
#[derive(Debug)]
pub struct Plugin {
    config: Config,
    memory: Memory,
    ids: RecordIds,
    random: Random,
    queue: Queue,
    pusher: Pusher,
    metrics: Metrics,
    /// Where a record's JSON is written before it joins its batch.
    scratch: Vec<u8>,
    overflow: Overflow,
    drain_until: Option<Time>,
}

/// Records dropped for a full queue that no log line has told of.
#[derive(Debug, Default)]
struct Overflow {
    records: usize,
    told_at: Time,
}

/// How often a line about the same loss is written at most.
const LOG_INTERVAL: Duration = Duration::from_secs(10);
/// Longest time between two looks at the queue.
const LONGEST_TICK: Duration = Duration::from_millis(100);
/// Shortest time between two looks at the queue.
const SHORTEST_TICK: Duration = Duration::from_millis(10);

impl Plugin {
    /// A filter with the given configuration.
    ///
    /// # Errors
    ///
    /// When the configuration is refused.
    pub fn new(configuration: &[u8]) -> Result<Self, ConfigError> {
        let config = Config::parse(configuration)?;
        let mut random = Random::default();
        let vm = format!("{:016x}", random.number());
        Ok(Self {
            memory: Memory::default(),
            ids: RecordIds::default(),
            random,
            queue: Queue::new(config.queue.clone()),
            pusher: Pusher::new(config.collector.clone(), config.retry.clone(), vm),
            metrics: Metrics::default(),
            scratch: Vec::new(),
            overflow: Overflow::default(),
            drain_until: None,
            config,
        })
    }

    /// How often [`Plugin::on_tick`] should be called.
    pub fn tick_period(&self) -> Duration {
        (self.config.queue.max_coalescing_delay / 4).clamp(SHORTEST_TICK, LONGEST_TICK)
    }

    /// A request's headers have come.
    pub fn on_request_headers(&mut self, exchange: &mut Exchange, host: &impl Host, end: bool) {
        exchange.on_request_headers(host, &self.config.ai, &mut self.metrics, end);
    }

    /// A response's headers have come.
    pub fn on_response_headers(&mut self, exchange: &mut Exchange, host: &impl Host, end: bool) {
        exchange.on_response_headers(host, &self.config.ai, &mut self.metrics, end);
    }

    /// An exchange is complete: its record joins the queue.
    pub fn on_log(&mut self, exchange: &Exchange, host: &impl Host) {
        let now = host.now();
        let sources = Sources::read(exchange, &self.config, &mut self.memory, host, now);
        let mut record = sources.record(exchange, &self.config);
        record.record_id = self.ids.next(now, &mut self.random).into();
        self.metrics.add(Metric::ValuesCut, record.fit_to_limits());
        self.scratch.clear();
        if serde_json::to_writer(&mut self.scratch, &record).is_err() {
            // Writing into memory does not fail; if it ever does, the loss is counted.
            self.metrics.add(Metric::DroppedTooLarge, 1);
            return;
        }
        self.metrics.add(Metric::Collected, 1);
        match self.queue.add(&self.scratch, now) {
            Added::Waiting { dropped } => {
                self.metrics.add(Metric::DroppedQueueFull, dropped);
                self.overflow.records += dropped;
            }
            Added::TooLarge => self.metrics.add(Metric::DroppedTooLarge, 1),
        }
    }

    /// Pushes what is due. True when the filter is shutting down and has nothing left to do.
    pub fn on_tick(&mut self, host: &impl Host) -> bool {
        let now = host.now();
        self.push(host, now);
        self.tell(host, now);
        let finished = self.is_drained(host, now);
        self.report(host);
        finished
    }

    /// The answer to a call has come. True as in [`Plugin::on_tick`].
    pub fn on_answer(&mut self, call: CallId, host: &impl Host) -> bool {
        let now = host.now();
        let mut around = Surroundings { host, now, metrics: &mut self.metrics, random: &mut self.random };
        self.pusher.answered(call, &mut self.queue, &mut around);
        self.push(host, now);
        let finished = self.is_drained(host, now);
        if finished {
            self.report(host);
        }
        finished
    }

    /// The gateway no longer wants the filter. True when it has nothing left to do; otherwise ticks and answers go
    /// on until one of them says so.
    pub fn on_done(&mut self, host: &impl Host) -> bool {
        let now = host.now();
        self.drain_until = Some(now.plus(self.config.drain_timeout));
        self.on_tick(host)
    }

    fn push(&mut self, host: &impl Host, now: Time) {
        let all = self.drain_until.is_some();
        let mut around = Surroundings { host, now, metrics: &mut self.metrics, random: &mut self.random };
        self.pusher.run(&mut self.queue, all, &mut around);
    }

    fn is_drained(&mut self, host: &impl Host, now: Time) -> bool {
        let Some(until) = self.drain_until else { return false };
        if self.pusher.in_flight() == 0 && self.queue.entries() == 0 {
            return true;
        }
        if now < until {
            return false;
        }
        let mut given_up = self.pusher.abandon();
        while let Some(batch) = self.queue.take(now, true) {
            given_up += batch.entries();
        }
        self.metrics.add(Metric::DroppedShutdown, given_up);
        host.log(
            Level::Error,
            &format!("gatelog: {given_up} records dropped: shut down before they were acknowledged"),
        );
        true
    }

    fn tell(&mut self, host: &impl Host, now: Time) {
        match self.queue.notice() {
            Some(Notice::NearlyFull) => {
                let (entries, bytes) = (self.queue.entries(), self.queue.bytes());
                host.log(
                    Level::Warn,
                    &format!("gatelog: the queue is 80 % full: {entries} records, {bytes} bytes"),
                );
            }
            Some(Notice::Recovered) => host.log(Level::Info, "gatelog: the queue is below 80 % again"),
            None => {}
        }
        let overflow = &mut self.overflow;
        if overflow.records > 0 && now.since(overflow.told_at) >= LOG_INTERVAL {
            let records = std::mem::take(&mut overflow.records);
            overflow.told_at = now;
            host.log(Level::Error, &format!("gatelog: {records} records dropped: the queue is full"));
        }
    }

    fn report(&mut self, host: &impl Host) {
        self.metrics.set(Metric::QueueEntries, self.queue.entries());
        self.metrics.set(Metric::QueueBytes, self.queue.bytes());
        self.metrics.set(Metric::InFlight, self.pusher.in_flight());
        self.metrics.flush(host);
    }
}

#[cfg(test)]
mod tests;

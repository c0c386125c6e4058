//! One configured filter in one VM: what its streams share, and what happens on ticks, answers, a new configuration and
//! shutdown.

use std::rc::Rc;
use std::time::Duration;

use gatelog_record::json::write::write_record;

use crate::collect::attribute_batch::AttributeBatch;
use crate::collect::vm_state::VmState;
use crate::collect::{self, Answers};
use crate::config::settings::Settings;
use crate::config::sink::Destination;
use crate::config::{Config, ConfigError, rules};
use crate::context::Core;
use crate::deliver::sink::Sink;
use crate::host::attribute;
use crate::host::{CallId, Host, Instant, Level};
use crate::observe::metric::Metric;
use crate::privacy::capture::HeldBytes;
use crate::rng::Rng;
use crate::stream::Stream;

/// A configured filter.
#[derive(Debug)]
pub struct Plugin {
    config: Config,
    /// How many times the configuration was replaced.
    configuration: u32,
    vm_id: String,
    vm_state: VmState,
    core: Core,
    /// Bytes of captured bodies that the VM holds now.
    held: HeldBytes,
    /// Indexed by the number of the settings.
    batches: Vec<AttributeBatch>,
    /// Indexed by the number of the destination.
    sinks: Vec<Sink>,
    /// Where a record's JSON is written before it joins its batch.
    scratch: Vec<u8>,
    drain_until: Option<Instant>,
    /// True when a complete batch waits for an early tick.
    hurries: bool,
}

/// Longest time between two ticks.
const LONGEST_TICK: Duration = Duration::from_millis(100);
/// Time to the next tick when a batch is complete. A stream's callback cannot push, because the gateway would give
/// the answer to that stream.
const HURRY: Duration = Duration::from_millis(1);
/// Shortest time between two ticks.
const SHORTEST_TICK: Duration = Duration::from_millis(10);

impl Plugin {
    /// A filter with the given configuration, and a random source of its own.
    ///
    /// # Errors
    ///
    /// When the configuration is refused.
    pub fn new(configuration: &[u8], mut rng: Rng) -> Result<Self, ConfigError> {
        let config = Config::parse(configuration)?;
        let vm_id = format!("{:016x}", rng.next_u64());
        let mut core = Core::new(rng);
        core.log.set_verbosity(config.log_level);
        Ok(Self {
            configuration: 0,
            vm_state: VmState::default(),
            core,
            held: HeldBytes::default(),
            batches: attribute_batches(&config),
            sinks: sinks(&config, &vm_id),
            scratch: Vec::new(),
            drain_until: None,
            hurries: false,
            config,
            vm_id,
        })
    }

    /// Takes another configuration. Records that wait or are in flight stay with the same collector under the new
    /// bounds; where the new configuration no longer has it, they go to the first of the new collectors.
    ///
    /// # Errors
    ///
    /// When the configuration is refused; the older one stays.
    pub fn configure_again(&mut self, configuration: &[u8], host: &impl Host) -> Result<(), ConfigError> {
        let config = Config::parse(configuration)?;
        let now = host.monotonic();
        let older = std::mem::replace(&mut self.sinks, sinks(&config, &self.vm_id));
        self.batches = attribute_batches(&config);
        self.core.log.set_verbosity(config.log_level);
        self.configuration = self.configuration.wrapping_add(1);
        let mut cx = self.core.context(host, now);
        for (destination, sink) in self.config.destinations.iter().zip(older) {
            let find = |is: &dyn Fn(&Destination) -> bool| config.destinations.iter().position(is);
            let heir = find(&|new| new == destination).or_else(|| find(&|new| new.is_like(destination)));
            if let Some(heir) = self.sinks.get_mut(heir.unwrap_or(0)) {
                heir.take_over(sink, &mut cx);
            }
        }
        self.config = config;
        self.report(host, now, false);
        Ok(())
    }

    /// How often [`Plugin::on_tick`] should be called.
    pub fn tick_period(&self) -> Duration {
        let delays = self.config.destinations.iter().map(|each| each.queue.max_coalescing_delay);
        let shortest = delays.min().unwrap_or_default();
        (shortest / 10).clamp(SHORTEST_TICK, LONGEST_TICK)
    }

    /// The request headers of a stream arrived.
    pub fn on_request_headers(&mut self, stream: &mut Stream, host: &impl Host, end: bool) {
        if let Some(settings) = self.settings(stream, host) {
            stream.on_request_headers(host, &settings, &mut self.core.metrics, &self.held, end);
        }
    }

    /// The response headers of a stream arrived.
    pub fn on_response_headers(&mut self, stream: &mut Stream, host: &impl Host, end: bool) {
        if let Some(settings) = self.settings(stream, host) {
            stream.on_response_headers(host, &settings, &mut self.core.metrics, &self.held, end);
        }
    }

    /// A stream ended: its record joins the queue. The gateway either logs a stream or only reports its end; the
    /// first of the two callbacks makes the record.
    pub fn on_end(&mut self, stream: &mut Stream, host: &impl Host) {
        if !stream.record_once() {
            return;
        }
        if !self.record(stream, host)
            && let Some(start) = attribute::time(host, attribute::REQUEST_TIME)
        {
            // The logger might choose other settings than none: a route may rewrite what rules look at.
            self.vm_state.own_exchanges.add(start);
        }
    }

    /// The gateway's access logger reports an exchange that has ended. Its record joins the queue unless an HTTP filter
    /// has made it.
    pub fn on_log(&mut self, host: &impl Host) {
        let own = &mut self.vm_state.own_exchanges;
        if !own.is_empty()
            && attribute::time(host, attribute::REQUEST_TIME).is_some_and(|start| own.take(start))
        {
            return;
        }
        self.record(&mut Stream::default(), host);
    }

    /// False when the settings want no record.
    fn record(&mut self, stream: &mut Stream, host: &impl Host) -> bool {
        let Some(settings) = self.settings(stream, host) else { return false };
        let (Some(batch), Some(sink)) =
            (self.batches.get_mut(settings.number), self.sinks.get_mut(settings.destination))
        else {
            return false;
        };
        let mut cx = self.core.context(host, host.monotonic());
        let mut answers = Answers::default();
        let record = collect::collect(stream, &settings, batch, &mut self.vm_state, &mut cx, &mut answers);
        let Some(record) = record else { return true };
        self.scratch.clear();
        write_record(&mut self.scratch, &record, |index| settings.omitted.has_index(index));
        sink.add(&self.scratch, &mut cx);
        if !self.hurries && sink.is_ready() {
            self.hurries = true;
            host.set_tick_period(HURRY);
        }
        true
    }

    /// Pushes what is due. True when the filter is shutting down and has nothing left to do.
    pub fn on_tick(&mut self, host: &impl Host) -> bool {
        let now = host.monotonic();
        if std::mem::take(&mut self.hurries) {
            host.set_tick_period(self.tick_period());
        }
        self.push(host, now);
        let finished = self.is_drained(host, now);
        self.report(host, now, finished);
        finished
    }

    /// The answer to a call arrived. Returns the same as [`Plugin::on_tick`].
    pub fn on_answer(&mut self, call: CallId, host: &impl Host) -> bool {
        let now = host.monotonic();
        let mut cx = self.core.context(host, now);
        if !self.sinks.iter_mut().any(|sink| sink.on_answer(call, &mut cx)) {
            return false;
        }
        self.push(host, now);
        let finished = self.is_drained(host, now);
        if finished {
            self.report(host, now, true);
        }
        finished
    }

    /// The gateway removes the filter. True when the filter has nothing left to do; otherwise ticks and answers go on
    /// until one of them returns true.
    pub fn on_done(&mut self, host: &impl Host) -> bool {
        let now = host.monotonic();
        self.drain_until = Some(now.plus(self.config.drain_timeout));
        self.sinks.iter_mut().for_each(|sink| sink.requeue_waiting(&mut self.core.metrics));
        let finished = self.on_tick(host);
        if !finished {
            self.tell_what_is_left(host);
        }
        finished
    }

    /// Logs how many records a gateway that shuts down can still lose: it may not pass on any more answers.
    fn tell_what_is_left(&self, host: &impl Host) {
        let waiting: usize = self.sinks.iter().map(|sink| sink.load()[0]).sum();
        let in_flight: usize = self.sinks.iter().map(Sink::records_in_flight).sum();
        let level = if waiting > 0 { Level::Warn } else { Level::Info };
        let line = format!(
            "gatelog: ending with {in_flight} records on their way to the collector and {waiting} that wait for a push to end"
        );
        self.core.log.write_now(host, level, &line);
    }

    fn settings(&mut self, stream: &mut Stream, host: &impl Host) -> Option<Rc<Settings>> {
        let (config, dialect) = (&self.config, &mut self.vm_state.dialect);
        stream.settings(self.configuration, || {
            rules::choose(&config.rules, config.global.as_ref(), dialect, host)
        })
    }

    fn push(&mut self, host: &impl Host, now: Instant) {
        let all = self.drain_until.is_some();
        let mut cx = self.core.context(host, now);
        self.sinks.iter_mut().for_each(|sink| sink.push(all, &mut cx));
    }

    fn is_drained(&mut self, host: &impl Host, now: Instant) -> bool {
        let Some(until) = self.drain_until else { return false };
        if self.sinks.iter().all(Sink::is_idle) {
            return true;
        }
        if now < until {
            return false;
        }
        let given_up = self.sinks.iter_mut().map(|sink| sink.abandon(now)).sum();
        self.core.metrics.add(Metric::DroppedShutdown, given_up);
        let line = format!("gatelog: {given_up} records dropped: shut down before they were acknowledged");
        self.core.log.write_now(host, Level::Error, &line);
        true
    }

    fn report(&mut self, host: &impl Host, now: Instant, all: bool) {
        let mut sums = [0; 3];
        for load in self.sinks.iter().map(Sink::load) {
            sums.iter_mut().zip(load).for_each(|(sum, value)| *sum += value);
        }
        for (metric, sum) in
            [Metric::QueueEntries, Metric::QueueBytes, Metric::InFlight].into_iter().zip(sums)
        {
            self.core.metrics.set(metric, sum);
        }
        self.core.log.flush(host, now, all);
        self.core.metrics.flush(host);
    }
}

fn sinks(config: &Config, vm_id: &str) -> Vec<Sink> {
    config.destinations.iter().map(|destination| Sink::new(destination, vm_id)).collect()
}

/// The attributes to read, indexed by the number of the settings. Index 0 is for the global settings, even when there
/// are none.
fn attribute_batches(config: &Config) -> Vec<AttributeBatch> {
    let none = config.global.is_none().then(|| AttributeBatch::new(|_| false));
    let of = |settings: &Rc<Settings>| AttributeBatch::new(|field| settings.omitted.has(field));
    none.into_iter().chain(config.settings().map(of)).collect()
}

#[cfg(test)]
mod tests;

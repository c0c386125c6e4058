//! One configured filter in one VM: it makes the records of its streams, and delivers them.

use std::time::Duration;

use crate::config::{Config, ConfigError};
use crate::context::Core;
use crate::deliver::delivery::Delivery;
use crate::host::{CallId, Exchange, Outbound, Ticker};
use crate::recorder::Recorder;
use crate::rng::Rng;
use crate::stream::Stream;

/// A configured filter.
#[derive(Debug)]
pub struct Plugin {
    core: Core,
    recorder: Recorder,
    delivery: Delivery,
    /// True when a complete batch waits for an early tick.
    hurries: bool,
}

/// Time to the next tick when a batch is complete. A stream's callback cannot push, because the gateway would give
/// the answer to that stream.
const HURRY: Duration = Duration::from_millis(1);

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
            core,
            delivery: Delivery::new(&config.destinations, config.drain_timeout, vm_id),
            recorder: Recorder::new(config, 0),
            hurries: false,
        })
    }

    /// Takes another configuration. Records that wait or are in flight stay with the same collector under the new
    /// bounds; where the new configuration no longer has it, they go to the first of the new collectors.
    ///
    /// # Errors
    ///
    /// When the configuration is refused; the older one stays.
    pub fn configure_again(&mut self, configuration: &[u8], host: &impl Outbound) -> Result<(), ConfigError> {
        let config = Config::parse(configuration)?;
        let now = host.monotonic();
        self.core.log.set_verbosity(config.log_level);
        let mut cx = self.core.context(host, now);
        self.delivery.reconfigure(&config.destinations, config.drain_timeout, &mut cx);
        self.recorder.configure_again(config);
        self.delivery.report(&mut self.core, host, now, false);
        Ok(())
    }

    /// How often [`Plugin::on_tick`] should be called.
    pub fn tick_period(&self) -> Duration {
        self.delivery.tick_period()
    }

    /// The request headers of a stream arrived.
    pub fn on_request_headers(&mut self, stream: &mut Stream, host: &impl Exchange, end: bool) {
        self.recorder.on_request_headers(stream, host, &mut self.core, end);
    }

    /// The response headers of a stream arrived.
    pub fn on_response_headers(&mut self, stream: &mut Stream, host: &impl Exchange, end: bool) {
        self.recorder.on_response_headers(stream, host, &mut self.core, end);
    }

    /// A stream ended: its record joins the queue. The gateway either logs a stream or only reports its end; the
    /// first of the two callbacks makes the record.
    pub fn on_end(&mut self, stream: &mut Stream, host: &(impl Exchange + Ticker)) {
        if stream.record_once() {
            self.record(stream, host);
        }
    }

    /// The gateway's access logger reports an exchange that has ended. Its record joins the queue unless an HTTP filter
    /// has made it.
    pub fn on_log(&mut self, host: &(impl Exchange + Ticker)) {
        if !self.recorder.has_met(host) {
            self.record(&mut Stream::default(), host);
        }
    }

    fn record(&mut self, stream: &mut Stream, host: &(impl Exchange + Ticker)) {
        let Some(made) = self.recorder.record(stream, host, &mut self.core) else { return };
        let mut cx = self.core.context(host, host.monotonic());
        let is_ready = self.delivery.add(made.destination, made.json, &mut cx);
        if !self.hurries && is_ready {
            self.hurries = true;
            host.set_tick_period(HURRY);
        }
    }

    /// Pushes what is due. True when the filter is shutting down and has nothing left to do.
    pub fn on_tick(&mut self, host: &(impl Outbound + Ticker)) -> bool {
        if std::mem::take(&mut self.hurries) {
            host.set_tick_period(self.tick_period());
        }
        self.delivery.on_tick(&mut self.core, host)
    }

    /// The answer to a call arrived. Returns the same as [`Plugin::on_tick`].
    pub fn on_answer(&mut self, call: CallId, host: &impl Outbound) -> bool {
        self.delivery.on_answer(call, &mut self.core, host)
    }

    /// The gateway removes the filter. True when the filter has nothing left to do; otherwise ticks and answers go on
    /// until one of them returns true.
    pub fn on_done(&mut self, host: &(impl Outbound + Ticker)) -> bool {
        self.delivery.begin_drain(&mut self.core, host.monotonic());
        let finished = self.on_tick(host);
        if !finished {
            self.delivery.tell_what_is_left(&self.core, host);
        }
        finished
    }
}

#[cfg(test)]
mod tests;

//! What a callback works with: the gateway, the time, and what all streams of a configuration share.

use crate::host::Instant;
use crate::observe::log_throttle::ThrottledLog;
use crate::observe::metrics::Metrics;
use crate::rng::Rng;

/// What outlives a callback.
#[derive(Debug)]
pub struct Core {
    /// Counts, until they go to the gateway.
    pub metrics: Metrics,
    /// Lines for the gateway's log, until they are written.
    pub log: ThrottledLog,
    /// Random numbers.
    pub rng: Rng,
}

/// What one callback works with.
pub struct Context<'a, H> {
    /// The gateway.
    pub host: &'a H,
    /// The time of the callback.
    pub now: Instant,
    /// Where counts go.
    pub metrics: &'a mut Metrics,
    /// Where losses and failures go.
    pub log: &'a mut ThrottledLog,
    /// Random numbers, for jitter, sampling and ids.
    pub rng: &'a mut Rng,
}

impl Core {
    /// Nothing counted and nothing to log yet.
    pub fn new(rng: Rng) -> Self {
        Self { metrics: Metrics::default(), log: ThrottledLog::default(), rng }
    }

    /// Hands what was counted and is to be logged over to another thread's.
    pub fn hand_over(&mut self, metrics: &mut Metrics, log: &mut ThrottledLog) {
        self.metrics.hand_over(metrics);
        self.log.hand_over(log);
    }

    /// The context of a callback.
    pub fn context<'a, H>(&'a mut self, host: &'a H, now: Instant) -> Context<'a, H> {
        let Self { metrics, log, rng } = self;
        Context { host, now, metrics, log, rng }
    }
}

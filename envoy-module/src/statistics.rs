//! The metrics in Envoy's statistics. Who pushes, reports: the bootstrap extension, or the courier through a logger.
#![expect(unsafe_code, reason = "the functions of Envoy are foreign functions")]

use std::ptr::null;
use std::sync::{Mutex, MutexGuard, PoisonError};

use gatelog_filter::observe::metric::{Metric, MetricKind};

use crate::abi::{self, Buffer, Functions, Pointer};

/// The metrics, as one part of the module has defined them.
#[derive(Debug)]
pub struct Statistics {
    owner: Owner,
    /// By the number of the metric; none when Envoy refused one.
    ids: Vec<Option<usize>>,
}

/// Whose configuration the metrics belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A bootstrap extension.
    Bootstrap(Pointer),
    /// An access logger.
    Logger(Pointer),
}

// SAFETY: Envoy's counters and gauges may be changed on any thread, as long as the configuration lives; see `LOGGERS`.
unsafe impl Send for Statistics {}

impl Statistics {
    /// Defines the metrics. Envoy allows that only while it makes the configuration.
    pub fn define(envoy: &Functions, owner: Owner) -> Self {
        let define = |metric: &Metric| {
            let (name, mut id) = (Buffer::of(metric.name().as_bytes()), 0);
            // SAFETY: the configuration is being made, and Envoy reads the name.
            let result = unsafe {
                match (owner, metric.kind()) {
                    (Owner::Bootstrap(config), MetricKind::Counter) => {
                        (envoy.bootstrap_extension_config_define_counter)(config, name, null(), 0, &mut id)
                    }
                    (Owner::Bootstrap(config), MetricKind::Gauge) => {
                        (envoy.bootstrap_extension_config_define_gauge)(config, name, null(), 0, &mut id)
                    }
                    (Owner::Bootstrap(config), MetricKind::Histogram) => {
                        (envoy.bootstrap_extension_config_define_histogram)(config, name, null(), 0, &mut id)
                    }
                    (Owner::Logger(config), MetricKind::Counter) => {
                        (envoy.access_logger_config_define_counter)(config, name, &mut id)
                    }
                    (Owner::Logger(config), MetricKind::Gauge) => {
                        (envoy.access_logger_config_define_gauge)(config, name, &mut id)
                    }
                    (Owner::Logger(config), MetricKind::Histogram) => {
                        (envoy.access_logger_config_define_histogram)(config, name, &mut id)
                    }
                }
            };
            (result == 0).then_some(id)
        };
        Self { owner, ids: Metric::ALL.iter().map(define).collect() }
    }

    /// Adds to a counter, moves a gauge, or records a value of a histogram. The last only on threads of Envoy.
    pub fn add(&self, envoy: &Functions, metric: Metric, amount: i64) {
        let Some(Some(id)) = self.ids.get(metric as usize) else { return };
        let (size, is_less) = (amount.unsigned_abs(), amount < 0);
        // SAFETY: the configuration lives.
        unsafe {
            match (self.owner, metric.kind()) {
                (Owner::Bootstrap(config), MetricKind::Counter) => {
                    (envoy.bootstrap_extension_config_increment_counter)(config, *id, null(), 0, size)
                }
                (Owner::Bootstrap(config), MetricKind::Gauge) if is_less => {
                    (envoy.bootstrap_extension_config_decrement_gauge)(config, *id, null(), 0, size)
                }
                (Owner::Bootstrap(config), MetricKind::Gauge) => {
                    (envoy.bootstrap_extension_config_increment_gauge)(config, *id, null(), 0, size)
                }
                (Owner::Bootstrap(config), MetricKind::Histogram) => {
                    (envoy.bootstrap_extension_config_record_histogram_value)(config, *id, null(), 0, size)
                }
                (Owner::Logger(config), MetricKind::Counter) => {
                    (envoy.access_logger_increment_counter)(config, *id, size)
                }
                (Owner::Logger(config), MetricKind::Gauge) if is_less => {
                    (envoy.access_logger_decrement_gauge)(config, *id, size)
                }
                (Owner::Logger(config), MetricKind::Gauge) => {
                    (envoy.access_logger_increment_gauge)(config, *id, size)
                }
                (Owner::Logger(config), MetricKind::Histogram) => {
                    (envoy.access_logger_record_histogram_value)(config, *id, size)
                }
            }
        };
    }
}

/// Loggers that the courier can report through, and what waits for one.
#[derive(Debug)]
struct Loggers {
    alive: Vec<Statistics>,
    waiting: [i64; Metric::ALL.len()],
    /// Values of histograms, which have to be recorded on a thread of Envoy.
    recorded: Vec<(Metric, i64)>,
}

static LOGGERS: Mutex<Loggers> =
    Mutex::new(Loggers { alive: Vec::new(), waiting: [0; Metric::ALL.len()], recorded: Vec::new() });

/// Values of histograms that wait for an exchange. Beyond this they are not recorded.
const MOST_RECORDED: usize = 1_000;

/// A logger that the courier can report through from now on.
pub fn add_logger(envoy: &Functions, config: Pointer) {
    let statistics = Statistics::define(envoy, Owner::Logger(config));
    let mut loggers = loggers();
    loggers.alive.push(statistics);
    loggers.report(envoy);
}

/// The logger's configuration is about to end.
pub fn remove_logger(config: Pointer) {
    loggers().alive.retain(|each| each.owner != Owner::Logger(config));
}

/// Adds to a metric, on any thread.
pub fn add(metric: Metric, amount: i64) {
    let Ok(envoy) = abi::functions() else { return };
    let mut loggers = loggers();
    if metric.kind() == MetricKind::Histogram {
        if loggers.recorded.len() < MOST_RECORDED {
            loggers.recorded.push((metric, amount));
        }
        return;
    }
    if let Some(change) = loggers.waiting.get_mut(metric as usize) {
        *change = change.saturating_add(amount);
    }
    loggers.report(envoy);
}

/// Records what has to be recorded on a thread of Envoy, on such a thread.
pub fn record_waiting(envoy: &Functions) {
    let Ok(mut loggers) = LOGGERS.try_lock() else { return };
    let Loggers { alive, recorded, .. } = &mut *loggers;
    if let Some(statistics) = alive.last() {
        recorded.drain(..).for_each(|(metric, amount)| statistics.add(envoy, metric, amount));
    }
}

impl Loggers {
    fn report(&mut self, envoy: &Functions) {
        let Some(statistics) = self.alive.last() else { return };
        for (metric, change) in Metric::ALL.iter().zip(&mut self.waiting) {
            let amount = std::mem::take(change);
            if amount != 0 {
                statistics.add(envoy, *metric, amount);
            }
        }
    }
}

fn loggers() -> MutexGuard<'static, Loggers> {
    LOGGERS.lock().unwrap_or_else(PoisonError::into_inner)
}

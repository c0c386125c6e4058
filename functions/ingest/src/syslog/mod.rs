//! The syslog sink of the function: when a record is logged, and how this affects the response.
//!
//! Records go to syslog after the database has committed them, so neither syslog nor an error in its configuration delays
//! the database. Under `best_effort` the response waits neither for scripts nor for the receiver, and a record that was
//! already stored is not logged again, as far as the database reports duplicates. Under `at_least_once` the response is
//! 503 until the receiver has confirmed all messages; the records are then sent again and logged again, although they are
//! already stored.
//!
//! - [`setup`]: the variables and the entries.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use gatelog_functions_shared::log::{self, Level, Throttle};
use gatelog_functions_shared::{Environment, Failure, MetricsRecorder, metrics};
use gatelog_record::AccessRecord;
use gatelog_syslog::delivery::DeliveryError;
use gatelog_syslog::guarantee::Guarantee;
use gatelog_syslog::logger::Runtime;
use gatelog_syslog::notes::{LineLevel, Notes};
use gatelog_syslog::transport::{Connection, SendError, Transport, TransportError};
use gatelog_syslog::{Logger, Messages, SinkConfig, Stats};

use crate::group_commit::RecordOutcome;
use crate::log::FUNCTION;

pub mod setup;

pub use setup::Setup;

/// The sink of one instance.
#[derive(Debug)]
pub struct Syslog<T: Transport> {
    state: State<T>,
    /// The counters when they were last added to the function's.
    counted: RefCell<BTreeMap<&'static str, u64>>,
    /// Lines that scripts write with `kong.log`.
    script_lines: Throttle,
}

#[derive(Debug)]
enum State<T: Transport> {
    Works(Box<Logger<T>>),
    Wrong(Wrong),
}

/// Replaces the sink when its configuration is wrong.
#[derive(Debug)]
struct Wrong {
    problems: String,
    promise: Guarantee,
    stats: Stats,
    /// When the problems were last written to the log.
    told: Cell<Option<Duration>>,
}

/// Interval at which an instance logs that the configuration is wrong.
const TELL_AGAIN: Duration = Duration::from_secs(60);
/// The number of lines from scripts that an instance writes in one [`Throttle::INTERVAL`].
const SCRIPT_LINES: u32 = 20;

impl<T: Transport> Syslog<T> {
    /// The configured sink, over the transport that `transport` creates; `None` when there is none.
    pub fn new(setup: Setup, transport: impl FnOnce(&SinkConfig) -> T) -> Option<Self> {
        let state = match setup {
            Setup::Off { .. } => return None,
            Setup::On(on) => {
                let (options, sink) = *on;
                let transport = transport(&options);
                State::Works(Box::new(Logger::new(sink, &options, transport)))
            }
            Setup::Wrong { problems, promise } => State::Wrong(Wrong {
                problems: problems.join("; "),
                promise,
                stats: Stats::default(),
                told: Cell::new(None),
            }),
        };
        let script_lines = Throttle::of_several(Throttle::INTERVAL, SCRIPT_LINES);
        Some(Self { state, counted: RefCell::default(), script_lines })
    }

    /// Logs the records of a request; `outcomes` has the outcome of each.
    ///
    /// # Errors
    ///
    /// [`Failure::NotLogged`] and [`Failure::SyslogMisconfigured`], only under `at_least_once`.
    pub async fn log(
        &self,
        records: &[AccessRecord<'_>],
        outcomes: &[RecordOutcome],
        host: &impl Environment,
        recorder: &MetricsRecorder,
    ) -> Result<(), Failure> {
        let promise = match &self.state {
            State::Works(logger) => logger.promise(),
            State::Wrong(wrong) => wrong.promise,
        };
        let is_logged = |outcome: &RecordOutcome| match outcome {
            RecordOutcome::New => true,
            RecordOutcome::Duplicate => promise == Guarantee::AtLeastOnce,
            RecordOutcome::Refused(_) => false,
        };
        let logged =
            records.iter().zip(outcomes).filter(|(_, outcome)| is_logged(outcome)).map(|(record, _)| record);
        let outcome = match &self.state {
            State::Works(logger) => {
                let outcome = logger.log(logged, host.now(), &SyslogRuntime(host)).await;
                outcome.map_err(|error| Failure::NotLogged { reason: error.to_string() })
            }
            State::Wrong(wrong) => wrong.log(logged.count(), host.ticks()),
        };
        self.report(host.ticks(), recorder);
        outcome
    }

    /// Whether records or messages wait that no task is sending, so that [`Self::send`] must be called.
    pub fn has_pending(&self) -> bool {
        match &self.state {
            State::Works(logger) => logger.has_pending(),
            State::Wrong(_) => false,
        }
    }

    /// Makes messages of waiting records and sends them.
    pub async fn send(&self, host: &impl Environment, recorder: &MetricsRecorder) {
        if let State::Works(logger) = &self.state {
            logger.send(&SyslogRuntime(host)).await;
        }
        self.report(host.ticks(), recorder);
    }

    fn write_notes(&self, notes: &Notes, now: Duration) {
        for warning in notes.take_warnings() {
            log::write(Level::Warn, FUNCTION, warning);
        }
        let (lines, left_out) = notes.take_lines();
        for line in lines {
            self.script_lines.write(level(line.level), FUNCTION, now, line.text);
        }
        self.script_lines.hold_back(left_out);
    }

    /// Writes the scripts' messages to the log, and adds the counts.
    fn report(&self, now: Duration, recorder: &MetricsRecorder) {
        let stats = match &self.state {
            State::Works(logger) => {
                self.write_notes(logger.notes(), now);
                logger.stats()
            }
            State::Wrong(wrong) => &wrong.stats,
        };
        let mut counted = self.counted.borrow_mut();
        for (event, value) in stats.all() {
            let before = counted.insert(event, value).unwrap_or_default();
            let new = usize::try_from(value.saturating_sub(before)).unwrap_or(usize::MAX);
            recorder.add(&metrics::SYSLOG, event, new);
        }
    }
}

fn level(level: LineLevel) -> Level {
    match level {
        LineLevel::Error => Level::Error,
        LineLevel::Warn => Level::Warn,
        LineLevel::Info => Level::Info,
    }
}

impl Wrong {
    fn log(&self, records: usize, now: Duration) -> Result<(), Failure> {
        self.stats.misconfigured.add(records);
        if self.told.get().is_none_or(|told| now.saturating_sub(told) >= TELL_AGAIN) {
            self.told.set(Some(now));
            let problems = &self.problems;
            let what =
                format_args!("records are stored but not logged, syslog is configured wrongly: {problems}");
            log::write(Level::Error, FUNCTION, what);
        }
        match self.promise {
            Guarantee::BestEffort => Ok(()),
            Guarantee::AtLeastOnce => Err(Failure::SyslogMisconfigured),
        }
    }
}

/// The environment in the logger's form.
struct SyslogRuntime<'h, H>(&'h H);

impl<H: Environment> Runtime for SyslogRuntime<'_, H> {
    fn ticks(&self) -> Duration {
        self.0.ticks()
    }

    fn delivery_failed(&self, error: &DeliveryError) {
        log::write(Level::Warn, FUNCTION, error);
    }

    async fn sleep(&self, duration: Duration) {
        self.0.sleep(duration).await;
    }
}

/// The transport type of a function without syslog, which has no values.
#[derive(Clone, Copy, Debug)]
pub enum Off {}

impl Transport for Off {
    type Connection = Self;

    async fn connect(&self) -> Result<Self, TransportError> {
        match *self {}
    }
}

impl Connection for Off {
    async fn is_open(&mut self) -> bool {
        match *self {}
    }

    async fn send(&mut self, _: &Messages, _: usize) -> Result<usize, SendError> {
        match *self {}
    }

    async fn finish(self) -> Result<(), TransportError> {
        match self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_counter_of_the_sink_has_its_own_series() {
        let events = Stats::default().all().map(|(event, _)| event);
        assert_eq!(metrics::SYSLOG.values, events);
    }
}

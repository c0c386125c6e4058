//! Syslog as a receiver of stored records: its counters, and the lines that its scripts write.
//!
//! - [`setup`]: the variables and the entries.

use std::time::Duration;

use gatelog_forward::Forwarder;
use gatelog_functions_shared::http::failure::Receiver;
use gatelog_functions_shared::log::{self, Level, Throttle};
use gatelog_functions_shared::metrics::{self, Family};
use gatelog_syslog::logger::{self, Logger};
use gatelog_syslog::notes::LineLevel;
use gatelog_syslog::transport::Transport;
use gatelog_syslog::{Sink, SinkConfig};

use super::forwarding::{Count, Forwarding, Observed};
use super::setup::Setup;
use crate::log::FUNCTION;

pub mod setup;

/// The forwarding of one instance to syslog, over the transport that `transport` creates; `None` when there is none.
pub fn forwarding<T: Transport>(
    setup: Setup<(SinkConfig, Sink)>,
    transport: impl FnOnce(&SinkConfig) -> T,
) -> Option<Forwarding<Kong<T>>> {
    Forwarding::new(setup, |(options, sink)| {
        let transport = transport(&options);
        Kong { logger: logger::logger(sink, &options, transport), script_lines: script_lines() }
    })
}

/// The logger, and the log of its scripts.
pub struct Kong<T: Transport> {
    logger: Logger<T>,
    /// Lines that scripts write with `kong.log`.
    script_lines: Throttle,
}

/// The number of lines from scripts that an instance writes in one [`Throttle::INTERVAL`].
const SCRIPT_LINES: u32 = 20;

fn script_lines() -> Throttle {
    Throttle::of_several(Throttle::INTERVAL, SCRIPT_LINES)
}

impl<T: Transport> Observed for Kong<T> {
    type Destination = logger::Receiver<T>;

    const RECEIVER: Receiver = Receiver::Syslog;
    const MISCONFIGURED: &'static Family = &metrics::SYSLOG;

    fn forwarder(&self) -> &Forwarder<Self::Destination> {
        &self.logger
    }

    fn counts(&self) -> Vec<Count> {
        let stats = self.logger.destination().stats();
        stats.all().into_iter().map(|(event, value)| (&metrics::SYSLOG, event, value)).collect()
    }

    fn write_lines(&self, now: Duration) {
        let notes = self.logger.destination().notes();
        for warning in notes.take_warnings() {
            log::write(Level::Warn, FUNCTION, warning);
        }
        let (lines, left_out) = notes.take_lines();
        for line in lines {
            self.script_lines.write(level(line.level), FUNCTION, now, line.text);
        }
        self.script_lines.hold_back(left_out);
    }
}

fn level(level: LineLevel) -> Level {
    match level {
        LineLevel::Error => Level::Error,
        LineLevel::Warn => Level::Warn,
        LineLevel::Info => Level::Info,
    }
}

#[cfg(test)]
mod tests {
    use gatelog_syslog::Stats;

    use super::*;

    #[test]
    fn every_counter_of_the_sink_has_its_own_series() {
        let mut events: Vec<&str> = Stats::default().all().map(|(event, _)| event).to_vec();
        events.push("misconfigured");
        assert_eq!(metrics::SYSLOG.values, events);
    }
}

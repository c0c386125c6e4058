//! Throttled lines about losses and failures for the gateway's log. Each kind of line is written at most once in ten
//! seconds, with the number of events, because a collector that is down fails every push and must not fill the disk.

use std::time::Duration;

use crate::host::{Host, Instant, Level};

/// Shortest time between two lines of one kind.
pub const INTERVAL: Duration = Duration::from_secs(10);

/// The event that a line reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Records dropped because the queue was full.
    QueueFull,
    /// Records dropped because they were too large, or the collector refused them.
    Refused,
    /// Records dropped because their batch failed for too long.
    RetryTime,
    /// Pushes that failed and will be retried.
    PushFailed,
    /// The collector refused empty pushes, so it will refuse records.
    KeepAliveRefused,
    /// The queue became nearly full.
    NearlyFull,
    /// Records that the collector could not read.
    Rejected,
    /// Bodies captured only in part, because all captured bodies together take too much memory.
    CaptureFull,
    /// Pushes succeeded after failures.
    PushRecovered,
    /// The queue is no longer nearly full.
    QueueRecovered,
}

/// The lines to write: those of a level and above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// All.
    #[default]
    Info,
    /// Those that need attention.
    Warn,
    /// Losses and malfunctions.
    Error,
    /// None; only the counters show losses.
    Nothing,
}

impl Verbosity {
    fn admits(self, level: Level) -> bool {
        self <= match level {
            Level::Info => Self::Info,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
        }
    }
}

/// The lines waiting until they are due.
#[derive(Debug, Default)]
pub struct ThrottledLog {
    verbosity: Verbosity,
    kinds: [Kind; Event::ALL.len()],
}

#[derive(Debug, Default)]
struct Kind {
    count: usize,
    why: String,
    written_at: Option<Instant>,
}

impl Event {
    const ALL: [Event; 10] = [
        Self::QueueFull,
        Self::Refused,
        Self::RetryTime,
        Self::PushFailed,
        Self::KeepAliveRefused,
        Self::NearlyFull,
        Self::Rejected,
        Self::CaptureFull,
        Self::PushRecovered,
        Self::QueueRecovered,
    ];

    const fn level(self) -> Level {
        match self {
            Self::QueueFull | Self::Refused | Self::RetryTime | Self::Rejected => Level::Error,
            Self::PushFailed | Self::KeepAliveRefused | Self::NearlyFull | Self::CaptureFull => Level::Warn,
            Self::PushRecovered | Self::QueueRecovered => Level::Info,
        }
    }

    /// The text after the count.
    const fn text(self) -> &'static str {
        match self {
            Self::QueueFull => "records dropped, oldest first, because the queue is full",
            Self::Refused => "records dropped because the collector refused them",
            Self::RetryTime => "records dropped because their pushes failed for longer than max_retry_time",
            Self::PushFailed => "pushes failed and are retried",
            Self::KeepAliveRefused => "empty pushes refused, as records will be",
            Self::NearlyFull => "times the queue became 80 % full",
            Self::Rejected => "records rejected by the collector as unreadable",
            Self::CaptureFull => "bodies captured in part, because capture.max_total_bytes was reached",
            Self::PushRecovered => "pushes succeeded after failures",
            Self::QueueRecovered => "times the queue is below 80 % again",
        }
    }
}

impl ThrottledLog {
    /// Sets the level of lines that are written from now on.
    pub fn set_verbosity(&mut self, verbosity: Verbosity) {
        self.verbosity = verbosity;
    }

    /// Writes a line at once.
    pub fn write_now(&self, host: &impl Host, level: Level, line: &str) {
        if self.verbosity.admits(level) {
            host.log(level, line);
        }
    }

    /// Records `count` events of a kind. `why` is the latest reason, or empty.
    pub fn record(&mut self, event: Event, count: usize, why: &str) {
        if let Some(kind) = self.kinds.get_mut(event as usize) {
            kind.count += count;
            kind.why.clear();
            kind.why.push_str(why);
        }
    }

    /// Adds the waiting lines to those of another thread, which writes them.
    pub fn hand_over(&mut self, to: &mut ThrottledLog) {
        for (event, kind) in Event::ALL.into_iter().zip(&mut self.kinds) {
            if kind.count > 0 {
                to.record(event, std::mem::take(&mut kind.count), &kind.why);
            }
        }
    }

    /// Writes the lines that are due; with `all`, every waiting line.
    pub fn flush(&mut self, host: &impl Host, now: Instant, all: bool) {
        for (event, kind) in Event::ALL.into_iter().zip(&mut self.kinds) {
            let due = all || kind.written_at.is_none_or(|written_at| now.since(written_at) >= INTERVAL);
            if kind.count == 0 || !due {
                continue;
            }
            let (colon, why) = if kind.why.is_empty() { ("", "") } else { (": ", kind.why.as_str()) };
            if self.verbosity.admits(event.level()) {
                host.log(event.level(), &format!("gatelog: {} {}{colon}{why}", kind.count, event.text()));
            }
            kind.count = 0;
            kind.written_at = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::mock::MockHost;

    #[test]
    fn a_kind_of_line_is_written_at_once_and_then_at_most_once_per_interval() {
        let (host, mut log) = (MockHost::new(), ThrottledLog::default());
        for second in 0..25 {
            log.record(Event::PushFailed, 1, &format!("reason {second}"));
            log.record(Event::QueueFull, 100, "");
            log.flush(&host, host.monotonic(), false);
            host.pass(Duration::from_secs(1));
        }
        log.flush(&host, host.monotonic(), true);
        let lines: Vec<String> = host.logged().into_iter().map(|(_, line)| line).collect();
        let of = |text: &str| lines.iter().filter(|line| line.contains(text)).cloned().collect::<Vec<_>>();
        assert_eq!(
            of("pushes failed"),
            [
                "gatelog: 1 pushes failed and are retried: reason 0",
                "gatelog: 10 pushes failed and are retried: reason 10",
                "gatelog: 10 pushes failed and are retried: reason 20",
                "gatelog: 4 pushes failed and are retried: reason 24",
            ]
        );
        assert_eq!(of("400 records dropped, oldest first, because the queue is full").len(), 1);
        log.flush(&host, host.monotonic(), true);
        assert_eq!(host.logged().len(), lines.len());
    }

    #[test]
    fn lines_of_another_thread_are_written_once() {
        let (host, mut worker, mut main) =
            (MockHost::new(), ThrottledLog::default(), ThrottledLog::default());
        worker.record(Event::QueueFull, 3, "");
        worker.hand_over(&mut main);
        worker.hand_over(&mut main);
        main.flush(&host, host.monotonic(), true);
        worker.flush(&host, host.monotonic(), true);
        assert_eq!(host.logged().len(), 1, "{:?}", host.logged());
    }

    #[test]
    fn lines_below_the_level_are_not_written() {
        for (verbosity, expected) in [
            (Verbosity::Info, vec![Level::Error, Level::Warn, Level::Info, Level::Info]),
            (Verbosity::Warn, vec![Level::Error, Level::Warn]),
            (Verbosity::Error, vec![Level::Error]),
            (Verbosity::Nothing, vec![]),
        ] {
            let (host, mut log) = (MockHost::new(), ThrottledLog::default());
            log.set_verbosity(verbosity);
            for event in [Event::QueueFull, Event::PushFailed, Event::PushRecovered] {
                log.record(event, 1, "");
            }
            log.flush(&host, host.monotonic(), false);
            log.write_now(&host, Level::Info, "something");
            let levels: Vec<Level> = host.logged().into_iter().map(|(level, _)| level).collect();
            assert_eq!(levels, expected, "{verbosity:?}");
        }
    }
}

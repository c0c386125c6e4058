//! Counters of the sink: every place where a message can be lost, changed or held back has one.

use gatelog_forward::Counter;

/// Counters since the instance began.
#[derive(Debug, Default)]
pub struct Stats {
    /// Messages made.
    pub messages: Counter,
    /// Records without a message, because no entry applies to them.
    pub no_entry: Counter,
    /// Records without a message, because their severity is below `log_level`.
    pub below_level: Counter,
    /// Messages that were truncated to the size limit.
    pub cut: Counter,
    /// Custom fields left out because their script failed.
    pub script_errors: Counter,
    /// Those among the failed scripts that were stopped at a bound, or not run because their request's time
    /// was used up.
    pub script_bounds: Counter,
    /// Records without a message, because too much was waiting (`best_effort`).
    pub dropped: Counter,
    /// Messages handed to the network.
    pub sent: Counter,
    /// Messages that could not be handed to the network and were given up (`best_effort`) or left to the caller to
    /// send again (`at_least_once`).
    pub failed: Counter,
    /// Connections opened.
    pub connects: Counter,
    /// Connections that could not be opened.
    pub connect_errors: Counter,
}

impl Stats {
    /// All counters with their metric names.
    pub fn all(&self) -> [(&'static str, u64); 11] {
        [
            ("messages", self.messages.value()),
            ("no_entry", self.no_entry.value()),
            ("below_level", self.below_level.value()),
            ("cut", self.cut.value()),
            ("script_errors", self.script_errors.value()),
            ("script_bounds", self.script_bounds.value()),
            ("dropped", self.dropped.value()),
            ("sent", self.sent.value()),
            ("failed", self.failed.value()),
            ("connects", self.connects.value()),
            ("connect_errors", self.connect_errors.value()),
        ]
    }
}

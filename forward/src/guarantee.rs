//! The delivery guarantees.

use std::str::FromStr;

/// What a system is promised about each record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Guarantee {
    /// Failures are counted and otherwise ignored.
    #[default]
    BestEffort,
    /// Failures are reported to the caller.
    AtLeastOnce,
}

impl FromStr for Guarantee {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "best_effort" => Ok(Self::BestEffort),
            "at_least_once" => Ok(Self::AtLeastOnce),
            _ => Err(format!("\"{text}\" is none of off, best_effort, at_least_once")),
        }
    }
}

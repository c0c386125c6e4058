//! Whether scripts may run, and their bounds.

use std::cell::Cell;
use std::str::FromStr;
use std::time::Duration;

use gatelog_record::Timestamp;

/// Kong's `untrusted_lua`: whether custom fields are allowed. Kong's `on`, the full environment, does not exist here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UntrustedLua {
    /// An entry with custom fields is refused.
    Off,
    /// Scripts run in the sandbox.
    #[default]
    Sandbox,
}

/// Bounds on scripts; the documentation of [`crate::lua`] has a table of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Instructions that all scripts of a record together may execute.
    pub max_instructions: u64,
    /// Bytes that one script may allocate.
    pub max_memory_bytes: usize,
    /// Time that all scripts of a record together may take.
    pub max_time: Duration,
    /// Time that all scripts of all records of a request together may take.
    pub max_request_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_instructions: 50_000,
            max_memory_bytes: 512 * 1024,
            max_time: Duration::from_millis(100),
            max_request_time: Duration::from_secs(1),
        }
    }
}

/// When a request was ingested, and the time left for the scripts of its records.
#[derive(Debug)]
pub struct ScriptTime {
    now: Timestamp,
    pub(super) left: Cell<Duration>,
}

impl ScriptTime {
    /// The time for a request that begins at `now`.
    pub fn new(limits: &Limits, now: Timestamp) -> Self {
        Self { now, left: Cell::new(limits.max_request_time) }
    }

    /// When the request was ingested.
    pub fn now(&self) -> Timestamp {
        self.now
    }
}

impl FromStr for UntrustedLua {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "sandbox" => Ok(Self::Sandbox),
            "off" => Ok(Self::Off),
            "on" => {
                Err("\"on\" would give scripts the whole environment, which is not offered: use sandbox"
                    .into())
            }
            _ => Err(format!("\"{text}\" is neither sandbox nor off")),
        }
    }
}

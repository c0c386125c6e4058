//! The plugin configuration: read from JSON, checked, and refused with every problem named at once.
//!
//! `reader` takes values out of the JSON by key and notes what is wrong; this file says which keys there are, what
//! they mean, and what holds when they are missing. A [`Config`] cannot be wrong.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::json::Json;
use crate::names;
use crate::queue::QueueLimits;
use crate::redact::Redact;

mod reader;

use reader::Reader;

/// A checked configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Where records go.
    pub collector: Collector,
    /// How they wait.
    pub queue: QueueLimits,
    /// How they are sent again.
    pub retry: Retry,
    /// `instance_id`: name of this gateway instance, instead of what the node tells.
    pub instance_id: Option<String>,
    /// How AI calls are recognised.
    pub ai: Ai,
    /// What is hidden.
    pub redact: Redact,
    /// `drain_timeout_ms`: how long the filter goes on pushing after its configuration is gone.
    pub drain_timeout: Duration,
}

/// Where records go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collector {
    /// The gateway's cluster: `outbound|{collector_port}||{collector_service_name}`, or `collector_cluster`.
    pub cluster: String,
    /// Host header of the push.
    pub authority: String,
    /// `collector_path`.
    pub path: String,
    /// The `authorization` header: `Bearer {collector_token}`.
    pub authorization: Option<String>,
    /// `timeout_ms`.
    pub timeout: Duration,
    /// `batch_format`.
    pub batch_format: BatchFormat,
}

/// What the body of a push looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchFormat {
    /// A JSON array of records, for gatelog's ingest.
    Array,
    /// One JSON object a push, for the collector of Higress's db-log-pusher.
    Single,
}

/// How a batch is sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// `max_retry_time`: no retries when none.
    pub max_time: Option<Duration>,
    /// `initial_retry_delay`.
    pub initial_delay: Duration,
    /// `max_retry_delay`.
    pub max_delay: Duration,
    /// `concurrency_limit`: batches on their way at once.
    pub concurrency_limit: usize,
}

/// How AI calls are recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ai {
    /// `ai.detection`: look for model and usage in bodies when `ai_log` is absent.
    pub detection: bool,
    /// `ai.window_bytes`: bytes of a body within which something must tell of an AI call.
    pub window_bytes: usize,
}

/// Everything that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// One sentence a problem; each names its key.
    pub problems: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the plugin configuration is refused: {}", self.problems.join("; "))
    }
}

/// `concurrency_limit: -1`, Kong's "unlimited", is this many.
const MOST_IN_FLIGHT: usize = 64;

impl Config {
    /// Reads and checks the JSON text of a configuration.
    ///
    /// # Errors
    ///
    /// When it is not a JSON object, or has unknown keys or bad values; all of them are named.
    pub fn parse(text: &[u8]) -> Result<Self, ConfigError> {
        let text = if text.trim_ascii().is_empty() { b"{}" } else { text };
        let value = Json::parse(text)
            .map_err(|error| ConfigError { problems: vec![format!("not JSON: {error}")] })?;
        let mut problems = Vec::new();
        let config = Self::read(Reader::root(&value, &mut problems));
        if problems.is_empty() { Ok(config) } else { Err(ConfigError { problems }) }
    }

    fn read(mut keys: Reader<'_, '_>) -> Self {
        let collector = read_collector(&mut keys);
        let single = collector.batch_format == BatchFormat::Single;
        let (mut queue, retry) = read_queue(&mut keys, single);
        if single {
            queue.max_batch_size = 1;
        }
        let instance_id = keys.text("instance_id");
        let drain_timeout = keys.millis("drain_timeout_ms", 0, 600_000).unwrap_or(Duration::from_secs(5));
        let ai = read_ai(keys.section("ai"));
        let redact = read_redact(keys.section("redact"));
        keys.finish();
        Self { collector, queue, retry, instance_id, ai, redact, drain_timeout }
    }
}

fn read_collector(keys: &mut Reader<'_, '_>) -> Collector {
    let service = keys.text("collector_service_name");
    let port = keys.integer("collector_port", 1, 65_535);
    let named_cluster = keys.text("collector_cluster");
    let cluster = match (&service, port, named_cluster) {
        (_, _, Some(cluster)) => cluster,
        (Some(service), Some(port), None) => format!("outbound|{port}||{service}"),
        (service, port, None) => {
            for (key, missing) in
                [("collector_service_name", service.is_none()), ("collector_port", port.is_none())]
            {
                if missing && !keys.has(key) {
                    keys.problem(key, "is required (or name an Envoy cluster with `collector_cluster`)");
                }
            }
            String::new()
        }
    };
    let authority = keys
        .text("collector_authority")
        .or(service)
        .unwrap_or_else(|| names::outbound(&cluster).map_or(cluster.as_str(), |(_, host)| host).to_owned());
    let path = keys.text("collector_path").unwrap_or_else(|| "/".to_owned());
    if !path.starts_with('/') {
        keys.problem("collector_path", "must begin with `/`");
    }
    let batch_format = match keys.text("batch_format").as_deref() {
        None | Some("array") => BatchFormat::Array,
        Some("single") => BatchFormat::Single,
        Some(_) => {
            keys.problem("batch_format", "must be `array` or `single`");
            BatchFormat::Array
        }
    };
    let authorization = keys.text("collector_token").map(|token| format!("Bearer {token}"));
    for (key, value) in [
        ("collector_authority", Some(&authority)),
        ("collector_path", Some(&path)),
        ("collector_token", authorization.as_ref()),
    ] {
        if value.is_some_and(|value| value.bytes().any(|byte| byte.is_ascii_control())) {
            keys.problem(key, "must not hold control characters");
        }
    }
    let timeout = keys.millis("timeout_ms", 1, 600_000).unwrap_or(Duration::from_secs(5));
    Collector { cluster, authority, path, authorization, timeout, batch_format }
}

fn read_queue(keys: &mut Reader<'_, '_>, single: bool) -> (QueueLimits, Retry) {
    let mut keys = keys.section("queue");
    let size = keys.size("max_batch_size", 1, 1_000_000);
    if single && size.is_some_and(|size| size != 1) {
        keys.problem("max_batch_size", "must be 1 or absent with `batch_format: single`");
    }
    let limits = QueueLimits {
        max_batch_size: size.unwrap_or(50),
        max_batch_bytes: keys.size("max_batch_bytes", 1_024, 64 << 20).unwrap_or(1 << 20),
        max_coalescing_delay: keys
            .seconds("max_coalescing_delay", Duration::ZERO, Duration::from_secs(3_600))
            .unwrap_or(Duration::from_secs(1)),
        max_entries: keys.size("max_entries", 1, 1_000_000).unwrap_or(10_000),
        max_bytes: keys.size("max_bytes", 1_024, 1 << 30).unwrap_or(16 << 20),
    };
    let max_time = match keys.number("max_retry_time") {
        Some(-1.0) => None,
        Some(_) => keys.seconds("max_retry_time", Duration::ZERO, Duration::from_secs(86_400)),
        None => Some(Duration::from_secs(60)),
    };
    let concurrency_limit = match keys.integer("concurrency_limit", -1, 64) {
        Some(-1) => MOST_IN_FLIGHT,
        Some(0) => {
            keys.problem("concurrency_limit", "must be -1, or from 1 to 64");
            1
        }
        Some(limit) => usize::try_from(limit).unwrap_or(1),
        None => 4,
    };
    let (shortest, longest) = (Duration::from_millis(1), Duration::from_secs(1_000));
    let retry = Retry {
        max_time,
        initial_delay: keys
            .seconds("initial_retry_delay", shortest, longest)
            .unwrap_or(Duration::from_millis(10)),
        max_delay: keys.seconds("max_retry_delay", shortest, longest).unwrap_or(Duration::from_secs(60)),
        concurrency_limit,
    };
    keys.finish();
    (limits, retry)
}

fn read_ai(mut keys: Reader<'_, '_>) -> Ai {
    let ai = Ai {
        detection: keys.flag("detection").unwrap_or(true),
        window_bytes: keys.size("window_bytes", 1_024, 16 << 20).unwrap_or(64 << 10),
    };
    keys.finish();
    ai
}

fn read_redact(mut keys: Reader<'_, '_>) -> Redact {
    let defaults = keys.flag("defaults").unwrap_or(true);
    let mut redact =
        if defaults { Redact::default() } else { Redact { headers: Vec::new(), query: Vec::new() } };
    let mut more = |key| {
        keys.texts(key).unwrap_or_default().into_iter().map(|name| Cow::Owned(name.to_ascii_lowercase()))
    };
    redact.headers.extend(more("headers"));
    redact.query.extend(more("query"));
    keys.finish();
    redact
}

#[cfg(test)]
mod tests;

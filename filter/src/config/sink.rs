//! The keys of a destination: the collector, its queue, and the retries.

use std::time::Duration;

use gatelog_record::higress;

use crate::config::reader::Reader;
use crate::config::secret::Secret;

/// A collector with its queue. Rules that name the same collector share it.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    /// The collector.
    pub collector: Collector,
    /// The bounds of the queue.
    pub queue: QueueLimits,
    /// The retries.
    pub retry: Retry,
}

impl Destination {
    /// True when both have the same cluster and path.
    pub fn is_like(&self, other: &Self) -> bool {
        let place = |of: &Self| (of.collector.cluster.clone(), of.collector.path.clone());
        place(self) == place(other)
    }
}

/// The collector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collector {
    /// The gateway's cluster: `outbound|{collector_port}||{collector_service_name}`, or `collector_cluster`.
    pub cluster: String,
    /// `collector_address`: host and port of the collector, for connections that Envoy's module opens itself.
    pub address: Option<String>,
    /// Host header of the push.
    pub authority: String,
    /// `collector_path`.
    pub path: String,
    /// The `authorization` header: `Bearer {collector_token}`.
    pub authorization: Option<Secret>,
    /// `timeout_ms`.
    pub timeout: Duration,
    /// `keep_alive_ms`: the longest time that a connection stays unused; `None` when connections are not kept
    /// open.
    pub keep_alive: Option<Duration>,
    /// `batch_format`.
    pub batch_format: BatchFormat,
}

/// The format of a push's body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BatchFormat {
    /// A JSON array of records, for gatelog's ingest.
    #[default]
    Array,
    /// One JSON object per push, with db-log-pusher's keys and no others, for its collector.
    Single,
}

/// The retries of failed pushes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// `max_retry_time`; `None` for no retries.
    pub max_time: Option<Duration>,
    /// `initial_retry_delay`.
    pub initial_delay: Duration,
    /// `max_retry_delay`.
    pub max_delay: Duration,
    /// `concurrency_limit`: batches in flight at once.
    pub concurrency_limit: usize,
}

/// The bounds of a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueLimits {
    /// Records in one batch.
    pub max_batch_size: usize,
    /// Bytes of one batch; a larger record is sent in a separate batch.
    pub max_batch_bytes: usize,
    /// How long the first record of a batch waits for others.
    pub max_coalescing_delay: Duration,
    /// Waiting records.
    pub max_entries: usize,
    /// Bytes of waiting records.
    pub max_bytes: usize,
}

impl QueueLimits {
    /// Most bytes of a batch's text: its records, and the brackets and commas around them.
    pub fn max_text(&self) -> usize {
        self.max_batch_bytes.saturating_add(self.max_batch_size).saturating_add(1)
    }
}

/// The limit for `concurrency_limit: -1`, Kong's "unlimited".
const MOST_IN_FLIGHT: usize = 64;
/// The keys that identify the collector.
const WHERE: [&str; 3] = ["collector_service_name", "collector_port", "collector_cluster"];
/// The other keys that belong to one collector.
const HOW: [&str; 4] = ["collector_address", "collector_authority", "collector_path", "collector_token"];

/// True when the object has a key that identifies or describes a collector.
pub fn is_meant(keys: &Reader<'_, '_>) -> bool {
    WHERE.iter().chain(&HOW).any(|key| keys.has(key))
}

/// Reads the keys of a destination.
pub fn read(keys: &mut Reader<'_, '_>) -> Destination {
    // A rule with its own collector inherits nothing from the global one, especially not its token.
    let cluster_is_own = WHERE.iter().any(|key| keys.has(key));
    let collector = if cluster_is_own { read_collector(&mut keys.alone()) } else { read_collector(keys) };
    keys.know(&WHERE);
    keys.know(&HOW);
    read_rest(keys, collector)
}

/// Collects the problems of a destination's keys in an object that identifies no collector.
pub fn check(keys: &mut Reader<'_, '_>) {
    keys.know(&WHERE);
    keys.know(&HOW);
    read_rest(keys, Collector::default());
}

fn read_rest(keys: &mut Reader<'_, '_>, mut collector: Collector) -> Destination {
    collector.timeout = keys.millis("timeout_ms", 1, 600_000).unwrap_or(Duration::from_secs(5));
    collector.batch_format = match keys.text("batch_format").as_deref() {
        None | Some("array") => BatchFormat::Array,
        Some("single") => BatchFormat::Single,
        Some(_) => {
            keys.problem("batch_format", "must be `array` or `single`");
            BatchFormat::Array
        }
    };
    let single = collector.batch_format == BatchFormat::Single;
    // db-log-pusher's collector would store an empty push as a record.
    collector.keep_alive = match keys.integer("keep_alive_ms", 0, 3_600_000) {
        Some(0) => None,
        Some(1..1_000) => {
            keys.problem("keep_alive_ms", "must be 0, or from 1000 to 3600000");
            None
        }
        millis => {
            let period = millis.and_then(|millis| u64::try_from(millis).ok()).unwrap_or(30_000);
            (!single).then_some(Duration::from_millis(period))
        }
    };
    let (queue, retry) = read_queue(keys, single);
    Destination { collector, queue, retry }
}

fn read_collector(keys: &mut Reader<'_, '_>) -> Collector {
    let service = keys.text("collector_service_name");
    let port = keys.integer_in_any_form("collector_port", 1, 65_535);
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
    let authority =
        keys.text("collector_authority").or(service).unwrap_or_else(|| higress::service(&cluster).to_owned());
    let address = keys.text("collector_address");
    if address.as_deref().is_some_and(|address| !is_address(address)) {
        keys.problem("collector_address", "must be a host and a port, as in `127.0.0.1:3000`");
    }
    let path = keys.text_or_empty("collector_path").unwrap_or_else(|| "/".to_owned());
    if !path.starts_with('/') {
        keys.problem("collector_path", "must begin with `/`");
    }
    let authorization = keys.text("collector_token").map(|token| Secret::new(format!("Bearer {token}")));
    for (key, value) in [
        ("collector_authority", authority.as_str()),
        ("collector_path", path.as_str()),
        ("collector_token", authorization.as_ref().map(Secret::reveal).unwrap_or_default()),
    ] {
        if value.bytes().any(|byte| byte.is_ascii_control()) {
            keys.problem(key, "must not contain control characters");
        }
    }
    Collector { cluster, address, authority, path, authorization, ..Collector::default() }
}

/// True for `host:port`; an IPv6 address is in brackets.
fn is_address(address: &str) -> bool {
    let Some((host, port)) = address.rsplit_once(':') else { return false };
    let is_host = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(|host| host.parse::<std::net::Ipv6Addr>().is_ok()),
        None => {
            !host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
        }
    };
    is_host && port.parse::<u16>().is_ok_and(|port| port > 0)
}

fn read_queue(keys: &mut Reader<'_, '_>, single: bool) -> (QueueLimits, Retry) {
    let mut keys = keys.section("queue");
    let size = keys.size("max_batch_size", 1, 1_000_000);
    if single && size.is_some_and(|size| size != 1) {
        keys.problem("max_batch_size", "must be 1 or absent with `batch_format: single`");
    }
    let size = if single { Some(1) } else { size };
    let batch_bytes = keys.size("max_batch_bytes", 1_024, 64 << 20);
    let entries = keys.size("max_entries", 1, 1_000_000);
    let bytes = keys.size("max_bytes", 1_024, 1 << 30);
    let (max_batch_size, max_entries) =
        fitting(&mut keys, ["max_batch_size", "max_entries"], [size, entries], [100, 10_000]);
    let (max_batch_bytes, max_bytes) =
        fitting(&mut keys, ["max_batch_bytes", "max_bytes"], [batch_bytes, bytes], [1 << 20, 16 << 20]);
    let limits = QueueLimits {
        max_batch_size,
        max_batch_bytes,
        max_coalescing_delay: keys
            .seconds("max_coalescing_delay", Duration::ZERO, Duration::from_secs(3_600))
            .unwrap_or(Duration::from_secs(1)),
        max_entries,
        max_bytes,
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

/// The bounds of a batch and of the queue. A batch that is larger than the queue would never be complete; where only
/// one of the two is configured, it adjusts the default of the other.
fn fitting(
    keys: &mut Reader<'_, '_>,
    names: [&'static str; 2],
    said: [Option<usize>; 2],
    defaults: [usize; 2],
) -> (usize, usize) {
    let ([batch_name, queue_name], [batch_default, queue_default]) = (names, defaults);
    match said {
        [Some(batch), Some(queue)] => {
            if batch > queue {
                keys.problem(
                    batch_name,
                    format_args!(
                        "is {batch}, but the queue holds {queue} ({queue_name}), and a batch must fit into it"
                    ),
                );
            }
            (batch, queue)
        }
        [Some(batch), None] => (batch, queue_default.max(batch)),
        [None, queue] => {
            let queue = queue.unwrap_or(queue_default);
            (batch_default.min(queue), queue)
        }
    }
}

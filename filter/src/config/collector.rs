//! The keys of a destination: where records go, how they wait, and how they are sent again.

use std::time::Duration;

use super::reader::Reader;
use super::{BatchFormat, Collector, Destination, Retry};
use crate::names;
use crate::queue::QueueLimits;

/// `concurrency_limit: -1`, Kong's "unlimited", is this many.
const MOST_IN_FLIGHT: usize = 64;
/// The keys that say which collector is meant.
const WHERE: [&str; 3] = ["collector_service_name", "collector_port", "collector_cluster"];
/// The other keys that belong to one collector.
const HOW: [&str; 3] = ["collector_authority", "collector_path", "collector_token"];

/// Reads the keys of a destination.
pub fn read(keys: &mut Reader<'_, '_>) -> Destination {
    // A rule that names a collector of its own takes nothing from the global one, its token least of all.
    let cluster_is_own = WHERE.iter().any(|key| keys.has(key));
    let mut collector = if cluster_is_own { read_collector(&mut keys.alone()) } else { read_collector(keys) };
    keys.know(&WHERE);
    keys.know(&HOW);
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
    // The collector of db-log-pusher would take an empty push for a record.
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
    let (mut queue, retry) = read_queue(keys, single);
    if single {
        queue.max_batch_size = 1;
    }
    Destination { collector, queue, retry }
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
    Collector {
        cluster,
        authority,
        path,
        authorization,
        timeout: Duration::ZERO,
        keep_alive: None,
        batch_format: BatchFormat::Array,
    }
}

fn read_queue(keys: &mut Reader<'_, '_>, single: bool) -> (QueueLimits, Retry) {
    let mut keys = keys.section("queue");
    let size = keys.size("max_batch_size", 1, 1_000_000);
    if single && size.is_some_and(|size| size != 1) {
        keys.problem("max_batch_size", "must be 1 or absent with `batch_format: single`");
    }
    let limits = QueueLimits {
        max_batch_size: size.unwrap_or(100),
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

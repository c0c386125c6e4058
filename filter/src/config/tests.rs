//! What a configuration may say, and what is answered to a wrong one.

use super::*;

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text.as_bytes())
}

#[test]
fn the_keys_of_db_log_pusher_mean_what_they_mean_there() {
    let config = parse(r#"{"collector_service_name":"log-collector.higress-system.svc.cluster.local","collector_port":80,"collector_path":"/ingest"}"#).unwrap();
    assert_eq!(config.collector.cluster, "outbound|80||log-collector.higress-system.svc.cluster.local");
    assert_eq!(config.collector.authority, "log-collector.higress-system.svc.cluster.local");
    assert_eq!(config.collector.path, "/ingest");
    assert_eq!(config.collector.timeout, Duration::from_secs(5));
    assert_eq!(config.collector.batch_format, BatchFormat::Array);
}

#[test]
fn defaults_hold_where_nothing_is_said() {
    let config = parse(r#"{"collector_cluster":"gatelog"}"#).unwrap();
    assert_eq!((config.collector.path.as_str(), config.collector.authority.as_str()), ("/", "gatelog"));
    assert_eq!(config.queue.max_batch_size, 50);
    assert_eq!(config.queue.max_coalescing_delay, Duration::from_secs(1));
    assert_eq!(config.queue.max_entries, 10_000);
    assert_eq!(config.retry.max_time, Some(Duration::from_secs(60)));
    assert_eq!(config.redact, Redact::default());
    assert!(config.ai.detection);
}

#[test]
fn everything_can_be_said() {
    let config = parse(
        r#"{"collector_cluster":"c","collector_authority":"h","collector_token":"t","timeout_ms":100,"batch_format":"single",
            "instance_id":"gw-1","drain_timeout_ms":0,
            "queue":{"max_batch_size":1,"max_batch_bytes":2048,"max_coalescing_delay":0.05,"max_entries":5,"max_bytes":4096,
                     "max_retry_time":-1,"initial_retry_delay":0.5,"max_retry_delay":2,"concurrency_limit":-1},
            "ai":{"detection":false,"window_bytes":2048},"redact":{"defaults":false,"headers":["X-Secret"],"query":["Pin"]}}"#,
    )
    .unwrap();
    assert_eq!(config.collector.authorization.as_deref(), Some("Bearer t"));
    assert_eq!(config.collector.authority, "h");
    assert_eq!((config.queue.max_batch_size, config.queue.max_bytes), (1, 4_096));
    assert_eq!((config.retry.max_time, config.retry.concurrency_limit), (None, 64));
    assert_eq!(config.redact.headers, ["x-secret"]);
    assert_eq!(config.redact.query, ["pin"]);
    assert!(!config.ai.detection);
}

#[test]
fn a_wrong_configuration_is_refused_and_the_key_is_named() {
    for (text, expected) in [
        ("", "`collector_service_name` is required"),
        ("{}", "`collector_port` is required"),
        ("[]", "must be a JSON object, not this array"),
        ("{\"a\"", "not JSON: EOF"),
        (r#"{"collector_cluster":7}"#, "`collector_cluster` must be a string, not this number"),
        (r#"{"collector_cluster":""}"#, "`collector_cluster` must not be empty"),
        (r#"{"collector_cluster":"c","colector_path":"/"}"#, "`colector_path` is not a key of this filter"),
        (
            r#"{"collector_service_name":"s","collector_port":"80"}"#,
            "`collector_port` must be a whole number, not a string",
        ),
        (
            r#"{"collector_service_name":"s","collector_port":70000}"#,
            "`collector_port` must be from 1 to 65535, not 70000",
        ),
        (r#"{"collector_cluster":"c","collector_path":"api"}"#, "`collector_path` must begin with `/`"),
        (
            r#"{"collector_cluster":"c","collector_token":"a\nb"}"#,
            "`collector_token` must not hold control characters",
        ),
        (r#"{"collector_cluster":"c","batch_format":"xml"}"#, "`batch_format` must be `array` or `single`"),
        (
            r#"{"collector_cluster":"c","batch_format":"single","queue":{"max_batch_size":2}}"#,
            "`queue.max_batch_size` must be 1",
        ),
        (
            r#"{"collector_cluster":"c","queue":{"max_entries":0}}"#,
            "`queue.max_entries` must be from 1 to 1000000, not 0",
        ),
        (r#"{"collector_cluster":"c","queue":{"size":0}}"#, "`queue.size` is not a key"),
        (
            r#"{"collector_cluster":"c","queue":{"concurrency_limit":0}}"#,
            "`queue.concurrency_limit` must be -1, or",
        ),
        (
            r#"{"collector_cluster":"c","queue":{"max_retry_time":-2}}"#,
            "`queue.max_retry_time` must be from 0.000 to 86400 seconds",
        ),
        (r#"{"collector_cluster":"c","queue":7}"#, "`queue` must be a JSON object"),
        (
            r#"{"collector_cluster":"c","ai":{"detection":"yes"}}"#,
            "`ai.detection` must be true or false, not a string",
        ),
        (
            r#"{"collector_cluster":"c","redact":{"query":["a",1]}}"#,
            "`redact.query` must be an array of strings",
        ),
    ] {
        let message = parse(text).unwrap_err().to_string();
        assert!(message.contains(expected), "{text}: {message}");
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let error = parse(r#"{"collector_service_name":"s","timeout_ms":0,"x":1,"queue":{"y":2}}"#).unwrap_err();
    assert_eq!(error.problems.len(), 4, "{error}");
}

#[test]
fn deep_json_is_refused_and_not_a_crash() {
    assert!(parse(&"[".repeat(10_000)).is_err());
}

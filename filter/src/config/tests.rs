//! Tests of accepted configurations, and of the problems of refused ones.

mod accepted;

use gatelog_redact::Redact;

use super::*;
use crate::ai::decode::Limits;
use crate::capture::Capture;
use crate::config::secret::Secret;
use crate::config::settings::Sampling;

/// The only destination of a configuration.
fn destination(config: &Config) -> &Destination {
    assert_eq!(config.destinations.len(), 1);
    &config.destinations[0]
}

fn global(config: &Config) -> &Settings {
    config.global.as_ref().unwrap()
}

fn token(token: &str) -> Option<Secret> {
    Some(Secret::new(format!("Bearer {token}")))
}

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text.as_bytes())
}

#[test]
fn the_keys_of_db_log_pusher_have_the_same_meaning() {
    let config = parse(r#"{"collector_service_name":"log-collector.higress-system.svc.cluster.local","collector_port":80,"collector_path":"/ingest"}"#).unwrap();
    assert_eq!(
        destination(&config).collector.cluster,
        "outbound|80||log-collector.higress-system.svc.cluster.local"
    );
    assert_eq!(destination(&config).collector.authority, "log-collector.higress-system.svc.cluster.local");
    assert_eq!(destination(&config).collector.path, "/ingest");
    assert_eq!(destination(&config).collector.timeout, Duration::from_secs(5));
    assert_eq!(destination(&config).collector.batch_format, BatchFormat::Array);
}

#[test]
fn an_address_is_a_host_and_a_port() {
    for (address, is_right) in [
        ("127.0.0.1:3000", true),
        ("gatelog.gatelog.svc:80", true),
        ("[::1]:3000", true),
        ("127.0.0.1", false),
        ("127.0.0.1:0", false),
        (":3000", false),
        ("http://h:80", false),
        ("[x]:80", false),
    ] {
        let config = parse(&format!(r#"{{"collector_cluster":"c","collector_address":"{address}"}}"#));
        let read = config.ok().and_then(|config| destination(&config).collector.address.clone());
        assert_eq!(read.as_deref(), is_right.then_some(address), "{address}");
    }
}

#[test]
fn defaults_apply_where_nothing_is_set() {
    let config = parse(r#"{"collector_cluster":"gatelog"}"#).unwrap();
    assert_eq!(
        (destination(&config).collector.path.as_str(), destination(&config).collector.authority.as_str()),
        ("/", "gatelog")
    );
    assert_eq!(destination(&config).queue.max_batch_size, 100);
    assert_eq!(destination(&config).queue.max_coalescing_delay, Duration::from_secs(1));
    assert_eq!(destination(&config).queue.max_entries, 10_000);
    assert_eq!(destination(&config).retry.max_time, Some(Duration::from_secs(60)));
    assert_eq!(global(&config).redact, Redact::default());
    assert!(global(&config).enabled && global(&config).ai.detection && global(&config).ai.build_log);
    assert_eq!(global(&config).sampling, Sampling::default());
    assert_eq!(global(&config).capture, Capture::default());
    assert!(config.rules.is_empty());
}

#[test]
fn every_key_can_be_set() {
    let config = parse(
        r#"{"collector_cluster":"c","collector_authority":"h","collector_token":"t","timeout_ms":100,"batch_format":"single",
            "instance_id":"gw-1","drain_timeout_ms":0,
            "queue":{"max_batch_size":1,"max_batch_bytes":2048,"max_coalescing_delay":0.05,"max_entries":5,"max_bytes":4096,
                     "max_retry_time":-1,"initial_retry_delay":0.5,"max_retry_delay":2,"concurrency_limit":-1},
            "enabled":true,"sampling":{"rate":0.25,"keep_status_from":500,"keep_slower_than_ms":-1},
            "fields":{"omit":["user_agent"]},
            "capture":{"request_headers":["X-A"],"response_headers":["etag"],"request_body_bytes":1,"response_body_bytes":65536,"max_total_bytes":65536,"refusal_header":"X-No"},
            "log_level":"error",
            "ai":{"detection":false,"build_log":false,"window_bytes":2048,"decode":{"max_window_bytes":65536,"max_body_bytes":131072,"max_ratio":50,"max_total_bytes":262144}},
            "redact":{"defaults":false,"headers":["X-Secret"],"query":["Pin"],"allow":["Sig"]}}"#,
    )
    .unwrap();
    assert_eq!(destination(&config).collector.authorization, token("t"));
    assert_eq!(destination(&config).collector.authority, "h");
    assert_eq!((destination(&config).queue.max_batch_size, destination(&config).queue.max_bytes), (1, 4_096));
    assert_eq!(
        (destination(&config).retry.max_time, destination(&config).retry.concurrency_limit),
        (None, 64)
    );
    assert_eq!(global(&config).redact.headers, ["x-secret"]);
    assert_eq!(
        (&global(&config).redact.query[..], &global(&config).redact.allow[..]),
        (&["pin".to_owned()][..], &["sig".to_owned()][..])
    );
    assert!(!global(&config).redact.defaults);
    let decode = Limits { window_bytes: 65_536, body_bytes: 131_072, ratio: 50, total_bytes: 262_144 };
    assert_eq!(global(&config).ai.decode, decode);
    assert!(!global(&config).ai.detection && !global(&config).ai.build_log);
    let sampling = Sampling { rate: 0.25, keep_status_from: 500, keep_slower_than: None };
    assert_eq!(global(&config).sampling, sampling);
    assert!(global(&config).omitted.has("user_agent"));
    let capture = &global(&config).capture;
    assert_eq!((&capture.request_headers[..], &*capture.refusal_header), (&["x-a".to_owned()][..], "x-no"));
    assert_eq!((capture.request_body_bytes, capture.response_body_bytes), (1, 65_536));
    assert_eq!((capture.max_total_bytes, config.log_level), (65_536, Verbosity::Error));
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
            r#"{"collector_service_name":"s","collector_port":"80a"}"#,
            "`collector_port` must be a whole number, not a string",
        ),
        (
            r#"{"collector_service_name":"s","collector_port":80.5}"#,
            "`collector_port` must be a whole number, not this number",
        ),
        (
            r#"{"collector_service_name":"s","collector_port":"0"}"#,
            "`collector_port` must be from 1 to 65535, not 0",
        ),
        (r#"{"collector_cluster":"c","log_level":"loud"}"#, "`log_level` must be trace, debug, info, warn, "),
        (
            r#"{"collector_cluster":"c","queue":{"max_batch_size":51,"max_entries":50}}"#,
            "`queue.max_batch_size` is 51, but the queue holds 50 (max_entries)",
        ),
        (
            r#"{"collector_cluster":"c","queue":{"max_batch_bytes":65537,"max_bytes":65536}}"#,
            "`queue.max_batch_bytes` is 65537, but the queue holds 65536 (max_bytes)",
        ),
        (
            r#"{"collector_cluster":"c","queue":{"max_batch_size":100},"_rules_":[{"_match_route_":["r"],"queue":{"max_entries":50}}]}"#,
            "`_rules_[0].queue.max_batch_size` is 100, but the queue holds 50",
        ),
        (
            r#"{"collector_cluster":"c","capture":{"max_total_bytes":1000}}"#,
            "`capture.max_total_bytes` must be from 65536 to 1073741824, not 1000",
        ),
        (
            r#"{"collector_token":"t","_rules_":[{"_match_route_":["r"],"collector_cluster":"c"}]}"#,
            "`collector_service_name` is required (or name",
        ),
        (
            r#"{"sampling":{"rat":1},"_rules_":[{"_match_route_":["r"],"collector_cluster":"c"}]}"#,
            "`sampling.rat` is not a key",
        ),
        (
            r#"{"colector_cluster":"c","_rules_":[{"_match_route_":["r"],"collector_cluster":"c"}]}"#,
            "`colector_cluster` is not a key",
        ),
        (
            r#"{"collector_service_name":"s","collector_port":70000}"#,
            "`collector_port` must be from 1 to 65535, not 70000",
        ),
        (r#"{"collector_cluster":"c","collector_path":"api"}"#, "`collector_path` must begin with `/`"),
        (
            r#"{"collector_cluster":"c","collector_token":"a\nb"}"#,
            "`collector_token` must not contain control characters",
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
        (r#"{"collector_cluster":"c","sampling":{"rate":1.5}}"#, "`sampling.rate` must be from 0 to 1"),
        (
            r#"{"collector_cluster":"c","sampling":{"keep_status_from":5}}"#,
            "`sampling.keep_status_from` must be from 100",
        ),
        (
            r#"{"collector_cluster":"c","fields":{"omit":["path","user-agent"]}}"#,
            "`fields.omit` names `user-agent`, which is not a field",
        ),
        (r#"{"collector_cluster":"c","fields":{"omit":["record_id"]}}"#, "`fields.omit` names `record_id`"),
        (
            r#"{"collector_cluster":"c","capture":{"request_body_bytes":100000}}"#,
            "`capture.request_body_bytes` must be from 0 to 65536, not 100000",
        ),
        (r#"{"collector_cluster":"c","_rules_":{}}"#, "`_rules_` must be an array, not an object"),
        (r#"{"collector_cluster":"c","_rules_":[7]}"#, "`_rules_[0]` must be a JSON object, not this number"),
        (
            r#"{"collector_cluster":"c","_rules_":[{}]}"#,
            "`_rules_[0]` must have at least one of: _match_route_, ",
        ),
        (
            r#"{"collector_cluster":"c","_rules_":[{"_match_route_":["r"],"drain_timeout_ms":1}]}"#,
            "`_rules_[0].drain_timeout_ms` can only be set outside the rules",
        ),
        (
            r#"{"collector_cluster":"c","_rules_":[{"_match_route_":["r"],"_rules_":[]}]}"#,
            "`_rules_[0]._rules_` is not a key of this filter",
        ),
        (
            r#"{"collector_cluster":"c","_rules_":[{"_match_route_":["r"]},{"_match_route_":["r"],"queue":{"max":1}}]}"#,
            "`_rules_[1].queue.max` is not a key",
        ),
        (
            r#"{"_rules_":[{"_match_route_":["r"]}]}"#,
            "`_rules_[0].collector_service_name` is required (or name",
        ),
        (r#"{"collector_cluster":"c","_match_route_":["r"]}"#, "`_match_route_` is not a key of this filter"),
    ] {
        let message = parse(text).unwrap_err().to_string();
        assert!(message.contains(expected), "{text}: {message}");
    }
}

#[test]
fn all_problems_are_reported_at_once() {
    let error = parse(r#"{"collector_service_name":"s","timeout_ms":0,"x":1,"queue":{"y":2}}"#).unwrap_err();
    assert_eq!(error.problems.len(), 4, "{error}");
}

#[test]
fn deep_json_is_refused_without_a_crash() {
    assert!(parse(&"[".repeat(10_000)).is_err());
}

#[test]
fn a_rule_inherits_from_the_global_configuration_what_it_does_not_set() {
    let config = parse(
        r#"{"collector_cluster":"c","collector_token":"t","enabled":false,"instance_id":"gw","redact":{"headers":["x-a"]},
            "sampling":{"rate":0.5},"ai":{"window_bytes":2048},"_rules_":[
              {"_match_route_":["r"],"sampling":{"keep_status_from":500},"redact":{"headers":["X-B"]},"ai":{"detection":false}},
              {"_match_domain_":["d"],"enabled":false,"sampling":{"rate":1}}]}"#,
    )
    .unwrap();
    assert_eq!(destination(&config).collector.authorization, token("t"));
    let [first, second] = [0, 1].map(|index: usize| &config.rules[index].settings);
    assert!(!global(&config).enabled && first.enabled && !second.enabled);
    assert_eq!((first.number, second.number), (1, 2));
    assert_eq!((first.sampling.rate, first.sampling.keep_status_from), (0.5, 500));
    assert_eq!(second.sampling.rate, 1.0);
    assert_eq!(first.instance_id.as_deref(), Some("gw"));
    assert_eq!((first.ai.detection, first.ai.window_bytes), (false, 2_048));
    assert_eq!(
        (first.redact.defaults, &first.redact.headers[..]),
        (true, &["x-b".to_owned(), "x-a".to_owned()][..])
    );
}

#[test]
fn a_rule_with_its_own_collector_inherits_no_token_from_the_global_one() {
    let config = parse(
        r#"{"collector_cluster":"c","collector_token":"t","collector_path":"/p","queue":{"max_entries":7},"_rules_":[
            {"_match_route_":["a"],"collector_service_name":"s","collector_port":80},
            {"_match_route_":["b"],"collector_cluster":"c","collector_token":"t","collector_path":"/p"},
            {"_match_route_":["c"],"queue":{"max_entries":8}}]}"#,
    )
    .unwrap();
    let of_rule = |index: usize| config.rules[index].settings.destination;
    assert_eq!((of_rule(0), of_rule(1), of_rule(2)), (1, 0, 2));
    let own = &config.destinations[1];
    assert_eq!((own.collector.cluster.as_str(), own.collector.path.as_str()), ("outbound|80||s", "/"));
    assert_eq!((own.collector.authorization.as_ref(), own.queue.max_entries), (None, 7));
    assert_eq!(config.destinations[2].collector, config.destinations[0].collector);
}

#[test]
fn with_only_rules_nothing_else_is_recorded() {
    let config = parse(r#"{"_rules_":[{"_match_route_":["r"],"collector_cluster":"c"}]}"#).unwrap();
    assert!(config.global.is_none());
    assert_eq!(config.rules[0].settings.number, 1);
    // The same holds with keys outside the rules that name no collector; the rules inherit these.
    let config = parse(
        r#"{"drain_timeout_ms":1000,"sampling":{"rate":0.5},"queue":{"max_entries":7},"_rules_":[{"_match_route_":["r"],"collector_cluster":"c"}]}"#,
    )
    .unwrap();
    assert_eq!((config.global.as_ref(), config.drain_timeout), (None, Duration::from_secs(1)));
    assert_eq!(config.rules[0].settings.sampling.rate, 0.5);
    assert_eq!(destination(&config).queue.max_entries, 7);
    let config = parse(r#"{"collector_cluster":"c","_rules_":[]}"#).unwrap();
    assert!(config.global.is_some());
}

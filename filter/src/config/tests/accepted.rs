//! Tests of configurations of db-log-pusher's users, defaults that depend on other keys, and `Debug` output.

use super::*;
use crate::plugin::Plugin;
use crate::rng::Rng;

/// The parameters of db-log-pusher's README, as in Higress's console and its example resource.
const DOCUMENTED: &str = r#"{"log_level":"info","collector_service_name":"log-collector.higress-system.svc.cluster.local",
    "collector_port":80,"collector_path":"/ingest"}"#;

/// The same in a rule, in which the control plane passes the configuration of single routes.
fn rule() -> String {
    let routes = r#"{"_match_route_":["model-api-qwen3-plus-0","travel-assistant"],"#;
    DOCUMENTED.replacen('{', routes, 1)
}

#[test]
fn everything_that_db_log_pusher_documents_or_reads_is_accepted() {
    let rule = rule();
    let quiet = rule.replace("\"info\"", "\"error\"");
    for (name, text, has_global, log_level) in [
        ("the console", DOCUMENTED.to_owned(), true, Verbosity::Info),
        ("rules", format!(r#"{{"_rules_":[{rule}]}}"#), false, Verbosity::Info),
        (
            "a level beside rules",
            format!(r#"{{"log_level":"warn","_rules_":[{quiet}]}}"#),
            false,
            Verbosity::Warn,
        ),
        ("a port as a text", DOCUMENTED.replace("80", "\"80\""), true, Verbosity::Info),
        ("a port with a fraction of zeros", DOCUMENTED.replace("80", "80.0"), true, Verbosity::Info),
        ("both", DOCUMENTED.replacen('{', &format!(r#"{{"_rules_":[{rule}],"#), 1), true, Verbosity::Info),
    ] {
        let config = parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let collector = &destination(&config).collector;
        assert_eq!(
            collector.cluster, "outbound|80||log-collector.higress-system.svc.cluster.local",
            "{name}"
        );
        assert_eq!((collector.path.as_str(), config.global.is_some()), ("/ingest", has_global), "{name}");
        assert_eq!(config.log_level, log_level, "{name}");
    }
    for path in ["", r#","collector_path":"""#, r#","collector_path":null"#] {
        let config =
            parse(&format!(r#"{{"collector_service_name":"s","collector_port":8080{path}}}"#)).unwrap();
        assert_eq!(destination(&config).collector.path, "/", "{path}");
    }
}

#[test]
fn the_log_level_is_the_most_verbose_one() {
    for (text, expected) in [
        (r#"{"collector_cluster":"c"}"#, Verbosity::Info),
        (r#"{"collector_cluster":"c","log_level":"DEBUG"}"#, Verbosity::Info),
        (r#"{"collector_cluster":"c","log_level":"warning"}"#, Verbosity::Warn),
        (r#"{"collector_cluster":"c","log_level":"critical"}"#, Verbosity::Nothing),
        (
            r#"{"collector_cluster":"c","log_level":"off","_rules_":[{"_match_route_":["r"],"log_level":"error"},{"_match_route_":["q"]}]}"#,
            Verbosity::Error,
        ),
    ] {
        assert_eq!(parse(text).unwrap().log_level, expected, "{text}");
    }
}

#[test]
fn a_token_is_not_shown() {
    let text = r#"{"collector_cluster":"c","collector_token":"s3cr3t"}"#;
    assert!(!format!("{:?}", parse(text)).contains("s3cr3t"));
    assert!(!format!("{:?}", Plugin::new(text.as_bytes(), Rng::seeded(1))).contains("s3cr3t"));
}

#[test]
fn a_batch_always_fits_into_its_queue() {
    const KIB: usize = 1_024;
    for (queue, expected) in [
        ("{}", [100, 10_000, 1_024 * KIB, 16_384 * KIB]),
        (r#"{"max_entries":50}"#, [50, 50, 1_024 * KIB, 16_384 * KIB]),
        (r#"{"max_bytes":65536}"#, [100, 10_000, 64 * KIB, 64 * KIB]),
        (r#"{"max_batch_size":20000}"#, [20_000, 20_000, 1_024 * KIB, 16_384 * KIB]),
        (r#"{"max_batch_bytes":33554432}"#, [100, 10_000, 32_768 * KIB, 32_768 * KIB]),
        (
            r#"{"max_batch_size":50,"max_entries":50,"max_bytes":2048,"max_batch_bytes":2048}"#,
            [50, 50, 2 * KIB, 2 * KIB],
        ),
    ] {
        let config = parse(&format!(r#"{{"collector_cluster":"c","queue":{queue}}}"#)).unwrap();
        let queue = &destination(&config).queue;
        let limits = [queue.max_batch_size, queue.max_entries, queue.max_batch_bytes, queue.max_bytes];
        assert_eq!(limits, expected);
    }
}

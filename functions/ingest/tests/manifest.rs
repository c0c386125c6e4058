//! Compares `spin.toml` with the variables that this function reads, and checks that Spin accepts it at the
//! start.

#![expect(clippy::unwrap_used, reason = "a wrong shape fails the test")]

use std::collections::HashMap;
use std::path::Path;

use gatelog_otlp::export::ExportConfig;
use gatelog_syslog::SinkConfig;
use toml::{Table, Value};

#[test]
fn every_setting_of_a_receiver_is_a_variable_with_the_same_default_and_reaches_the_component() {
    let manifest = manifest();
    let component = manifest["component"]["ingest"]["variables"].as_table().unwrap();
    let named = |prefix: &str, (name, default): &(&str, &'static str)| (format!("{prefix}_{name}"), *default);
    let syslog =
        SinkConfig::SETTINGS.iter().chain([&("entries", "")]).map(|setting| named("syslog", setting));
    let otlp = ExportConfig::SETTINGS.iter().map(|setting| named("otlp", setting));
    for (name, default) in syslog.chain(otlp) {
        assert_eq!(defaults(&manifest).get(&*name).copied(), Some(default), "{name}");
        let template = format!("{{{{ {name} }}}}");
        assert_eq!(component.get(&name).and_then(Value::as_str), Some(&*template), "{name}");
    }
}

/// Spin evaluates `allowed_outbound_hosts` with the defaults when it loads an application, and exits when an entry has
/// no host.
#[test]
fn the_allowed_hosts_of_a_component_are_valid_with_every_default() {
    let manifest = manifest();
    let defaults = defaults(&manifest);
    for (id, component) in manifest["component"].as_table().unwrap() {
        let allowed = component.get("allowed_outbound_hosts").and_then(Value::as_array);
        for entry in allowed.into_iter().flatten() {
            let mut address = entry.as_str().unwrap().to_owned();
            for (name, default) in &defaults {
                address = address.replace(&format!("{{{{ {name} }}}}"), default);
            }
            let (scheme, rest) = address.split_once("://").unwrap();
            assert!(
                !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_lowercase()),
                "{id}: {address}"
            );
            let (host, port) = rest.rsplit_once(':').unwrap_or((rest, ""));
            assert!(!host.is_empty() && !host.contains(['/', '{', '@']), "{id}: {address}");
            let has_default_port = ["http", "https", "mysql"].contains(&scheme);
            assert!(port.parse::<u16>().is_ok() || port.is_empty() && has_default_port, "{id}: {address}");
        }
    }
}

fn manifest() -> Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spin.toml");
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

fn defaults(manifest: &Table) -> HashMap<&str, &str> {
    let variables = manifest["variables"].as_table().unwrap();
    variables.iter().map(|(name, value)| (&**name, value["default"].as_str().unwrap())).collect()
}

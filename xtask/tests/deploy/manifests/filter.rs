//! What the manifests tell the filter: configurations that it takes, and a collector that is there.

use gatelog_filter::config::Config;
use serde_json::Value;

use super::kustomize::build;
use super::resources::{deploy, documents, find};

/// The only document of a manifest.
fn manifest(file: &str) -> Value {
    documents(&deploy().join(file)).remove(0)
}

/// The configuration that a manifest gives to the filter, which must take it.
fn configuration(file: &str, place: &str) -> Value {
    let manifest = manifest(file);
    let config = manifest.pointer(place).unwrap_or_else(|| panic!("{file} has no {place}")).clone();
    let read = Config::parse(config.to_string().as_bytes());
    assert!(read.is_ok(), "{file}: {read:?}");
    config
}

/// A Service by its name in the cluster: `NAME.NAMESPACE.svc.cluster.local`, and a port.
fn assert_served(config: &Value) {
    let host = config["collector_service_name"].as_str().unwrap();
    let (name, rest) = host.split_once('.').unwrap();
    let namespace = rest.strip_suffix(".svc.cluster.local").unwrap();
    assert_eq!(config["collector_path"], "/ingest");
    assert_eq!(config["collector_port"], 80);
    match namespace {
        "higress-system" => {
            let made = build("kubernetes/overlays/mysql");
            let service = find(&made, "Service", name);
            assert_eq!(service["metadata"]["namespace"], namespace);
            assert_eq!(service["spec"]["ports"][0]["port"], 80);
        }
        // SpinKube's operator makes a Service with the application's name, on port 80.
        "gatelog" => {
            let made = build("spinkube/overlays/turso");
            let app = find(&made, "SpinApp", name);
            assert_eq!(app["metadata"]["namespace"], namespace);
            assert!(app["spec"]["components"].as_array().unwrap().contains(&"ingest".into()));
        }
        other => panic!("{host} is in the namespace {other}"),
    }
}

#[test]
fn the_filter_takes_the_configuration_of_every_manifest_and_its_service_is_there() {
    for (file, place) in [
        ("higress/wasmplugin.yaml", "/spec/defaultConfig"),
        ("higress/wasmplugin-file.yaml", "/spec/defaultConfig"),
        ("istio/wasmplugin.yaml", "/spec/pluginConfig"),
    ] {
        assert_served(&configuration(file, place));
    }
}

#[test]
fn a_plugin_of_db_log_pusher_works_when_only_its_address_changes() {
    assert_served(&configuration("higress/db-log-pusher.yaml", "/spec/defaultConfig"));
    // What Higress's documents give to db-log-pusher: `collector_port` as a number or a text.
    let made = build("kubernetes/overlays/mysql");
    let service = find(&made, "Service", "log-collector");
    let deployment = find(&made, "Deployment", "log-collector");
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(service["spec"]["selector"], deployment["spec"]["template"]["metadata"]["labels"]);
    assert_eq!(service["spec"]["ports"][0]["targetPort"], container["ports"][0]["name"]);
    assert_eq!(container["ports"][0]["containerPort"], 8080);
}

#[test]
fn envoy_gateways_filter_pushes_to_the_cluster_of_the_route() {
    let config = configuration("envoy-gateway/envoyextensionpolicy.yaml", "/spec/wasm/0/config");
    let route = manifest("envoy-gateway/collector.yaml");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let cluster = format!(
        "httproute/{}/{}/rule/0",
        text(&route["metadata"]["namespace"]),
        text(&route["metadata"]["name"])
    );
    assert_eq!(config["collector_cluster"], cluster);
    let service = text(&route["spec"]["rules"][0]["backendRefs"][0]["name"]);
    assert_eq!(config["collector_authority"], format!("{service}.gatelog.svc.cluster.local"));
    // Clients of the gateway reach nothing of the functions but this.
    assert_eq!(route["spec"]["rules"].as_array().unwrap().len(), 1);
    let rewrite = &route["spec"]["rules"][0]["filters"][0]["urlRewrite"]["path"];
    assert_eq!(rewrite["replaceFullPath"], "/health");
    find(&build("spinkube/overlays/turso"), "SpinApp", &service);
}

#[test]
fn istios_access_log_names_fields_of_the_record() {
    let values = manifest("istio/mesh-config.yaml");
    let provider = &values["meshConfig"]["extensionProviders"][0];
    let labels = provider["envoyOtelAls"]["logFormat"]["labels"].as_object().unwrap();
    for name in labels.keys() {
        assert!(gatelog_record::FIELDS.iter().any(|field| field.name == name), "{name} is no field");
    }
    // An id that a client chooses would make its second request a duplicate.
    assert!(!labels.contains_key("record_id") && labels.contains_key("start_time"));
    let telemetry = manifest("istio/telemetry.yaml");
    assert_eq!(telemetry["spec"]["accessLogging"][0]["providers"][0]["name"], provider["name"]);
    let collector = documents(&deploy().join("istio/opentelemetry-collector.yaml"));
    let service = find(&collector, "Service", "opentelemetry-collector");
    assert_eq!(provider["envoyOtelAls"]["service"], "opentelemetry-collector.gatelog.svc.cluster.local");
    assert_eq!(provider["envoyOtelAls"]["port"], service["spec"]["ports"][0]["port"]);
    let pods =
        &find(&collector, "Deployment", "opentelemetry-collector")["spec"]["template"]["metadata"]["labels"];
    let made = build("spinkube/overlays/turso");
    let admitted = &find(&made, "NetworkPolicy", "gatelog-ingest")["spec"]["ingress"][0]["from"];
    let is_pods = |from: &Value| from["podSelector"]["matchLabels"] == *pods;
    assert!(admitted.as_array().unwrap().iter().any(is_pods), "the functions do not admit {pods}");
    let config =
        find(&collector, "ConfigMap", "opentelemetry-collector")["data"]["config.yaml"].as_str().unwrap();
    let config: Value = serde_saphyr::from_str(config).unwrap();
    let pipeline = config["service"]["pipelines"]["logs"].as_object().unwrap();
    for (kind, names) in pipeline {
        for name in names.as_array().unwrap() {
            assert!(
                config[kind].get(name.as_str().unwrap()).is_some(),
                "the pipeline's {name} is not configured"
            );
        }
    }
}

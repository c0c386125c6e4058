//! Overlays and components of kustomize, put together by the real one.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::resources::{KUSTOMIZATION, deploy, documents, files, find, parse, patches};
use super::schemas::faults;
use crate::run::output;

/// The resources of an overlay.
pub fn build(overlay: &str) -> Vec<Value> {
    parse(&text(&deploy().join(overlay)))
}

fn text(folder: &Path) -> String {
    let kubectl = std::env::var_os("GATELOG_KUBECTL").unwrap_or_else(|| "kubectl".into());
    output(Command::new(kubectl).arg("kustomize").arg(folder))
}

/// The overlays, by their folders.
const OVERLAYS: [&str; 7] = [
    "kubernetes/overlays/libsql",
    "kubernetes/overlays/libsql-server",
    "kubernetes/overlays/mysql",
    "kubernetes/overlays/turso",
    "spinkube/overlays/libsql",
    "spinkube/overlays/mysql",
    "spinkube/overlays/turso",
];

/// The components, by their folders.
const COMPONENTS: &[&str] = &[
    "kubernetes/components/gateway-monitoring",
    "kubernetes/components/monitoring",
    "spinkube/components/monitoring",
];

#[test]
fn every_overlay_makes_resources_that_fit_their_schemas() {
    let folder = tempfile::tempdir().unwrap();
    let mut made = Vec::new();
    for overlay in OVERLAYS {
        let file = folder.path().join(overlay.replace('/', "-"));
        fs::write(&file, text(&deploy().join(overlay))).unwrap();
        made.push(file);
        let file = folder.path().join(overlay.replace('/', "-") + "-monitored");
        fs::write(&file, monitored(overlay)).unwrap();
        made.push(file);
    }
    assert_eq!(faults(&made), "");
}

/// What a kustomization makes that adds monitoring to an overlay.
fn monitored(overlay: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().canonicalize().unwrap();
    // Kustomize takes no absolute paths.
    let up = "../".repeat(place.components().count() - 1);
    let deploy_from_here = format!("{up}{}", deploy().strip_prefix("/").unwrap().display());
    let (kind, _) = overlay.split_once('/').unwrap();
    let namespace = &documents(&deploy().join(overlay).join(KUSTOMIZATION))[0]["namespace"];
    let content = format!(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: {}\n\
         resources: [{deploy_from_here}/{overlay}]\ncomponents: [{deploy_from_here}/{kind}/components/monitoring]\n",
        namespace.as_str().unwrap()
    );
    fs::write(place.join(KUSTOMIZATION), content).unwrap();
    text(&place)
}

#[test]
fn no_kustomization_and_no_file_beside_one_is_left_out() {
    for kind in ["kubernetes", "spinkube"] {
        let kustomizations = files(&deploy().join(kind), KUSTOMIZATION);
        let used = OVERLAYS.iter().chain(COMPONENTS).filter(|folder| folder.starts_with(kind)).count();
        // The overlays, their base, and the components.
        assert_eq!(kustomizations.len(), used + 1);
        for kustomization in kustomizations {
            let folder = kustomization.parent().unwrap();
            let content = &documents(&kustomization)[0];
            let mut named: Vec<_> = ["resources", "configurations"]
                .iter()
                .flat_map(|list| content[*list].as_array().into_iter().flatten())
                .map(|name| folder.join(name.as_str().unwrap()))
                .collect();
            named.extend(patches(&kustomization));
            for file in files(folder, ".yaml") {
                assert!(file == kustomization || named.contains(&file), "{} is not used", file.display());
            }
        }
    }
}

#[test]
fn a_single_file_has_one_instance_and_every_other_store_two_or_more() {
    let file = build("kubernetes/overlays/libsql");
    let deployment = find(&file, "Deployment", "log-collector");
    assert_eq!(
        (&deployment["spec"]["replicas"], &deployment["spec"]["strategy"]["type"]),
        (&1.into(), &"Recreate".into())
    );
    let kinds: Vec<&Value> = file.iter().map(|resource| &resource["kind"]).collect();
    assert!(
        !kinds.contains(&&"HorizontalPodAutoscaler".into())
            && !kinds.contains(&&"PodDisruptionBudget".into()),
        "{kinds:?}"
    );
    let volumes = deployment["spec"]["template"]["spec"]["volumes"].as_array().unwrap();
    let state = volumes.iter().find(|volume| volume["name"] == "state").unwrap();
    assert_eq!(
        state["persistentVolumeClaim"]["claimName"],
        find(&file, "PersistentVolumeClaim", "gatelog")["metadata"]["name"]
    );
    for overlay in
        ["kubernetes/overlays/mysql", "kubernetes/overlays/turso", "kubernetes/overlays/libsql-server"]
    {
        let made = build(overlay);
        assert!(find(&made, "Deployment", "log-collector")["spec"].get("replicas").is_none(), "{overlay}");
        assert!(
            find(&made, "HorizontalPodAutoscaler", "log-collector")["spec"]["minReplicas"].as_u64()
                >= Some(2)
        );
    }
}

#[test]
fn autoscalers_budgets_and_policies_select_what_is_there() {
    for overlay in OVERLAYS {
        let made = build(overlay);
        for resource in &made {
            let spec = &resource["spec"];
            match resource["kind"].as_str().unwrap() {
                "HorizontalPodAutoscaler" => {
                    let name = spec["scaleTargetRef"]["name"].as_str().unwrap();
                    let kind = if overlay.starts_with("spinkube") { "SpinApp" } else { "Deployment" };
                    find(&made, kind, name);
                }
                "PodDisruptionBudget" => assert_selected(&spec["selector"], &made, overlay),
                "NetworkPolicy" => assert_selected(&spec["podSelector"], &made, overlay),
                _ => {}
            }
        }
    }
}

/// A selector names the labels of pods: those of the Deployment, or those that SpinKube's operator gives to an application's.
fn assert_selected(selector: &Value, made: &[Value], overlay: &str) {
    let labels = selector["matchLabels"].as_object().unwrap();
    let is_of = |pods: &Value| labels.iter().all(|(key, value)| pods.get(key) == Some(value));
    let selected = made.iter().any(|resource| match resource["kind"].as_str() {
        Some("Deployment") => is_of(&resource["spec"]["template"]["metadata"]["labels"]),
        Some("SpinApp") => {
            is_of(&serde_json::json!({ "core.spinkube.dev/app-name": resource["metadata"]["name"] }))
        }
        _ => false,
    });
    assert!(selected, "{overlay}: {selector} selects nothing");
}

#[test]
fn monitors_scrape_the_functions_where_policies_admit_prometheus_and_the_gateways_where_they_are() {
    for overlay in OVERLAYS {
        let made = parse(&monitored(overlay));
        let namespace = &documents(&deploy().join(overlay).join(KUSTOMIZATION))[0]["namespace"];
        let (kind, endpoints) = if overlay.starts_with("spinkube") {
            ("PodMonitor", "podMetricsEndpoints")
        } else {
            ("ServiceMonitor", "endpoints")
        };
        let monitor = find(&made, kind, "gatelog");
        let endpoint = &monitor["spec"][endpoints][0];
        assert_eq!(&monitor["metadata"]["namespace"], namespace, "{overlay}");
        assert_eq!(endpoint["path"], "/health/metrics", "{overlay}");
        // The job that the rules ask for.
        assert_eq!(endpoint["relabelings"][0]["replacement"], "gatelog", "{overlay}");
        let labels = monitor["spec"]["selector"]["matchLabels"].as_object().unwrap();
        if kind == "ServiceMonitor" {
            let selected = |resource: &&Value| {
                let of = &resource["metadata"];
                resource["kind"] == "Service"
                    && of["namespace"] == *namespace
                    && labels.iter().all(|(key, value)| of["labels"].get(key) == Some(value))
            };
            let services: Vec<&Value> = made.iter().filter(selected).collect();
            assert_eq!(services.len(), 1, "{overlay}: {labels:?}");
            let ports = services[0]["spec"]["ports"].as_array().unwrap();
            assert!(ports.iter().any(|port| port["name"] == endpoint["port"]), "{overlay}: {endpoint}");
        } else {
            assert_selected(&monitor["spec"]["selector"], &made, overlay);
        }
        let admits_prometheus = |policy: &Value| policy.to_string().contains(r#""monitoring""#);
        let policies = made.iter().filter(|resource| resource["kind"] == "NetworkPolicy");
        assert!(policies.clone().count() > 0 && policies.clone().all(admits_prometheus), "{overlay}");
        // The namespace of the gateways is theirs, not that of the overlay.
        let gateways = find(&made, "PodMonitor", "gatelog-gateway");
        assert_eq!(gateways["metadata"]["namespace"], *namespace, "{overlay}");
        assert_eq!(gateways["spec"]["namespaceSelector"]["matchNames"][0], "higress-system", "{overlay}");
    }
}

#[test]
fn the_image_has_the_projects_version_everywhere() {
    for overlay in OVERLAYS {
        let made = serde_json::to_string(&build(overlay)).unwrap();
        let images = made.matches("registry.example.com/gatelog/").count();
        let tag = format!(":{}\"", env!("CARGO_PKG_VERSION"));
        assert!(images > 0 && made.matches(&tag).count() == images, "{overlay}: {made}");
    }
}

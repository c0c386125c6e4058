//! Every resource fits its schema, and the schemas refuse what does not fit.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::resources::{deploy, documents, manifests};
use crate::run::{output, root};

/// What is wrong with the resources in these files.
pub fn faults(files: &[PathBuf]) -> String {
    let folder = std::env::var_os("GATELOG_KUBERNETES_VALIDATE")
        .unwrap_or_else(|| panic!("GATELOG_KUBERNETES_VALIDATE is not set: `cargo xtask test` sets it"));
    let script = root().join("xtask/tests/deploy/manifests/check.py");
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", folder).arg(script).arg(deploy().join("schemas")).args(files);
    output(&mut python)
}

#[test]
fn every_manifest_fits_its_schema() {
    let manifests = manifests();
    assert!(manifests.len() > 20, "{manifests:?}");
    assert_eq!(faults(&manifests), "");
}

#[test]
fn what_a_cluster_refuses_or_ignores_is_found() {
    let folder = tempfile::tempdir().unwrap();
    for (file, old, new, expected) in [
        ("kubernetes/base/deployment.yaml", "timeoutSeconds: 5", "timeoutseconds: 5", "timeoutseconds"),
        ("kubernetes/base/service.yaml", "port: 80,", "port: eighty,", "eighty"),
        (
            "kubernetes/base/networkpolicy.yaml",
            "kind: NetworkPolicy",
            "kind: NetPolicy",
            "Couldn't find schema",
        ),
        (
            "spinkube/base/ingest.yaml",
            "timeoutSeconds: 5",
            "timeoutSeconds: 1",
            "1 is less than the minimum of 5",
        ),
        (
            "spinkube/base/ingest.yaml",
            "enableAutoscaling: true",
            "enableAutoscaling: true\n  replicas: 2",
            "should not be valid",
        ),
        ("spinkube/base/query.yaml", "[query, dashboard, health]", "[query, page]", "'page' is not one of"),
        (
            "higress/wasmplugin.yaml",
            "  priority: 110",
            "  priority: 110\n  selector: {}",
            "'selector' was unexpected",
        ),
        ("istio/wasmplugin.yaml", "pluginConfig:", "defaultConfig:", "'defaultConfig' was unexpected"),
        ("envoy-gateway/envoyextensionpolicy.yaml", "type: Image", "type: HTTP", "is not valid under any"),
        ("spinkube/keda.yaml", "threshold: \"3000\"", "threshold: 3000", "3000 is not of type 'string'"),
    ] {
        let text = fs::read_to_string(deploy().join(file)).unwrap();
        assert!(text.contains(old), "{file} does not hold {old:?}");
        let changed = folder.path().join("changed.yaml");
        fs::write(&changed, text.replace(old, new)).unwrap();
        let found = faults(&[changed]);
        assert!(found.contains(expected), "{file}, {new}: {found:?}");
    }
}

#[test]
fn every_schema_says_with_what_it_was_compared_and_refuses_unknown_fields() {
    for file in super::resources::files(&deploy().join("schemas"), ".yaml") {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.lines().next().unwrap().contains("Compared with"), "{}", file.display());
        assert_closed(&documents(&file)[0], &file, "");
    }
}

/// Each schema of an object with named members refuses others.
fn assert_closed(schema: &serde_json::Value, file: &Path, place: &str) {
    // Inside `not` and `oneOf` a schema only asks.
    let (Some(members), false) = (schema.as_object(), place.ends_with("/not") || place.contains("/oneOf"))
    else {
        return;
    };
    let has_named =
        members.get("properties").is_some_and(serde_json::Value::is_object) && members.contains_key("type");
    assert!(
        !has_named || members.get("additionalProperties").is_some_and(|more| more == false),
        "{}: {place} is open",
        file.display()
    );
    for (name, member) in members {
        assert_closed(member, file, &format!("{place}/{name}"));
    }
}

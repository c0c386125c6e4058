//! Variables and components that manifests name are those of the application.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use toml::Table;

use super::kustomize::build;
use super::resources::{deploy, files};
use crate::run::root;

fn application() -> Table {
    fs::read_to_string(root().join("spin.toml")).unwrap().parse().unwrap()
}

fn names(application: &Table, table: &str) -> BTreeSet<String> {
    application[table].as_table().unwrap().keys().cloned().collect()
}

#[test]
fn spin_apps_name_variables_and_components_of_the_application_and_leave_no_component_out() {
    let application = application();
    let (variables, components) = (names(&application, "variables"), names(&application, "component"));
    for overlay in ["spinkube/overlays/libsql", "spinkube/overlays/mysql", "spinkube/overlays/turso"] {
        let mut used = BTreeSet::new();
        for app in build(overlay).iter().filter(|resource| resource["kind"] == "SpinApp") {
            for variable in app["spec"]["variables"].as_array().unwrap() {
                let name = variable["name"].as_str().unwrap();
                assert!(variables.contains(name), "{overlay}: {name} is not a variable");
            }
            let selected = app["spec"]["components"].as_array().unwrap();
            used.extend(selected.iter().map(|name| name.as_str().unwrap().to_owned()));
        }
        assert_eq!(used, components, "{overlay}");
    }
}

#[test]
fn every_spin_variable_in_a_file_of_deploy_is_one_of_the_application() {
    let variables = names(&application(), "variables");
    let mut found = 0;
    for file in files(&deploy(), "") {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        for (_, rest) in text.match_indices("SPIN_VARIABLE_").map(|(at, name)| text.split_at(at + name.len()))
        {
            let name: String = rest.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect();
            if name.is_empty() || name == "NAME" {
                continue;
            }
            assert!(variables.contains(&name.to_lowercase()), "{}: SPIN_VARIABLE_{name}", file.display());
            found += 1;
        }
    }
    assert!(found > 10);
}

#[test]
fn a_database_is_named_completely_in_every_overlay() {
    for (overlay, needed) in [
        ("spinkube/overlays/mysql", &["store", "mysql_url", "mysql_host"][..]),
        ("spinkube/overlays/turso", &["store", "turso_url", "turso_token"]),
        ("spinkube/overlays/libsql", &["store"]),
    ] {
        for app in build(overlay).iter().filter(|resource| resource["kind"] == "SpinApp") {
            let given = app["spec"]["variables"].as_array().unwrap();
            let has = |name: &&str| given.iter().any(|variable| variable["name"] == **name);
            assert!(needed.iter().all(has), "{overlay}: {given:?}");
            let is_libsql = overlay.ends_with("libsql");
            assert_eq!(app["spec"]["runtimeConfig"].is_object(), is_libsql, "{overlay}");
        }
    }
    let made = build("kubernetes/overlays/mysql");
    let deployment = super::resources::find(&made, "Deployment", "log-collector");
    let given = deployment["spec"]["template"]["spec"]["containers"][0]["env"].as_array().unwrap();
    let has = |name: &str| given.iter().any(|variable: &Value| variable["name"] == name);
    assert!(has("MYSQL_DSN") && has("SPIN_VARIABLE_INGEST_TOKEN"), "{given:?}");
}

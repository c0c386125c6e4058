//! The form of the filter's configuration that Higress's console shows (`spec.yaml` of the image), beside the filter's keys.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::filter::{known, parse, with};
use crate::page;

const SPEC: &str = "deploy/higress/plugin/spec.yaml";

fn spec() -> Value {
    serde_saphyr::from_str(&page::text(SPEC)).unwrap()
}

/// The keys of one of the two forms, those of sections with a dot, and what the form says about each.
fn keys(form: &str) -> BTreeMap<String, Map<String, Value>> {
    let mut keys = BTreeMap::new();
    collect("", &spec()["spec"][form]["openAPIV3Schema"], &mut keys);
    keys
}

fn collect(prefix: &str, schema: &Value, keys: &mut BTreeMap<String, Map<String, Value>>) {
    for (name, value) in schema["properties"].as_object().unwrap() {
        let key = format!("{prefix}{name}");
        if value["type"] == "object" {
            collect(&format!("{key}."), value, keys);
        } else {
            keys.insert(key, value.as_object().unwrap().clone());
        }
    }
}

#[test]
fn the_form_has_each_key_of_the_filter_but_the_rules_which_higress_adds() {
    let mut expected = known();
    expected.remove("_rules_");
    assert_eq!(keys("configSchema").into_keys().collect::<Vec<_>>(), Vec::from_iter(expected));
}

#[test]
fn the_form_of_a_route_has_the_same_keys_or_fewer_and_none_that_a_rule_refuses() {
    let all = keys("configSchema");
    for (name, key) in keys("routeConfigSchema") {
        assert_eq!(all.get(&name), Some(&key), "{name}");
        let value = name.rsplit('.').fold(example(&key), |value, part| json!({ part: value }));
        let mut rule = value.as_object().unwrap().clone();
        rule.insert("_match_route_".to_owned(), json!(["r"]));
        let config = json!({ "collector_cluster": "c", "_rules_": [rule] });
        assert!(parse(&config).is_ok(), "{name}: {:?}", parse(&config));
    }
}

/// A value that the form allows.
fn example(key: &Map<String, Value>) -> Value {
    let given = ["example", "default", "maximum"].iter().find_map(|member| key.get(*member));
    given.cloned().unwrap_or_else(|| if key["type"] == "array" { json!(["a"]) } else { json!("a") })
}

#[test]
fn the_forms_defaults_bounds_and_choices_are_the_filters() {
    let by_default = parse(&json!({ "collector_cluster": "c" })).unwrap();
    for (name, key) in keys("configSchema") {
        if let Some(default) = key.get("default") {
            assert_eq!(parse(&with(&name, default.clone())).as_ref(), Ok(&by_default), "{name}");
        }
        if let (Some(low), Some(high)) = (key.get("minimum"), key.get("maximum")) {
            for bound in [low, high] {
                assert!(parse(&with(&name, bound.clone())).is_ok(), "{name}: {bound} is refused");
            }
            for outside in [json!(low.as_f64().unwrap() - 1.0), json!(high.as_f64().unwrap() + 1.0)] {
                let outside =
                    if key["type"] == "integer" { json!(outside.as_f64().unwrap() as i64) } else { outside };
                assert!(parse(&with(&name, outside.clone())).is_err(), "{name}: {outside} is accepted");
            }
        }
        for choice in key.get("enum").and_then(Value::as_array).into_iter().flatten() {
            assert!(parse(&with(&name, choice.clone())).is_ok(), "{name}: {choice} is refused");
        }
        let wrong = if key["type"] == "string" { json!([1]) } else { json!("?") };
        assert!(parse(&with(&name, wrong)).is_err(), "{name} is not of the type {}", key["type"]);
    }
}

#[test]
fn every_text_of_the_form_is_there_in_chinese_too() {
    for (name, key) in keys("configSchema") {
        for text in ["title", "description"] {
            let chinese = &key[&format!("x-{text}-i18n")]["zh-CN"];
            assert!(key[text].is_string() && chinese.is_string(), "{name}: {text}");
        }
    }
}

#[test]
fn the_form_names_this_version_and_its_example_is_a_configuration() {
    let spec = spec();
    assert_eq!(spec["info"]["version"], env!("CARGO_PKG_VERSION"));
    let example = &spec["spec"]["configSchema"]["openAPIV3Schema"]["example"];
    assert!(parse(example).is_ok(), "{example}");
}

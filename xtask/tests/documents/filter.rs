//! The filter's keys in `docs/configuration.md`. The code is asked by configurations: it names its keys where it refuses one
//! that it does not know, and a key with its default makes the same configuration as none.

use std::collections::BTreeSet;

use gatelog_filter::config::{Config, ConfigError};
use gatelog_redact::secret_lists::{ALLOWED, DENIED_ALONE, DENIED_LETTERS, DENIED_PARTS, DENIED_TOGETHER};
use serde_json::{Map, Number, Value, json};

use crate::page::{self, Cell};

/// A key that the filter does not have.
const UNKNOWN: &str = "no_such_key";

struct Key {
    name: String,
    default: Cell,
    values: Cell,
}

fn documented() -> Vec<Key> {
    let rows = page::rows("docs/configuration.md", &["key", "default", "values", "meaning"]);
    let key = |row: Vec<Cell>| {
        let [name, default, values, _] = <[Cell; 4]>::try_from(row).unwrap();
        Key { name: name.text, default, values }
    };
    rows.into_iter().map(key).collect()
}

pub fn parse(config: &Value) -> Result<Config, ConfigError> {
    Config::parse(config.to_string().as_bytes())
}

/// A usable configuration with `value` under a key such as `queue.max_bytes`.
pub fn with(key: &str, value: Value) -> Value {
    let value = key.rsplit('.').fold(value, |value, part| json!({ part: value }));
    let mut config = json!({ "collector_cluster": "c" });
    config.as_object_mut().unwrap().extend(value.as_object().cloned().unwrap_or_default());
    config
}

/// What stands between backticks as a value: JSON, else a text.
fn value(code: &str) -> Value {
    serde_json::from_str(code).unwrap_or_else(|_| code.into())
}

fn number(number: f64) -> Value {
    if number.fract() == 0.0 { json!(number as i64) } else { Number::from_f64(number).unwrap().into() }
}

/// The keys that the object at `place` of the configuration can have.
fn known_at(place: &str, config: &Value) -> BTreeSet<String> {
    let error = parse(config).unwrap_err().to_string();
    let (_, rest) = error.split_once(&format!("`{place}{UNKNOWN}` is not a key")).unwrap();
    let (names, _) = rest.split_once("(known: ").unwrap().1.split_once(')').unwrap();
    names.split(", ").map(str::to_owned).collect()
}

/// All keys outside of rules, those of sections with a dot.
pub fn known() -> BTreeSet<String> {
    known_in("")
}

/// The keys of a section whose name ends with a dot, and of those in it.
fn known_in(section: &str) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for name in known_at(section, &with(&format!("{section}{UNKNOWN}"), json!(0))) {
        let key = format!("{section}{name}");
        let refused = parse(&with(&key, json!(0))).err().map(|error| error.to_string());
        if refused.is_some_and(|error| error.contains(&format!("`{key}` must be a JSON object"))) {
            known.extend(known_in(&format!("{key}.")));
        } else {
            known.insert(key);
        }
    }
    known
}

#[test]
fn the_page_names_each_key_of_the_filter_once_and_no_other() {
    let mut named: Vec<String> = documented().into_iter().map(|key| key.name).collect();
    named.push("_rules_".to_owned());
    let set: BTreeSet<String> = named.iter().cloned().collect();
    assert_eq!(set, known());
    assert_eq!(set.len(), named.len(), "a key is there twice");
}

#[test]
fn the_page_names_each_matcher_of_a_rule_and_no_other() {
    let rows = page::rows("docs/configuration.md", &["matcher", "a request matches when"]);
    let named: BTreeSet<String> = rows.iter().map(|row| row[0].text.clone()).collect();
    let rule = Map::from_iter([(UNKNOWN.to_owned(), json!(0))]);
    let in_rules = known_at("_rules_[0].", &with("_rules_", json!([rule])));
    let outside = known_at("", &with(UNKNOWN, json!(0)));
    assert_eq!(named, in_rules.difference(&outside).cloned().collect());
}

#[test]
fn a_key_with_its_default_on_the_page_changes_nothing_and_with_another_value_something() {
    let by_default = parse(&json!({ "collector_cluster": "c" })).unwrap();
    for Key { name, default, values } in documented() {
        let Some(default) = default.only_code() else { continue };
        assert_eq!(parse(&with(&name, value(default))).as_ref(), Ok(&by_default), "{name}: {default}");
        let mut others = values.codes.iter().filter(|code| *code != default).peekable();
        let has_others = others.peek().is_some();
        let changes =
            others.any(|code| parse(&with(&name, value(code))).is_ok_and(|config| config != by_default));
        assert!(changes || !has_others, "{name} has no effect");
    }
}

#[test]
fn the_values_on_the_page_are_accepted_and_what_lies_outside_is_refused() {
    for Key { name, values, .. } in documented() {
        for code in &values.codes {
            let read = parse(&with(&name, value(code)));
            assert!(read.is_ok(), "{name}: {code}: {read:?}");
        }
        let outside: Vec<Value> = match values.bounds() {
            Some((low, high)) => page::just_outside(low, high).into_iter().map(number).collect(),
            None if values.codes.is_empty() => continue,
            None => vec!["?".into()],
        };
        for value in outside.into_iter().filter(|value| !values.codes.contains(&value.to_string())) {
            let refused = parse(&with(&name, value.clone())).is_err();
            assert!(refused, "{name}: {value} is accepted");
        }
    }
}

#[test]
fn the_page_names_each_word_that_makes_a_name_secret_or_not_and_no_other() {
    let rows = page::rows("docs/configuration.md", &["list", "when a name matches", "words"]);
    let named: Vec<(&str, &[String])> = rows.iter().map(|row| (&*row[0].text, &*row[2].codes)).collect();
    let lists = [
        ("part", DENIED_PARTS),
        ("letters", DENIED_LETTERS),
        ("together", DENIED_TOGETHER),
        ("alone", DENIED_ALONE),
        ("allowed", ALLOWED),
    ];
    assert_eq!(named.len(), lists.len());
    for ((name, words), (list, expected)) in named.into_iter().zip(lists) {
        assert_eq!(
            (name, words),
            (list, &expected.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()[..])
        );
    }
}

//! Exports of Kong and decK are accepted unchanged: `testdata/exports`.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::collections::BTreeMap;

use gatelog_syslog::entries::{Entries, Names};
use serde_json::{Value, json};

const DECK: &str = include_str!("../testdata/exports/deck.json");
/// The same, as decK writes it by default.
const DECK_YAML: &str = include_str!("../testdata/exports/deck.yaml");
const ADMIN_API: &str = include_str!("../testdata/exports/admin_api.json");

fn problems(entries: &Value) -> Vec<String> {
    Entries::from_text(&entries.to_string()).map_or_else(|error| error.problems, |_| Vec::new())
}

/// Place, scope and facility of each entry.
fn read(text: &str) -> BTreeMap<String, String> {
    let entries = Entries::from_text(text).unwrap();
    let line = |entry: &gatelog_syslog::entries::Entry| {
        (entry.place.clone(), format!("{} {:?}", entry.scope, entry.facility))
    };
    entries.all().iter().map(line).collect()
}

#[test]
fn a_whole_deck_file_is_read_with_the_scope_of_each_plugin() {
    let expected = [
        ("plugins[1]", "all requests User"),
        ("plugins[2]", r#"service "orders", consumer "portaladmin" Daemon"#),
        ("plugins[3]", r#"route "orders-search", consumer "portaladmin" Cron"#),
        ("services[0].plugins[1]", r#"service "orders" Local0"#),
        ("services[0].routes[0].plugins[0]", r#"route "orders-search" Local5"#),
        ("consumers[0].plugins[0]", r#"consumer "portaladmin" User"#),
    ];
    let expected = expected.map(|(place, entry)| (place.to_owned(), entry.to_owned()));
    let expected = BTreeMap::from(expected);
    assert_eq!(read(DECK), expected);
    assert_eq!(read(DECK_YAML), expected);
}

#[test]
fn a_shared_deck_configuration_applies_where_the_plugin_does_not_override_it() {
    let entries = Entries::from_text(DECK).unwrap();
    let (_, entry) = entries.applying(Names { route: Some("orders-search"), ..Names::default() }).unwrap();
    assert_eq!(
        entry.severities.for_status(200).map(|severity| format!("{severity:?}")),
        Some("Notice".into())
    );
    assert_eq!(format!("{:?}", entry.facility), "Local5");
    assert_eq!(
        problems(&json!({"plugins": [{"name": "syslog", "_config": "nothing"}]})),
        [r#"plugins[0]._config is "nothing", which is not in _plugin_configs (entry for all requests)"#]
    );
    let shared = json!({"_plugin_configs": {"a": {"facility": "local9"}}, "plugins": [{"name": "syslog", "_config": "a"}]});
    assert!(problems(&shared).concat().starts_with("_plugin_configs.a.facility is \"local9\""));
}

#[test]
fn an_admin_api_response_is_read_unless_it_has_further_pages() {
    assert_eq!(
        read(ADMIN_API).into_iter().collect::<Vec<_>>(),
        [("data[1]".to_owned(), "all requests User".to_owned())]
    );
    let mut answer: Value = serde_json::from_str(ADMIN_API).unwrap();
    answer["next"] = json!("/plugins?offset=abc");
    assert!(problems(&answer).concat().starts_with("next names another page"));
}

#[test]
fn a_list_of_plugins_as_kong_exports_them_is_read_and_may_contain_no_other_plugin() {
    let file: Value = serde_json::from_str(ADMIN_API).unwrap();
    let plugin = file.pointer("/data/1").unwrap();
    assert_eq!(problems(&json!([plugin])), [""; 0]);
    let other = file.pointer("/data/0").unwrap();
    assert!(problems(&json!([other])).concat().contains(r#"[0].name must be "syslog", not "key-auth""#));
}

#[test]
fn a_disabled_plugin_counts_as_absent_whatever_else_it_says() {
    let off = json!([{"enabled": false, "name": "http-log", "service": {"id": "x"}, "config": 7}, {"route": "r"}, {"route": "r", "enabled": false}]);
    assert_eq!(read(&off.to_string()).into_keys().collect::<Vec<_>>(), ["[1]"]);
}

#[test]
fn a_plugin_for_streams_only_sees_no_request() {
    let entries =
        json!([{"protocols": ["tcp", "tls", "tls_passthrough", "udp"]}, {"protocols": ["tcp", "http"]}]);
    assert_eq!(read(&entries.to_string()).into_keys().collect::<Vec<_>>(), ["[1]"]);
    assert!(problems(&json!([{"protocols": []}])).concat().starts_with("[0].protocols must not be empty"));
    assert!(
        problems(&json!([{"protocols": ["http", "htp"]}]))
            .concat()
            .starts_with("[0].protocols[1] is \"htp\"")
    );
}

#[test]
fn an_id_needs_an_entity_with_a_name_in_the_same_file() {
    let with_id = |file: Value| {
        let mut file = file;
        file["plugins"] = json!([{"name": "syslog", "service": {"id": "s-1"}}]);
        problems(&file).concat()
    };
    assert_eq!(with_id(json!({"services": [{"id": "s-1", "name": "orders"}]})), "");
    for file in [
        json!({}),
        json!({"services": [{"id": "s-2", "name": "orders"}]}),
        json!({"services": [{"id": "s-1"}]}),
    ] {
        let problem = with_id(file);
        assert!(
            problem.starts_with("plugins[0].service has no name, and records do not contain ids"),
            "{problem}"
        );
    }
}

#[test]
fn scopes_that_records_cannot_match_are_refused() {
    for (file, problem) in [
        (json!([{"consumer_group": {"id": "g"}}]), "[0].consumer_group names a consumer group"),
        (
            json!({"plugins": [], "consumer_groups": [{"name": "gold", "plugins": [{"name": "syslog"}]}]}),
            "consumer_groups[0].plugins[0] is of a consumer group",
        ),
        (
            json!({"plugins": [], "services": [{"id": "s", "plugins": [{"name": "syslog"}]}]}),
            "services[0].plugins[0] is in an entity without name",
        ),
        (
            json!({"plugins": [], "consumers": [{"custom_id": "7", "plugins": [{"name": "syslog"}]}]}),
            "consumers[0].plugins[0] is in an entity without username or name",
        ),
        (json!({"plugins": [{"config": {}}]}), "plugins[0] has no name"),
        (json!({"plugins": {"name": "syslog"}}), "plugins must be a list, not an object"),
        (json!({"plugins": [7]}), "plugins[0] must be an object, not a number"),
        (json!({"plugins": [], "services": [[]]}), "services[0] must be an object, not a list"),
        (
            json!({"plugins": [], "services": [{"routes": "r"}]}),
            "services[0].routes must be a list, not a text",
        ),
        (json!({"config": {}}), "the configuration must be a list, or an object with plugins (decK)"),
    ] {
        let found = problems(&file);
        assert!(found.iter().any(|found| found.starts_with(problem)), "{file}: {found:?}");
    }
}

#[test]
fn two_plugins_for_the_same_requests_are_refused_wherever_they_are() {
    let file = json!({
        "services": [{"name": "s", "plugins": [{"name": "syslog"}]}],
        "plugins": [{"name": "syslog", "service": {"name": "s"}}]
    });
    assert_eq!(
        problems(&file),
        [
            r#"services[0].plugins[0] has the same service, route and consumer as plugins[0] (entry for service "s")"#
        ]
    );
}

/// Each member of the file's Syslog plugins, by its JSON pointer and by its place in messages.
fn members(value: &Value, pointer: &str, place: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members_of) => {
            for (key, value) in members_of {
                let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                let pointer = format!("{pointer}/{key}");
                if pointer.contains("/plugins/")
                    && !pointer.contains("custom_fields")
                    && !pointer.contains("/ordering/")
                {
                    found.push((pointer.clone(), place.clone()));
                }
                members(value, &pointer, &place, found);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                members(value, &format!("{pointer}/{index}"), &format!("{place}[{index}]"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn every_member_of_the_wrong_type_is_refused_with_its_place() {
    let file: Value = serde_json::from_str(DECK).unwrap();
    let mut found = Vec::new();
    members(&file, "", "", &mut found);
    let mut tried = 0;
    for (pointer, place) in found {
        let plugin = pointer.split("/plugins/").next().unwrap().to_owned() + "/plugins/";
        let number = pointer.strip_prefix(&plugin).unwrap().split('/').next().unwrap();
        let plugin = file.pointer(&format!("{plugin}{number}")).unwrap();
        let is_read = plugin["name"] == "syslog" && plugin["enabled"] != false && !pointer.ends_with("/name");
        if !is_read || pointer.ends_with("/id") && pointer.contains("/route/") {
            continue;
        }
        let mut wrong = file.clone();
        *wrong.pointer_mut(&pointer).unwrap() = json!([[7]]);
        let problems = problems(&wrong);
        assert!(problems.iter().any(|problem| problem.starts_with(&place)), "{place}: {problems:?}");
        tried += 1;
    }
    assert!(tried > 30, "{tried}");
}

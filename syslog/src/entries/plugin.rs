//! Reads one plugin in the form that Kong, its Admin API and decK write.

use serde_json::{Map, Value};

use super::document::{Document, Entity, Found};
use super::problems::Problems;
use super::{Entry, Scope};
use crate::kong::serialize_value::Key;
use crate::severity::{Facility, Severities, Severity};

/// Longest Lua code of one field, in bytes. Compile time grows faster than length.
const MAX_CODE_BYTES: usize = 16 * 1024;
/// Kong's protocols, and whether they carry requests. A plugin that has only stream protocols sees no requests.
const PROTOCOLS: [(bool, &str); 10] = [
    (true, "grpc"),
    (true, "grpcs"),
    (true, "http"),
    (true, "https"),
    (true, "ws"),
    (true, "wss"),
    (false, "tcp"),
    (false, "tls"),
    (false, "tls_passthrough"),
    (false, "udp"),
];

/// The plugin as an entry; `None` when it is disabled, another plugin, for streams only, or not an object.
pub fn read(found: &Found<'_>, document: &Document<'_>, problems: &mut Problems) -> Option<Entry> {
    let place = &found.place;
    let members = problems.object(found.value, place)?;
    if members.get("enabled") == Some(&Value::Bool(false)) || is_another(members, document) {
        return None;
    }
    let mut entry = Entry { place: place.clone(), ..Entry::default() };
    let mut sees_requests = true;
    if let Some(name) = members.get("_config").filter(|_| document.has_others) {
        read_shared_config(name, &format!("{place}._config"), document, &mut entry, problems);
    }
    for (key, value) in members {
        let place = format!("{place}.{key}");
        match key.as_str() {
            _ if value.is_null() => {}
            "name" => {
                if problems.text(value, &place).is_some_and(|name| name != "syslog") {
                    problems.add(&place, format_args!("must be \"syslog\", not {value}"));
                }
            }
            "enabled" => {
                if !value.is_boolean() {
                    problems.add(&place, format_args!("must be true or false, not {value}"));
                }
            }
            "service" => read_scope(Entity::Service, value, &place, document, &mut entry.scope, problems),
            "route" => read_scope(Entity::Route, value, &place, document, &mut entry.scope, problems),
            "consumer" => read_scope(Entity::Consumer, value, &place, document, &mut entry.scope, problems),
            "consumer_group" => problems.add(&place, "names a consumer group, which records do not contain"),
            "config" => read_config(value, &place, &mut entry, problems),
            "protocols" => sees_requests = read_protocols(value, &place, problems),
            // Kong's own members, which do not affect what is logged.
            "id" | "instance_name" | "ws_id" | "run_on" => {
                problems.text(value, &place);
            }
            "created_at" | "updated_at" => problems.number(value, &place),
            "tags" => {
                problems.texts(value, &place);
            }
            "ordering" => {
                problems.object(value, &place);
            }
            "_config" if document.has_others => {}
            _ => problems.add(
                &place,
                "is no key of an entry (name, enabled, service, route, consumer, config, and of Kong's own id, \
                 instance_name, tags, protocols, created_at, updated_at, ordering, ws_id, run_on)",
            ),
        }
    }
    if document.has_others && !members.contains_key("name") {
        problems.add(place, "has no name");
    }
    if found.is_of_group {
        problems.add(place, "is of a consumer group, which records do not contain");
    }
    add_owner(&found.scope, &mut entry, problems);
    sees_requests.then_some(entry)
}

/// Whether it is another plugin in a file.
fn is_another(members: &Map<String, Value>, document: &Document<'_>) -> bool {
    let name = members.get("name").and_then(Value::as_str);
    document.has_others && name.is_some_and(|name| name != "syslog")
}

/// Adds the scope implied by the plugin's place.
fn add_owner(owner: &Scope, entry: &mut Entry, problems: &mut Problems) {
    for entity in [Entity::Service, Entity::Route, Entity::Consumer] {
        let Some(name) = entity.of(&mut owner.clone()).take() else { continue };
        if name.is_empty() {
            let keys = entity.name_keys().join(" or ");
            problems.add(
                &entry.place,
                format_args!("is in an entity without {keys}, and records contain only names"),
            );
        }
        entity.of(&mut entry.scope).get_or_insert(name);
    }
}

/// Reads a name, or an object that holds a name or an id. An id stands for the name that the document gives it.
fn read_scope(
    entity: Entity,
    value: &Value,
    place: &str,
    document: &Document<'_>,
    scope: &mut Scope,
    problems: &mut Problems,
) {
    let name = match value {
        Value::Object(members) => read_reference(entity, members, place, document, problems),
        _ => problems.name(value, place).map(|text| document.name_of(entity, text).unwrap_or(text)),
    };
    *entity.of(scope) = name.map(str::to_owned);
}

fn read_reference<'v>(
    entity: Entity,
    members: &'v Map<String, Value>,
    place: &str,
    document: &Document<'v>,
    problems: &mut Problems,
) -> Option<&'v str> {
    let keys = entity.name_keys();
    for key in members.keys().filter(|key| *key != "id" && !keys.contains(&key.as_str())) {
        problems
            .add(&format!("{place}.{key}"), format_args!("is no key of a scope (id, {})", keys.join(", ")));
    }
    if let Some((key, name)) = entity.name_in(members) {
        return problems.name(name, &format!("{place}.{key}"));
    }
    let id = members.get("id").and_then(Value::as_str);
    let name = id.and_then(|id| document.name_of(entity, id));
    if name.is_none() {
        problems.add(place, "has no name, and records do not contain ids: write the name");
    }
    name
}

/// Reads the protocols and returns whether any of them carries requests.
fn read_protocols(value: &Value, place: &str, problems: &mut Problems) -> bool {
    let mut sees_requests = false;
    let mut is_empty = true;
    for (index, protocol) in problems.list(value, place).unwrap_or_default().iter().enumerate() {
        let mut is_of_requests = false;
        problems.one_of(protocol, &format!("{place}[{index}]"), &PROTOCOLS, &mut is_of_requests);
        sees_requests |= is_of_requests;
        is_empty = false;
    }
    if is_empty && value.is_array() {
        problems.add(place, "must not be empty");
    }
    sees_requests
}

fn read_shared_config(
    name: &Value,
    place: &str,
    document: &Document<'_>,
    entry: &mut Entry,
    problems: &mut Problems,
) {
    let Some(name) = problems.text(name, place) else { return };
    match document.shared_configs.and_then(|configs| configs.get(name)) {
        Some(config) => read_config(config, &format!("_plugin_configs.{name}"), entry, problems),
        None => problems.add(place, format_args!("is {name:?}, which is not in _plugin_configs")),
    }
}

fn read_config(value: &Value, place: &str, entry: &mut Entry, problems: &mut Problems) {
    let Some(members) = problems.object(value, place) else { return };
    let Severities { log_level, successful, client_errors, server_errors } = &mut entry.severities;
    for (key, value) in members {
        let place = format!("{place}.{key}");
        match key.as_str() {
            _ if value.is_null() => {}
            "log_level" => problems.one_of(value, &place, &Severity::ALL, log_level),
            "successful_severity" => problems.one_of(value, &place, &Severity::ALL, successful),
            "client_errors_severity" => problems.one_of(value, &place, &Severity::ALL, client_errors),
            "server_errors_severity" => problems.one_of(value, &place, &Severity::ALL, server_errors),
            "facility" => problems.one_of(value, &place, &Facility::ALL, &mut entry.facility),
            "custom_fields_by_lua" => entry.custom_fields = read_custom_fields(value, &place, problems),
            _ => problems.add(
                &place,
                "is no key of the plugin (log_level, successful_severity, client_errors_severity, \
                 server_errors_severity, facility, custom_fields_by_lua)",
            ),
        }
    }
}

fn read_custom_fields(value: &Value, place: &str, problems: &mut Problems) -> Vec<(Key, String)> {
    let mut fields = Vec::new();
    for (name, code) in problems.object(value, place).into_iter().flatten() {
        let place = format!("{place}[{name:?}]");
        let key = Key::parse(name);
        if key.is_none() {
            problems.add(&place, "has no name in it");
        }
        match (key, problems.text(code, &place)) {
            (_, Some(code)) if code.len() > MAX_CODE_BYTES => {
                problems.add(&place, format_args!("is longer than {MAX_CODE_BYTES} bytes"));
            }
            (Some(key), Some(code)) => fields.push((key, code.to_owned())),
            _ => {}
        }
    }
    // Kong runs scripts in no particular order; a fixed order makes the outcome deterministic.
    fields.sort_by(|(left, _), (right, _)| left.as_str().cmp(right.as_str()));
    fields
}

//! The aggregates: their paths, parameters and answers.

use gatelog_storage::aggregate::ranking::ORDERS;
use gatelog_storage::aggregate::{Grouping, MEASURES};
use serde_json::{Map, Value, json};

use super::json::{integer, object, reference, with};
use super::parameters::{self, control, parameter, path_parameter};
use super::patterns;
use crate::aggregate::options::{self, AggregateOption, Endpoint, MAX_WAIT_S, TOP};
use crate::params::options::ListOption;

/// What a path answers: its operation's name, what it is, what a success is, and the schema.
pub(super) fn described(endpoint: Endpoint) -> (&'static str, &'static str, &'static str, &'static str) {
    match endpoint {
        Endpoint::Histogram => ("histogram", "Measures by time", "The measures.", "Histogram"),
        Endpoint::Facets => ("facets", "The values of fields with their counts", "The values.", "Facets"),
        Endpoint::Top => ("top", "The largest groups", "The groups, the largest first.", "Top"),
        Endpoint::Summary => ("summary", "Measures of all records", "The measures.", "Summary"),
        Endpoint::Tail => (
            "tail",
            "Records as they come",
            "The records that were stored behind the place, in the order in which they were.",
            "Tail",
        ),
        Endpoint::Sessions => {
            ("sessions", "AI calls by their session", "The sessions, the latest first.", "Sessions")
        }
        Endpoint::Session => {
            ("session", "One session", "The session, with its calls, the oldest first.", "OneSession")
        }
    }
}

pub(super) fn aggregate_parameters(endpoint: Endpoint) -> Vec<Value> {
    let mut parameters = Vec::new();
    if endpoint == Endpoint::Session {
        parameters.push(path_parameter("id", "Its id.", json!({ "type": "string" })));
    }
    parameters.push(json!({
        "name": "filters",
        "in": "query",
        "description": "The filters of /query, each a parameter of its own.",
        "style": "form",
        "explode": true,
        "schema": reference("Filters")
    }));
    parameters.extend(options::of(endpoint).map(|(name, kind, doc)| option(kind, name, doc)));
    parameters
}

fn option(kind: AggregateOption, name: &str, doc: &str) -> Value {
    let measures: Vec<&str> = MEASURES.iter().map(|(name, ..)| *name).collect();
    let schema = match kind {
        AggregateOption::Interval => {
            json!({ "type": "string", "pattern": patterns::interval(), "default": "auto", "examples": ["auto", "10s", "1h"] })
        }
        AggregateOption::By => reference("Grouping"),
        AggregateOption::Top => {
            json!({ "type": "integer", "minimum": 1, "maximum": TOP.1, "default": TOP.0 })
        }
        AggregateOption::Measures => list(&measures),
        AggregateOption::Order => {
            let orders: Vec<&str> = ORDERS.iter().map(|(name, _)| *name).collect();
            json!({ "type": "string", "enum": orders, "default": "count" })
        }
        AggregateOption::Compare => json!({ "type": "string", "enum": ["previous"] }),
        AggregateOption::Unpriced => json!({ "type": "boolean", "default": false }),
        AggregateOption::Facets => {
            json!({ "type": "array", "minItems": 1, "maxItems": options::MAX_FACETS, "uniqueItems": true, "items": reference("Grouping") })
        }
        AggregateOption::Fields => return control(ListOption::Fields, name, doc),
        AggregateOption::Limit(default, most) => {
            json!({ "type": "integer", "minimum": 1, "maximum": most, "default": default })
        }
        AggregateOption::After => json!({ "type": "string", "examples": ["1t-2a"] }),
        AggregateOption::Wait => {
            json!({ "type": "integer", "minimum": 0, "maximum": MAX_WAIT_S, "default": 0 })
        }
        AggregateOption::Form => json!({ "type": "string", "enum": ["json", "ndjson"] }),
        AggregateOption::Cursor => json!({ "type": "string", "examples": ["1s-64a1b2c3d4e5f-6d"] }),
    };
    parameter(name, doc, schema)
}

fn list(names: &[&str]) -> Value {
    json!({ "type": "array", "minItems": 1, "uniqueItems": true, "items": { "type": "string", "enum": names } })
}

/// The schemas of the answers, and of the filters.
pub(super) fn aggregate_schemas() -> Map<String, Value> {
    let number = json!({ "type": ["integer", "null"], "format": "int64" });
    let text = json!({ "type": "string" });
    let key = json!({ "type": ["string", "integer", "null"], "description": "null stands for no value." });
    let time = json!({ "type": "string", "format": "date-time" });
    let perhaps_time = json!({ "type": ["string", "null"], "format": "date-time" });
    let meanings: Vec<String> = MEASURES.iter().map(|(name, _, doc)| format!("`{name}`: {doc}")).collect();
    let values = json!({ "type": "object", "additionalProperties": number, "description": "The measures by their names." });
    let previous = json!({ "type": ["object", "null"], "additionalProperties": number, "description": "The measures of the range before; null where not all records of both ranges may be looked at." });
    let lines = json!({ "type": "object", "additionalProperties": { "type": "array", "items": number }, "description": format!("The measures by their names, each a list in the order of times. An interval that was not looked at has null. {}", meanings.join("; ")) });
    let session = object(
        &[
            "session_id",
            "calls",
            "errors",
            "total_tokens",
            "cost_nano",
            "models",
            "first_seen",
            "last_seen",
            "duration_ms",
        ],
        json!({
            "session_id": text, "calls": integer(), "errors": integer(), "total_tokens": number, "cost_nano": number,
            "models": { "type": "array", "items": text, "description": "The most frequent first, at most 20." },
            "first_seen": time, "last_seen": time,
            "duration_ms": with(integer(), "description", "From the beginning of the first call to the end of the last.")
        }),
    );
    let logs = json!({ "type": "array", "items": reference("Log") });
    let groupings: Vec<&str> = Grouping::all().map(Grouping::name).collect();
    let schemas = json!({
        "Filters": filters(),
        "Grouping": { "type": "string", "enum": groupings },
        "Session": session,
        "Histogram": answer(&["interval_ms", "by", "measures", "series", "times"], json!({
            "interval_ms": integer(),
            "by": { "type": ["string", "null"] },
            "measures": { "type": "array", "items": text },
            "series": { "type": "array", "items": object(&["values"], json!({
                "key": key,
                "other": { "const": true, "description": "The groups that are not told apart, which have no key." },
                "values": lines
            })) },
            "times": { "type": "array", "items": time, "description": "When the intervals begin." }
        })),
        "Facets": answer(&["facets"], json!({
            "facets": { "type": "array", "items": object(&["field", "values", "distinct", "distinct_is_lower_bound"], json!({
                "field": text,
                "values": { "type": "array", "items": object(&["value", "count"], json!({ "value": key, "count": integer() })) },
                "distinct": with(integer(), "description", "How many different values there are."),
                "distinct_is_lower_bound": { "type": "boolean", "description": "Whether not all records were looked at." }
            })) }
        })),
        "Top": answer(&["by", "rows"], json!({
            "by": text,
            "rows": { "type": "array", "items": object(&["key", "values", "error_rate", "last_seen"], json!({
                "key": key, "values": values, "error_rate": { "type": "number" }, "last_seen": perhaps_time, "previous": previous
            })) }
        })),
        "Summary": answer(&["values", "first_seen", "last_seen"], json!({
            "values": values, "first_seen": perhaps_time, "last_seen": perhaps_time, "previous": previous
        })),
        "Tail": object(&["logs", "next", "took_ms", "status"], json!({
            "logs": logs,
            "next": with(text.clone(), "description", "The value of after for the next answer; also in the header x-next-cursor."),
            "took_ms": integer(),
            "status": { "const": "success" }
        })),
        "Sessions": answer(&["sessions"], json!({
            "sessions": { "type": "array", "items": reference("Session") },
            "next_cursor": with(text, "description", "The value of cursor for the next page; missing on the last one.")
        })),
        "OneSession": answer(&["session", "logs", "truncated"], json!({
            "session": reference("Session"),
            "logs": logs,
            "truncated": { "type": "boolean", "description": "Whether there are more calls." }
        }))
    });
    match schemas {
        Value::Object(schemas) => schemas,
        _ => Map::new(),
    }
}

/// An answer with what each has beside its own members.
fn answer(required: &[&str], own: Value) -> Value {
    let mut required = required.to_vec();
    required.extend(["range", "sampled", "took_ms", "status"]);
    let time = json!({ "type": "string", "format": "date-time" });
    let mut properties = json!({
        "range": with(object(&["start", "end"], json!({ "start": time, "end": time })), "description", "The range that was asked for; an hour until end when no start is given, until now when no end is."),
        "sampled": {
            "type": ["boolean", "object"],
            "properties": { "records": integer(), "start": time },
            "additionalProperties": false,
            "description": "false, or what was looked at: so many of the newest records (the variable max_scanned_records), which begin at this time."
        },
        "took_ms": integer(),
        "status": { "const": "success" }
    });
    if let (Some(all), Value::Object(own)) = (properties.as_object_mut(), own) {
        all.extend(own);
    }
    object(&required, properties)
}

/// The filters of `/query` as members of one object.
fn filters() -> Value {
    let member = |parameter: Value| {
        let schema = parameter.get("schema").cloned().unwrap_or_default();
        // A list within an object has no form of its own in a query string.
        let list = schema.get("items").map(|items| match items.get("examples").or(items.get("enum")) {
            Some(examples) => json!({ "type": "string", "examples": examples }),
            None => json!({ "type": "string" }),
        });
        list.unwrap_or(schema)
    };
    let named = |parameter: Value| {
        let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        (name, member(parameter))
    };
    let members = parameters::filters().map(named).collect();
    let filters = object(&[], Value::Object(members));
    with(
        filters,
        "description",
        "Conditions that a record has to meet, all of them. Each is the parameter of /query with its name, where its meaning is; a list has commas between its values.",
    )
}

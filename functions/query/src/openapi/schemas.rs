//! The shapes of the answers.

use gatelog_record::{FIELDS, Field, Kind};
use serde_json::{Map, Value, json};

use super::aggregates::aggregate_schemas;
use super::json::{object, reference, with};
use super::prices::price_schemas;
use crate::log_entry::may_be_left_out;

pub(super) fn schemas() -> Value {
    let status = json!({ "const": "success" });
    let truncated = json!({ "type": "boolean", "description": "Whether there are more." });
    let mut schemas = json!({
        "Log": log(),
        "Logs": object(&["total", "logs", "status"], json!({
            "total": { "type": ["integer", "null"], "minimum": 0, "description": "Records that meet the filters; null when they were not counted." },
            "total_is_lower_bound": { "const": true, "description": "There when not all records were looked at: there are total or more." },
            "logs": { "type": "array", "items": reference("Log") },
            "status": status,
            "next_cursor": { "type": "string", "description": "The value of cursor for the next page; missing on the last one, and in another order than that of start_time." }
        })),
        "OneLog": object(&["log", "status"], json!({ "log": reference("Log"), "status": status })),
        "Scenarios": object(&["scenarios", "status"], json!({
            "scenarios": { "type": "array", "items": object(&["name", "type", "description"], json!({
                "name": { "type": "string" }, "type": kinds(), "description": { "type": "string" }
            })) },
            "status": status
        })),
        "Scenario": object(&["scenario", "type", "status"], json!({
            "scenario": { "type": "string" },
            "type": kinds(),
            "stats": { "type": "array", "description": "The number of a CARD, as HiMarket writes it: 22.0, from ten million on 1.2E7; null for the sum of nothing.", "items": object(&["key", "value"], json!({
                "key": { "type": "string" }, "value": { "type": ["string", "null"] }
            })) },
            "timeSeries": object(&["dataPoints", "metadata"], json!({
                "dataPoints": { "type": "array", "description": "The intervals of a LINE that have records, in the order of time.", "items": object(&["timestamp", "value"], json!({
                    "timestamp": { "type": "string", "description": "When the interval begins, in the zone of the variable query_time_zone, UTC by default.", "pattern": r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$" },
                    "value": { "type": "number" },
                    "dimensions": { "type": "object", "additionalProperties": { "type": "string" } }
                })) },
                "metadata": object(&["xAxisLabel", "yAxisLabel", "totalCount", "interval"], json!({
                    "xAxisLabel": { "type": "string" },
                    "yAxisLabel": { "type": "string" },
                    "totalCount": { "type": "integer" },
                    "interval": { "type": "integer", "description": "Seconds." }
                }))
            })),
            "table": { "type": "array", "description": "The rows of a TABLE.", "items": { "type": "object", "additionalProperties": { "type": ["string", "null"] } } },
            "truncated": truncated,
            "status": status
        })),
        "Values": object(&["field", "values", "truncated", "status"], json!({
            "field": { "type": "string" },
            "values": { "type": "array", "items": { "type": ["string", "integer"] } },
            "truncated": truncated,
            "status": status
        })),
        "Error": object(&["total", "logs", "status", "error"], json!({
            "total": { "const": 0 },
            "logs": { "type": "null" },
            "status": { "const": "error" },
            "error": { "type": "string" }
        }))
    });
    if let Some(schemas) = schemas.as_object_mut() {
        schemas.extend(aggregate_schemas());
        schemas.extend(price_schemas());
    }
    schemas
}

fn log() -> Value {
    let properties: Map<String, Value> =
        FIELDS.iter().map(|field| (field.name.to_owned(), property(field))).collect();
    let description = "A record. Without the parameter fields it has every field that may not be null, an empty text or 0 where there is no value, and the others where there is one.";
    with(object(&[], Value::Object(properties)), "description", description)
}

fn property(field: &Field) -> Value {
    let kind = match field.kind {
        Kind::Timestamp | Kind::Text(_) => "string",
        Kind::Integer | Kind::Count => "integer",
        // Any JSON value.
        Kind::Json(_) => return json!({ "description": field.doc }),
    };
    let kind = if may_be_left_out(field) { json!([kind, "null"]) } else { json!(kind) };
    let property = json!({ "type": kind, "description": field.doc });
    match field.kind {
        Kind::Timestamp => with(property, "format", "date-time"),
        Kind::Integer | Kind::Count => with(property, "format", "int64"),
        _ => property,
    }
}

fn kinds() -> Value {
    json!({ "type": "string", "enum": ["CARD", "LINE", "TABLE"] })
}

//! The OpenAPI 3.1 description of the function, made from the field table, the tables of parameters and the catalogue of
//! scenarios.
//!
//! What is served is the file `docs/openapi.json` of this package; a test keeps it equal to [`document`].

mod aggregates;
mod json;
mod parameters;
mod patterns;
mod prices;
mod schemas;

use serde_json::{Map, Value, json};

use self::aggregates::{aggregate_parameters, described};
use self::json::{integer, reference, with};
use self::parameters::{control, path_parameter, query_parameters, scenario_parameters, values_parameters};
use self::schemas::schemas;
use crate::aggregate::options::Endpoint;
use crate::params::options::ListOption;

/// What is served.
pub const DOCUMENT: &str = include_str!("../../docs/openapi.json");

/// The description.
pub fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "gatelog query",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Access records of an API gateway. A parameter without a value is as if it were not there. Given twice, the values of a list join. In a list, blanks around a value are left out, and a backslash takes the next character as it is. HEAD is answered like GET, without the body.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" }
        },
        "servers": [{ "url": "/" }],
        "security": [{ "bearer": [] }, {}],
        "paths": paths(),
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Needed when the variable query_token is set. When it is not, nobody is admitted, unless the variable query_open is true."
                }
            },
            "schemas": schemas(),
            "responses": responses()
        }
    })
}

fn paths() -> Value {
    let page = json!({
        "description": "A page of records, or an export, which breaks off when it cannot go on. A page whose records are large comes in chunks.",
        "content": {
            "application/json": { "schema": reference("Logs") },
            "application/x-ndjson": { "schema": { "type": "string", "description": "One Log on each line." } },
            "text/csv": { "schema": { "type": "string", "description": "A line of field names, then one for each record; CRLF, quoted as in RFC 4180. A text that begins like a formula (with =, +, - or @, also behind blanks, invisible characters or in full width) or with a tab or a line break has an apostrophe before it; a lone - has none." } }
        }
    });
    let fields =
        control(ListOption::Fields, "fields", "The fields of the answer, in this order; all when not given.");
    let mut paths = json!({
        "/query": { "get": operation("query", "Records by filters", query_parameters(), page) },
        "/query/{record_id}": { "get": operation(
            "record",
            "One record",
            vec![path_parameter("record_id", "Its record_id.", json!({ "type": "string" })), fields],
            answer("The record.", "OneLog"),
        ) },
        "/query/scenarios": { "get": operation(
            "scenarios", "The statistics that there are", vec![], answer("The scenarios.", "Scenarios"),
        ) },
        "/query/scenarios/{name}": { "get": operation(
            "scenario", "A statistic as HiMarket defines it", scenario_parameters(), answer("The statistic.", "Scenario"),
        ) },
        "/query/filters/{field}": { "get": operation(
            "values", "The values of a field", values_parameters(), answer("The values, in ascending order.", "Values"),
        ) },
        "/query/prices": { "get": operation(
            "prices", "What AI calls cost", vec![], answer("The price table by which ingest sets cost_nano and price_id.", "Prices"),
        ) },
        "/query/costs/{record_id}": { "get": operation(
            "cost",
            "How the cost of a call comes about",
            vec![path_parameter("record_id", "The record_id of the call.", json!({ "type": "string" }))],
            answer("The arithmetic of the record's cost.", "Cost"),
        ) },
        "/query/openapi.json": { "get": operation(
            "openapi",
            "This document",
            vec![],
            json!({ "description": "This document.", "content": { "application/json": { "schema": { "type": "object" } } } }),
        ) }
    });
    if let Some(paths) = paths.as_object_mut() {
        paths.extend(Endpoint::ALL.map(|(endpoint, path)| (path.to_owned(), aggregate(endpoint))));
    }
    paths
}

fn aggregate(endpoint: Endpoint) -> Value {
    let (id, summary, doc, schema) = described(endpoint);
    let mut success = answer(doc, schema);
    if endpoint == Endpoint::Tail {
        let next = json!({ "x-next-cursor": { "schema": { "type": "string" }, "description": "The value of after for the next answer." } });
        let lines = json!({ "schema": { "type": "string", "description": "One Log on each line." } });
        if let Some(content) = success.get_mut("content").and_then(Value::as_object_mut) {
            content.insert("application/x-ndjson".to_owned(), lines);
        }
        success = with(success, "headers", next);
    }
    json!({ "get": operation(id, summary, aggregate_parameters(endpoint), success) })
}

fn operation(id: &str, summary: &str, parameters: Vec<Value>, success: Value) -> Value {
    let has_path =
        parameters.iter().any(|parameter| parameter.get("in").is_some_and(|place| place == "path"));
    let mut answers = Map::new();
    answers.insert("200".to_owned(), success);
    for (status, name, applies) in [
        ("400", "BadRequest", true),
        ("401", "Unauthorized", true),
        ("403", "Closed", true),
        ("404", "NotFound", has_path),
        ("406", "NotAcceptable", matches!(id, "query" | "tail")),
        ("500", "Unexpected", true),
        ("503", "Unavailable", true),
    ] {
        if applies {
            let name = format!("#/components/responses/{name}");
            answers.insert(status.to_owned(), json!({ "$ref": name }));
        }
    }
    json!({ "operationId": id, "summary": summary, "parameters": parameters, "responses": answers })
}

fn answer(doc: &str, schema: &str) -> Value {
    json!({ "description": doc, "content": { "application/json": { "schema": reference(schema) } } })
}

fn responses() -> Value {
    let error = |doc: &str| answer(doc, "Error");
    let unavailable = error(
        "The database cannot take the request now, as many statements that were given up as may run (max_running_statements) still do, or the function is not configured.",
    );
    let headers = json!({ "retry-after": { "schema": integer(), "description": "Seconds." } });
    let unavailable = with(unavailable, "headers", headers);
    json!({
        "BadRequest": error("A parameter is unknown or has a bad value; the error names it."),
        "Unauthorized": error("The bearer token is missing or wrong."),
        "Closed": error("Nobody is admitted yet: neither query_token nor query_open is set."),
        "NotAcceptable": error("The header Accept refuses every form of the answer."),
        "NotFound": error("There is no such record, scenario, field or session."),
        "Unexpected": error("The database answered unexpectedly."),
        "Unavailable": unavailable
    })
}

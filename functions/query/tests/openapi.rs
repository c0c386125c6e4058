//! The OpenAPI document is what the tables say, and what the function does.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a wrong shape fails the test"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use crate::service::Service;
use gatelog_query::openapi;
use gatelog_query::params::filters::{FIELD_FILTERS, FILTERS};
use gatelog_record::{FIELDS, Kind};
use serde_json::{Value, json};

const RECORDS: &str = r#"
{"record_id":"1","path":"/v1","model":"m","duration":5,"total_tokens":7,"session_id":"s","ai_log":{"model":"m","response_type":"stream","safecheck_status":"reqeust deny"},"response_type":"stream","request_headers":{"a":"b"},"cached_tokens":1,"response_code":404}
{"record_id":"2","path":"/mcp-servers/x","mcp_tool":"t"}
"#;

#[test]
fn the_document_is_made_from_the_tables() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let made = format!("{:#}\n", openapi::document());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    assert_eq!(made, std::fs::read_to_string(&path).unwrap(), "UPDATE_EXPECT=1 rewrites docs/openapi.json");
}

#[tokio::test(flavor = "current_thread")]
async fn the_document_is_served() {
    let query = Service::with(RECORDS).await;
    let (status, answer) = query.get("/query/openapi.json").await;
    assert_eq!((status, answer), (200, openapi::document()));
}

#[tokio::test(flavor = "current_thread")]
async fn every_documented_parameter_is_accepted_and_every_accepted_one_documented() {
    let query = Service::with(RECORDS).await;
    let candidates = candidates();
    for (path, example) in PATHS {
        let documented = parameters(path);
        // All conditions may be in one question; of the others each changes the answer. HiMarket's names are not those of filters.
        let takes_filters = !path.starts_with("/query/scenarios") && !path.starts_with("/query/filters");
        let (mut conditions, mut questions) = (Vec::new(), Vec::new());
        for parameter in &documented {
            let name = parameter["name"].as_str().unwrap();
            let pairs =
                examples(&parameter["schema"]).into_iter().map(|value| format!("{}={value}", escaped(name)));
            if takes_filters && is_condition(name) {
                conditions.extend(pairs)
            } else {
                questions.extend(pairs)
            }
        }
        questions.extend(conditions.chunks(CONDITIONS_AT_ONCE).map(|some| some.join("&")));
        for question in questions {
            let uri = format!("{example}?{question}");
            let (status, answer) = query.get_any(&uri).await;
            // Conditions may leave a session without calls.
            let may_be_gone = *path == "/query/sessions/{id}" && status == 404;
            assert!(status == 200 || may_be_gone, "{uri}: {answer}");
        }
        let names: BTreeSet<&str> =
            documented.iter().map(|parameter| parameter["name"].as_str().unwrap()).collect();
        assert_eq!(names.len(), documented.len(), "{path}: a parameter is documented twice");
        for name in &candidates {
            // A name that is not known is refused even without a value. The first that is wrong is named, so that behind a
            // known one the other is, and nothing is asked of the database.
            let (status, answer) = query.get_any(&format!("{example}?{}=&{UNKNOWN}=", escaped(name))).await;
            assert_eq!(status, 400, "{path}: {name}");
            let error = answer["error"].as_str().unwrap();
            let refuses = ["no such parameter", "takes no parameter", "no parameters"];
            let is_refused = error.starts_with(&format!("parameter {name}: "))
                && refuses.iter().any(|part| error.contains(part));
            assert_eq!(!is_refused, names.contains(name.as_str()), "{path}: {name}: {error}");
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn answers_have_the_documented_shape() {
    let query = Service::with(RECORDS).await;
    let mut uris: Vec<(&str, String)> = vec![
        ("/query", "/query".into()),
        ("/query", "/query?cursor=&page_size=1".into()),
        ("/query", "/query?fields=ai_log,session_id,cached_tokens,model,total_tokens,start_time".into()),
        ("/query", "/query?model=none".into()),
        ("/query/{record_id}", "/query/1".into()),
        ("/query/{record_id}", "/query/2?fields=chat_id".into()),
        ("/query/scenarios", "/query/scenarios".into()),
        ("/query/filters/{field}", "/query/filters/model".into()),
        ("/query/filters/{field}", "/query/filters/response_code?limit=1".into()),
        ("/query/openapi.json", "/query/openapi.json".into()),
        ("/query/prices", "/query/prices".into()),
        ("/query/costs/{record_id}", "/query/costs/1".into()),
        ("/query/costs/{record_id}", "/query/costs/2".into()),
    ];
    for (path, uri) in [
        ("/query/histogram", "/query/histogram"),
        (
            "/query/histogram",
            "/query/histogram?by=model&top=1&measures=count,duration_p95,cost_nano&interval=1s&start=2026-01-31T12:00:00Z&end=2026-01-31T12:00:05Z",
        ),
        ("/query/facets", "/query/facets"),
        ("/query/facets", "/query/facets?fields=response_code,model,mtls"),
        ("/query/top", "/query/top?by=model&compare=previous"),
        ("/query/top", "/query/top?by=grpc_status&order=error_rate"),
        ("/query/summary", "/query/summary?compare=previous"),
        ("/query/summary", "/query/summary?model=none"),
        ("/query/tail", "/query/tail"),
        ("/query/tail", "/query/tail?after=1t-0"),
        ("/query/sessions", "/query/sessions"),
        ("/query/sessions/{id}", "/query/sessions/s"),
    ] {
        uris.push((path, uri.into()));
    }
    for scenario in gatelog_storage::scenarios::SCENARIOS {
        uris.push(("/query/scenarios/{name}", format!("/query/scenarios/{}", scenario.name)));
        uris.push(("/query/scenarios/{name}", format!("/query/scenarios/{}?pageSize=1", scenario.name)));
    }
    let document = openapi::document();
    for (path, uri) in &uris {
        let (status, answer) = query.get(uri).await;
        assert_eq!(status, 200, "{uri}");
        let schema =
            &document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        check(&document, schema, &answer, uri);
    }
    for (uri, status) in [
        ("/query?x=1", "400"),
        ("/query/top?x=1", "400"),
        ("/query/sessions/none", "404"),
        ("/query/none", "404"),
        ("/query/costs/none", "404"),
        ("/query/scenarios/none", "404"),
    ] {
        let (answered, answer) = query.get(uri).await;
        assert_eq!(answered.to_string(), status);
        check(&document, &document["components"]["schemas"]["Error"], &answer, uri);
    }
}

#[test]
fn the_document_refers_only_to_what_it_holds() {
    let document = openapi::document();
    fn walk(document: &Value, value: &Value) {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            resolve(document, reference);
        }
        match value {
            Value::Object(members) => members.values().for_each(|member| walk(document, member)),
            Value::Array(items) => items.iter().for_each(|item| walk(document, item)),
            _ => {}
        }
    }
    walk(&document, &document);
}

/// A name that no parameter has.
const UNKNOWN: &str = "no_such_parameter";
/// Conditions that are asked for at once; a query has at most 100, and some examples are several.
const CONDITIONS_AT_ONCE: usize = 30;

/// A name as it is in a query string.
fn escaped(name: &str) -> String {
    name.replace('!', "%21")
}

fn is_condition(name: &str) -> bool {
    FILTERS.iter().any(|filter| filter.name == name) || FIELD_FILTERS.iter().any(|(known, ..)| *known == name)
}

const PATHS: &[(&str, &str)] = &[
    ("/query", "/query"),
    ("/query/{record_id}", "/query/1"),
    ("/query/scenarios", "/query/scenarios"),
    ("/query/scenarios/{name}", "/query/scenarios/rt_p50"),
    ("/query/filters/{field}", "/query/filters/model"),
    ("/query/openapi.json", "/query/openapi.json"),
    ("/query/prices", "/query/prices"),
    ("/query/costs/{record_id}", "/query/costs/1"),
    ("/query/histogram", "/query/histogram"),
    ("/query/facets", "/query/facets"),
    ("/query/top", "/query/top"),
    ("/query/summary", "/query/summary"),
    ("/query/tail", "/query/tail"),
    ("/query/sessions", "/query/sessions"),
    ("/query/sessions/{id}", "/query/sessions/s"),
];

impl Service {
    /// The status and the JSON of an answer, `null` for another form.
    async fn get_any(&self, uri: &str) -> (u16, Value) {
        let response = self.answer(uri, "").await;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }
}

/// The document, which takes a while to make.
static DOCUMENT: LazyLock<Value> = LazyLock::new(openapi::document);

fn parameters(path: &str) -> Vec<Value> {
    let document = &*DOCUMENT;
    let parameters = document["paths"][path]["get"]["parameters"].as_array().unwrap();
    let mut found = Vec::new();
    for parameter in parameters.iter().filter(|parameter| parameter["in"] == "query") {
        // Each member of an object that is exploded is a parameter.
        if parameter["explode"] == true {
            let schema = resolve(document, parameter["schema"]["$ref"].as_str().unwrap());
            for (name, member) in schema["properties"].as_object().unwrap() {
                found.push(json!({ "name": name, "in": "query", "schema": member }));
            }
        } else {
            found.push(parameter.clone());
        }
    }
    found
}

/// Values that a schema allows.
fn examples(schema: &Value) -> Vec<String> {
    if let Some(reference) = schema.get("$ref") {
        return examples(resolve(&DOCUMENT, reference.as_str().unwrap()));
    }
    let texts = |values: &Value| -> Vec<String> {
        values.as_array().unwrap().iter().map(|value| value.as_str().unwrap().to_owned()).collect()
    };
    if schema.get("enum").is_some() {
        return texts(&schema["enum"]);
    }
    if schema.get("examples").is_some() {
        return texts(&schema["examples"]);
    }
    match schema["type"].as_str().unwrap() {
        "boolean" => vec!["true".into(), "false".into()],
        "integer" => {
            let bounds = ["minimum", "maximum"].map(|bound| schema[bound].as_i64());
            let bounds: Vec<String> = bounds.into_iter().flatten().map(|bound| bound.to_string()).collect();
            if bounds.is_empty() { vec!["5".into()] } else { bounds }
        }
        "array" => {
            let items = examples(&schema["items"]);
            let most = schema["maxItems"].as_u64().map_or(items.len(), |most| usize::try_from(most).unwrap());
            let mut lists = vec![items[..most.min(items.len())].join(",")];
            lists.extend(items);
            lists
        }
        // A cursor is the one text with a form; an empty one is the first page.
        "string" if schema.get("pattern").is_none() => vec![String::new(), "1d-64a1b2c3d4e5f-2a".into()],
        _ => panic!("no example for {schema}"),
    }
}

/// Names that parameters have or might have.
fn candidates() -> BTreeSet<String> {
    let mut names: BTreeSet<String> = PATHS
        .iter()
        .flat_map(|(path, _)| parameters(path))
        .map(|p| p["name"].as_str().unwrap().to_owned())
        .collect();
    for field in FIELDS {
        for suffix in ["", "!", "_contains", "_prefix", "_min", "_max", "_exact", "_like", "_min!"] {
            names.insert(format!("{}{suffix}", field.name));
        }
        assert!(matches!(
            field.kind,
            Kind::Timestamp | Kind::Text(_) | Kind::Integer | Kind::Count | Kind::Json(_)
        ));
    }
    for name in [
        "status_min",
        "start!",
        "path_exact!",
        "path_exact_min",
        "page!",
        "missing!",
        "present_min",
        "downstream_remote_host_prefix",
        "offset",
        "q",
        "limit",
        "id",
        "created_at",
        "",
    ] {
        names.insert(name.to_owned());
    }
    names
}

fn resolve<'d>(document: &'d Value, reference: &str) -> &'d Value {
    let found = document.pointer(reference.trim_start_matches('#'));
    found.unwrap_or_else(|| panic!("{reference} leads nowhere"))
}

/// Checks a value against those keywords of JSON Schema that the document uses; another one fails.
fn check(document: &Value, schema: &Value, value: &Value, at: &str) {
    for (keyword, expected) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "$ref" => check(document, resolve(document, expected.as_str().unwrap()), value, at),
            "type" => {
                let types = expected.as_array().cloned().unwrap_or_else(|| vec![expected.clone()]);
                let fits = |name: &str| match name {
                    "string" => value.is_string(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "number" => value.is_number(),
                    "boolean" => value.is_boolean(),
                    "null" => value.is_null(),
                    "array" => value.is_array(),
                    "object" => value.is_object(),
                    other => panic!("type {other}"),
                };
                assert!(
                    types.iter().any(|name| fits(name.as_str().unwrap())),
                    "{at}: {value} is no {expected}"
                );
            }
            "const" => assert_eq!(value, expected, "{at}"),
            "enum" => assert!(expected.as_array().unwrap().contains(value), "{at}: {value}"),
            "minimum" => {
                assert!(value.as_i64().is_none_or(|value| value >= expected.as_i64().unwrap()), "{at}")
            }
            "required" => {
                for name in expected.as_array().unwrap() {
                    assert!(value.get(name.as_str().unwrap()).is_some(), "{at}: {name} is missing");
                }
            }
            "properties" => {
                for (name, schema) in expected.as_object().unwrap() {
                    if let Some(member) = value.get(name) {
                        check(document, schema, member, &format!("{at} {name}"));
                    }
                }
            }
            "additionalProperties" => {
                for (name, member) in value.as_object().into_iter().flatten() {
                    if schema["properties"].get(name).is_none() {
                        assert_ne!(expected, &json!(false), "{at}: {name} is not documented");
                        check(document, expected, member, &format!("{at} {name}"));
                    }
                }
            }
            "items" => {
                for item in value.as_array().into_iter().flatten() {
                    check(document, expected, item, at);
                }
            }
            "pattern" => {
                assert_eq!(value.as_str().unwrap().len(), "2026-01-31 12:00:00".len(), "{at}: {value}")
            }
            "description" | "format" | "examples" => {}
            other => panic!("{at}: keyword {other} is not checked"),
        }
    }
}

//! `docs/api.md`: every path of the functions, with parameters, answers and statuses.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use gatelog_functions_shared::metrics::REQUESTS;
use gatelog_ingest::UNAVAILABLE_FOR_OTLP;
use gatelog_query::openapi;
use gatelog_query::params::filters::FILTERS;
use gatelog_record::push::{DROPPED_HEADER, FILTER_HEADER, QUEUE_HEADER, RETRIES_HEADER};
use serde_json::Value;

use super::paths::{EXAMPLES, INGEST, LOGS, OTHERS, Path};
use super::{cell, check, schema};

const HEAD: &str = "\
# The HTTP interface, path by path

<!-- `cargo xtask docs` makes this page from the OpenAPI description of /query and the tables of the functions. -->

[query.md](query.md) says how to use it, and [fields.md](fields.md) lists what a record has. A running gatelog serves the description of `/query` as OpenAPI 3.1 at
`/query/openapi.json`; it is also [in the source](../functions/query/docs/openapi.json).

`HEAD` is answered like `GET`, without the body. An error is `{\"status\":\"error\",\"error\":\"…\"}` and names the problem; under `/query` it also has `\"total\":0,\"logs\":null`. Every 503 has `Retry-After`, in seconds.
`/ingest` and `/v1/logs` expect `authorization: Bearer …` with one token, `/query` [with another](security.md#tokens); `/health` and `/ui` are open. Errors of `/v1/logs` have [the form of OTLP](#post-v1logs).

Every path under `/query` can answer with these statuses; its own table has the others.

COMMON

| request | what it does |
|---|---|
";

/// The statuses that every path of the description has.
const COMMON: [&str; 5] = ["400", "401", "403", "500", "503"];

/// The paths of the description, in the order of the page.
const ORDER: [&str; 15] = [
    "/query",
    "/query/{record_id}",
    "/query/histogram",
    "/query/facets",
    "/query/top",
    "/query/summary",
    "/query/tail",
    "/query/sessions",
    "/query/sessions/{id}",
    "/query/filters/{field}",
    "/query/scenarios",
    "/query/scenarios/{name}",
    "/query/prices",
    "/query/costs/{record_id}",
    "/query/openapi.json",
];

/// Parameters with longer explanations are shown apart; those of scenarios list every scenario.
const MOST_CHARACTERS: usize = 1_000;

#[test]
fn the_page_of_paths_is_that_of_the_code() {
    check("docs/api.md", &page());
}

#[test]
fn the_page_has_every_path_of_the_description_with_an_example() {
    let document = openapi::document();
    let described: BTreeSet<&str> =
        document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(described, BTreeSet::from(ORDER));
    let others = OTHERS.iter().map(|path| path.path).chain([INGEST.path, LOGS.path]);
    let all: BTreeSet<&str> = described.into_iter().chain(others).collect();
    assert_eq!(EXAMPLES.iter().map(|(path, _)| *path).collect::<BTreeSet<_>>(), all);
}

#[test]
fn every_path_of_the_description_has_the_common_statuses() {
    let document = openapi::document();
    let common = |path: &str| -> Vec<(String, String)> {
        answers(&document, path).into_iter().filter(|(status, _)| COMMON.contains(&&**status)).collect()
    };
    for path in ORDER {
        assert_eq!(common(path), common(ORDER[0]), "{path}");
        assert_eq!(common(path).len(), COMMON.len(), "{path}");
    }
}

#[test]
fn the_page_has_every_status_that_ingest_counts() {
    let named = |path: &Path| -> BTreeSet<_> { path.answers.iter().map(|(status, _)| *status).collect() };
    let mut counted: BTreeSet<&str> =
        REQUESTS.values.iter().copied().filter(|status| *status != "other").collect();
    assert_eq!(named(&INGEST), counted);
    for status in UNAVAILABLE_FOR_OTLP {
        assert!(counted.remove(status.as_str()), "{status}");
    }
    assert_eq!(named(&LOGS), counted);
    for header in [FILTER_HEADER, QUEUE_HEADER, DROPPED_HEADER, RETRIES_HEADER] {
        assert!(INGEST.text.contains(&format!("`{header}`")), "{header}");
    }
}

fn page() -> String {
    let document = openapi::document();
    let mut common = String::new();
    let answers = answers(&document, ORDER[0]);
    statuses(&mut common, answers.into_iter().filter(|(status, _)| COMMON.contains(&&**status)));
    let mut page = HEAD.replace("COMMON", common.trim());
    let row = |page: &mut String, method: &str, path: &str, summary: &str| {
        let title = format!("{method} {path}");
        let _ = writeln!(page, "| [`{title}`](#{}) | {} |", anchor(&title), cell(summary));
    };
    for path in [&INGEST, &LOGS] {
        row(&mut page, path.method, path.path, path.summary);
    }
    for path in ORDER {
        row(&mut page, "GET", path, text_of(operation(&document, path), "summary"));
    }
    for path in OTHERS {
        row(&mut page, path.method, path.path, path.summary);
    }
    for path in [&INGEST, &LOGS] {
        plain(&mut page, path);
    }
    for path in ORDER {
        described(&mut page, &document, path);
    }
    for path in OTHERS {
        plain(&mut page, path);
    }
    page
}

/// The anchor that GitHub gives a heading with this text between backticks.
fn anchor(title: &str) -> String {
    let kept = title
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .collect::<String>();
    kept.replace(' ', "-")
}

fn plain(page: &mut String, path: &Path) {
    let _ = write!(page, "\n## `{} {}`\n\n{}\n", path.method, path.path, path.text);
    statuses(
        page,
        path.answers.iter().map(|(status, meaning)| ((*status).to_owned(), (*meaning).to_owned())),
    );
    example(page, path.path);
}

fn described(page: &mut String, document: &Value, path: &str) {
    let operation = operation(document, path);
    let _ = write!(page, "\n## `GET {path}`\n\n{}.\n", text_of(operation, "summary"));
    parameters(page, document, path);
    let success = &operation["responses"]["200"];
    let content = success["content"].as_object().unwrap();
    for (form, content) in content {
        let members = schema::members(document, &content["schema"]);
        let said = content["schema"].get("description").and_then(Value::as_str);
        if !members.is_empty() {
            let _ = write!(page, "\nThe answer as `{form}`:\n\n{members}");
        } else if let Some(said) = said {
            let _ = write!(page, "\nAs `{form}`: {said}\n");
        }
    }
    for (header, described) in success.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let _ = write!(page, "\nThe header `{header}`: {}\n", text_of(described, "description"));
    }
    statuses(page, answers(document, path).into_iter().filter(|(status, _)| !COMMON.contains(&&**status)));
    example(page, path);
}

/// The statuses of a path with their meanings.
fn answers(document: &Value, path: &str) -> Vec<(String, String)> {
    let answers = operation(document, path)["responses"].as_object().unwrap().iter();
    let meaning = |answer: &Value| match answer.get("$ref").and_then(Value::as_str) {
        Some(target) => text_of(schema::resolve(document, target), "description").to_owned(),
        None => text_of(answer, "description").to_owned(),
    };
    answers.map(|(status, answer)| (status.clone(), meaning(answer))).collect()
}

fn parameters(page: &mut String, document: &Value, path: &str) {
    let all = operation(document, path)["parameters"].as_array().unwrap();
    let is_filter = |parameter: &Value| {
        let name = text_of(parameter, "name");
        name == "filters" || path == "/query" && FILTERS.iter().any(|filter| filter.name == name)
    };
    let (filters, own): (Vec<&Value>, Vec<&Value>) = all.iter().partition(|parameter| is_filter(parameter));
    if !filters.is_empty() {
        let beside = if own.is_empty() { "" } else { ", and these" };
        let _ =
            write!(page, "\nIt takes every filter: the parameters of all [fields](fields.md#kinds){beside}");
        page.push_str(if own.is_empty() { ".\n" } else { ":\n" });
    }
    if own.is_empty() {
        return;
    }
    page.push_str("\n| parameter | values | default | meaning |\n|---|---|---|---|\n");
    for parameter in own {
        let schema = &parameter["schema"];
        let default = match schema.get("default") {
            Some(Value::String(text)) => format!("`{text}`"),
            Some(other) => format!("`{other}`"),
            None if parameter["in"] == "path" => "in the path".to_owned(),
            None => String::new(),
        };
        let meaning = text_of(parameter, "description");
        let meaning = if meaning.len() > MOST_CHARACTERS {
            "One of those that `/query/scenarios` lists."
        } else {
            meaning
        };
        let (name, values) = (text_of(parameter, "name"), schema::values(document, schema));
        let _ = writeln!(page, "| `{name}` | {} | {default} | {} |", cell(&values), cell(meaning));
    }
}

fn statuses(page: &mut String, answers: impl Iterator<Item = (String, String)>) {
    page.push_str("\n| status | when |\n|---|---|\n");
    for (status, meaning) in answers {
        let _ = writeln!(page, "| {status} | {} |", cell(&meaning));
    }
}

fn example(page: &mut String, path: &str) {
    let (_, arguments) = EXAMPLES.iter().find(|(of, _)| *of == path).unwrap();
    let token = if path.starts_with("/query") { "-H \"authorization: Bearer $QUERY_TOKEN\" " } else { "" };
    let _ = write!(page, "\n```sh\ncurl {token}{arguments}\n```\n");
}

fn operation<'d>(document: &'d Value, path: &str) -> &'d Value {
    &document["paths"][path]["get"]
}

fn text_of<'v>(value: &'v Value, member: &str) -> &'v str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

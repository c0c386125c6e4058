//! `docs/fields.md`: every field of a record.

use std::fmt::Write as _;

use gatelog_otlp::attributes::{ATTRIBUTES, Attribute, Conversion, OWN_PREFIX, PLACES, written_as};
use gatelog_query::params::filters::FILTERS;
use gatelog_query::params::options::sortable;
use gatelog_record::{FIELDS, Field, Kind, Origin};
use gatelog_storage::aggregate::Grouping;
use gatelog_storage::{Dialect, schema};

use super::sources::{self, SOURCES, Source};
use super::{cell, check, codes, kong};

const HEAD: &str = "\
# The fields of a record

<!-- `cargo xtask docs` makes this page from record/src/fields.rs and the tables that use it. -->

A field has one name everywhere: it is the key in JSON, the column in `access_logs`, the parameter of [`/query`](query.md#asking) and the column of an export.
[configuration.md](configuration.md#the-record) explains the fields whose meaning is not obvious, and [api.md](api.md) lists the paths that take them.

## Kinds

A value over its bound is cut or left out; only a `record_id` of another form, a `response_code` outside 0 to 999 and a `start_time` outside 1970 to 2038 cause their record to be rejected. In libSQL and Turso the column of a time, a text or a JSON value is `TEXT`, and that of a number `INTEGER`. [query.md](query.md#asking) explains the parameters;
`f` stands for the name of the field.

| kind | in JSON | parameters |
|---|---|---|
";

const LEGEND: &str = "
A number that is not *always* there is left out where there is none. `/query` sorts by times, by numbers, and by SORTABLE; it groups by every field except times, JSON and bodies.

## Fields

- **set by**: *filter* is the proxy-wasm filter and Envoy's module with its HTTP filter; *logger* is either of them [as access logger alone](configuration.md#as-envoys-access-logger), without the
  HTTP filter; *pusher* is Higress's db-log-pusher; *ingest* is gatelog itself. A client of [`/ingest`](api.md#post-ingest) or [`/v1/logs`](api.md#post-v1logs) can send every field that ingest does not set.
- **from**: attributes of Envoy, headers and properties; *calls* are the bodies of AI and MCP calls. [redact](configuration.md#secrets-headers-and-bodies) applies before a value is recorded.
- **in OpenTelemetry**: the attribute as which a field [goes out](otlp.md#out), or the member of the log record; [`/v1/logs`](otlp.md#names) reads it, the names after *read*, and the field's own name, with `OWN` before it or without.
  An attribute with (s) is in seconds. Costs are written and never read.
- **in Kong's log**: the members of a [syslog message](../syslog/README.md) that depend on the field.

The first COUNT keys are those of db-log-pusher and its collector, which returns those marked *always* for every record; the others are gatelog's.

| field | kind | in MySQL, MariaDB | set by | from | other parameters | in OpenTelemetry | in Kong's log | meaning |
|---|---|---|---|---|---|---|---|---|
";

#[test]
fn the_page_of_fields_is_that_of_the_tables() {
    check("docs/fields.md", &page());
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for (kind, json, parameters) in [
        ("time", "RFC 3339 in UTC, with microseconds", "`start_time`, `end_time`"),
        ("text *n*", "at most *n* characters", "`f=`, `f!=`, `f_prefix=`, `f_contains=`"),
        ("number", "a whole number", "`f=`, `f!=`, `f_min=`, `f_max=`"),
        ("JSON *n*", "an object of at most *n* bytes", "`f_contains=`"),
    ] {
        let _ = writeln!(page, "| {kind} | {json} | {parameters} |");
    }
    let texts = sortable().filter(|field| matches!(field.kind, Kind::Text(_))).map(|field| field.name);
    let of_reference = FIELDS.iter().filter(|field| field.origin != Origin::Added).count();
    page += &LEGEND
        .replace("SORTABLE", &codes(texts))
        .replace("OWN", OWN_PREFIX)
        .replace("COUNT", &of_reference.to_string());
    let members = kong::members();
    for field in
        FIELDS.iter().filter(is_of_reference).chain(FIELDS.iter().filter(|field| !is_of_reference(field)))
    {
        let source = SOURCES.iter().find(|source| source.field == field.name).unwrap();
        let _ = writeln!(
            page,
            "| `{}` | {} | `{}` | {} | {} | {} | {} | {} | {} |",
            field.name,
            kind_of(field),
            column(field),
            set_by(field, source),
            cell(&sources::from(field.name)),
            codes(other_parameters(field)),
            in_opentelemetry(field),
            codes(members.get(field.name).into_iter().flatten()),
            cell(field.doc),
        );
    }
    page
}

fn is_of_reference(field: &&Field) -> bool {
    field.origin != Origin::Added
}

fn kind_of(field: &Field) -> String {
    match field.kind {
        Kind::Timestamp => "time, always".to_owned(),
        Kind::Text(most) => format!("text {most}"),
        Kind::Integer => "number, always".to_owned(),
        Kind::Count => "number".to_owned(),
        Kind::Json(most) => format!("JSON {most}"),
    }
}

fn set_by(field: &Field, source: &Source) -> String {
    let mut producers: Vec<&str> = source.set_by.to_vec();
    if field.origin != Origin::Added {
        producers.push("pusher");
    }
    if producers.is_empty() { "clients of `/ingest`".to_owned() } else { producers.join(", ") }
}

/// The type of the field's column, from the statement that makes the table on MySQL.
fn column(field: &Field) -> String {
    let table = schema::statements(Dialect::Mysql)
        .into_iter()
        .find(|statement| statement.contains("TABLE IF NOT EXISTS access_logs"))
        .unwrap();
    let start = format!("  {} ", field.name);
    let line = table.lines().find_map(|line| line.strip_prefix(&start)).unwrap();
    let kind =
        line.trim_end_matches(',').split(" NOT NULL").next().unwrap().split(" CHARACTER SET").next().unwrap();
    kind.to_owned()
}

/// The name under which the field is written as OpenTelemetry's log, and the names under which it is read besides.
fn in_opentelemetry(field: &Field) -> String {
    let mut written: Vec<String> = match PLACES.iter().find(|(name, _)| *name == field.name) {
        Some((_, place)) => vec![format!("`{place}`")],
        None => written_as(field.name).map(name_of).collect(),
    };
    if written.is_empty() {
        written.push(format!("`{OWN_PREFIX}{}`", field.name));
    }
    let read = ATTRIBUTES.iter().filter(|row| row.field == field.name).map(name_of);
    let read: Vec<String> = read.filter(|name| !written.contains(name)).collect();
    let written = written.join(", ");
    if read.is_empty() { written } else { format!("{written}; read {}", read.join(", ")) }
}

fn name_of(row: &Attribute) -> String {
    match row.conversion {
        Conversion::Header => format!("`{}NAME`", row.name),
        Conversion::Seconds => format!("`{}` (s)", row.name),
        _ => format!("`{}`", row.name),
    }
}

/// The parameters of the field that are not made of its name in the way of its kind.
fn other_parameters(field: &Field) -> Vec<&'static str> {
    let is_made = |name: &str| {
        let suffix = name.strip_prefix(field.name);
        let suffixes: &[&str] = match field.kind {
            Kind::Timestamp => &[""],
            Kind::Text(_) => &["", "!", "_contains", "_prefix"],
            Kind::Integer | Kind::Count => &["", "!", "_min", "_max"],
            Kind::Json(_) => &["_contains"],
        };
        suffix.is_some_and(|suffix| suffixes.contains(&suffix))
    };
    FILTERS
        .iter()
        .filter(|filter| filter.field.name == field.name && !is_made(&filter.name))
        .map(|filter| &*filter.name)
        .collect()
}

#[test]
fn every_field_says_where_it_comes_from_and_nothing_else_does() {
    let named: Vec<&str> = SOURCES.iter().map(|source| source.field).collect();
    let fields: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
    assert_eq!(
        named, fields,
        "xtask/tests/documents/generated/sources.rs lists the fields in the table's order"
    );
}

#[test]
fn the_kinds_on_the_page_have_the_parameters_of_their_fields() {
    for field in FIELDS {
        let suffixes: &[&str] = match field.kind {
            Kind::Timestamp => &[],
            Kind::Text(_) => &["", "!", "_prefix", "_contains"],
            Kind::Integer | Kind::Count => &["", "!", "_min", "_max"],
            Kind::Json(_) => &["_contains"],
        };
        // A path is asked for exactly under another name.
        for suffix in suffixes.iter().filter(|suffix| (field.name, **suffix) != ("path", "!")) {
            let name = format!("{}{suffix}", field.name);
            assert!(FILTERS.iter().any(|filter| filter.name == name), "{name}");
        }
    }
}

#[test]
fn records_are_grouped_by_the_fields_that_the_page_says() {
    let grouped: Vec<&str> = Grouping::all().map(Grouping::name).collect();
    for field in FIELDS {
        let is_body = matches!(field.kind, Kind::Text(most) if most > 8_192);
        let is_left_out = is_body || matches!(field.kind, Kind::Timestamp | Kind::Json(_));
        assert_eq!(grouped.contains(&field.name), !is_left_out, "{}", field.name);
    }
}

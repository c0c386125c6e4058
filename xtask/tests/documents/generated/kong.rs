//! The members of Kong's log that depend on a field: two records that differ in it alone are serialized, and the members that
//! differ are named.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use gatelog_record::fields::Member;
use gatelog_record::{AccessRecord, FIELDS, Timestamp};
use gatelog_syslog::kong::{RequestView, serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// The members by the names of fields.
pub fn members() -> BTreeMap<&'static str, BTreeSet<String>> {
    let usual = leaves(&record(None));
    let differing = |field: &str| {
        let other = leaves(&record(Some(field)));
        let names: BTreeSet<&String> = usual.keys().chain(other.keys()).collect();
        let names = names.into_iter().filter(|name| usual.get(*name) != other.get(*name));
        names.cloned().collect()
    };
    FIELDS.iter().map(|field| (field.name, differing(field.name))).collect()
}

/// A record with all fields; the named one has another value than usual.
fn record(other: Option<&str>) -> AccessRecord<'static> {
    let mut record = AccessRecord::default();
    for field in FIELDS {
        let n = if other == Some(field.name) { 2 } else { 1 };
        match record.member_mut(field.name).unwrap() {
            Member::Timestamp(time) => *time = Some(Timestamp::from_micros(1_769_860_800_000_000 + n)),
            Member::Text(text) => *text = Cow::Owned(text_of(field.name, n)),
            Member::Integer(number) => *number = number_of(field.name, n),
            Member::Count(number) => *number = Some(number_of(field.name, n)),
            Member::Json(json) => {
                let text = format!("{{\"x-name\":\"{n}\"}}");
                *json = Some(Cow::Owned(RawValue::from_string(text).unwrap()));
            }
        }
    }
    // Milliseconds, and a difference that shows in them.
    if other == Some("start_time") {
        record.start_time = Some(Timestamp::from_micros(1_769_860_900_000_000));
    }
    record
}

fn text_of(field: &str, n: i64) -> String {
    match field {
        "authority" => format!("host{n}.example"),
        "path" | "upstream_path" => format!("/{field}{n}?argument={n}"),
        "scheme" => if n == 1 { "https" } else { "http" }.to_owned(),
        "trace_id" => n.to_string().repeat(32),
        "upstream_host"
        | "upstream_local_address"
        | "downstream_local_address"
        | "downstream_remote_address" => {
            format!("10.0.0.{n}:800{n}")
        }
        "upstream_service_time" => (10 + n).to_string(),
        "upstream_cluster" => format!("outbound|800{n}||service{n}.example"),
        "response_code_details" => {
            if n == 1 { "via_upstream" } else { "upstream_response_timeout" }.to_owned()
        }
        _ => format!("{field}{n}"),
    }
}

fn number_of(field: &str, n: i64) -> i64 {
    match field {
        "duration" => 100 + n,
        "time_to_headers" => 50 + n,
        "mtls" => n - 1,
        _ => n,
    }
}

/// The values of Kong's log by the names of their members.
fn leaves(record: &AccessRecord<'_>) -> BTreeMap<String, Value> {
    let mut leaves = BTreeMap::new();
    for (name, value) in serialize(&RequestView::from_record(record)) {
        collect(&name, &value, &mut leaves);
    }
    leaves
}

fn collect(name: &str, value: &Value, leaves: &mut BTreeMap<String, Value>) {
    match value {
        // A name of a header or an argument is the request's.
        Value::Object(members) if name.ends_with("querystring") => {
            leaves.insert(name.to_owned(), Value::Object(members.clone()));
        }
        Value::Object(members) => {
            for (member, value) in members {
                collect(&format!("{name}.{member}"), value, leaves);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            leaves.insert(format!("{name}[]"), items.len().into());
            if let Some(last) = items.last() {
                collect(&format!("{name}[]"), last, leaves);
            }
        }
        other => {
            leaves.insert(name.to_owned(), other.clone());
        }
    }
}

#[test]
fn what_depends_on_a_field_is_found_by_changing_it() {
    let members = members();
    let of = |field: &str| members[field].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(of("method"), ["request.method"]);
    assert_eq!(of("response_code"), ["response.status", "upstream_status"]);
    assert_eq!(of("upstream_attempts"), ["tries[]"]);
    assert_eq!(of("cost_nano"), [""; 0]);
}

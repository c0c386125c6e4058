//! Cases from the field (`testdata/cases`): what gateways and their users met elsewhere, and what a right record holds.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::exchange::{Exchange, differences};

/// What a case expects that was written before input came to mean everything that the model read: of Anthropic and Bedrock it
/// leaves caches out there. What their other case expects (20) holds for all.
const MEANS_EVERYTHING: [(&str, &str, i64); 2] =
    [("01-gzip-sse", "input_tokens", 25 + 7), ("17-bedrock-converse", "input_tokens", 30 + 1_024)];

/// Splits that are tried of a body, spread over it.
const SPLITS: usize = 400;

#[derive(Debug, Deserialize)]
struct Case {
    id: String,
    title: String,
    expected: Map<String, Value>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/cases")
}

fn cases() -> Vec<Case> {
    let text = std::fs::read(folder().join("expected.json")).unwrap();
    let mut cases: Vec<Case> = serde_json::from_slice(&text).unwrap();
    for case in &mut cases {
        for (_, field, number) in MEANS_EVERYTHING.iter().filter(|(id, ..)| *id == case.id) {
            case.expected.insert((*field).to_owned(), json!(number));
        }
    }
    cases
}

fn exchange(case: &Case) -> Exchange {
    Exchange::load(&folder().join(format!("{}.exchange.json", case.id)))
}

#[test]
fn every_case_of_the_field_has_the_record_that_it_expects() {
    let mut failures = Vec::new();
    for case in cases() {
        let differences = differences(&exchange(&case).record(), &case.expected);
        if !differences.is_empty() {
            failures.push(format!("{} ({}): {}", case.id, case.title, differences.join("; ")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_exchange_in_the_folder_is_a_case() {
    let ids: Vec<String> = cases().into_iter().map(|case| case.id).collect();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(id) = name.strip_suffix(".exchange.json") {
            assert!(ids.iter().any(|known| known == id), "{name}");
        }
    }
}

#[test]
fn the_record_of_a_case_is_the_same_wherever_its_answer_is_split() {
    for case in cases() {
        let exchange = exchange(&case);
        let whole = exchange.record();
        let size = exchange.response_size();
        for at in (0..size).step_by(size.div_ceil(SPLITS).max(1)) {
            assert_eq!(exchange.split_at(at).record(), whole, "{} split at {at}", case.id);
        }
        if size < 10_000 {
            assert_eq!(exchange.in_crumbs().record(), whole, "{} byte by byte", case.id);
        }
    }
}

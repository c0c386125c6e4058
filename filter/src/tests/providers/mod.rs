//! Answers of every provider, as they come and in other forms that mean the same: the record that each makes.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::exchange::{Exchange, differences};
use crate::ai::usage::keys::{ANSWER, Meaning, ROOT};

mod anthropic;
mod bedrock;
mod broken_off;
mod google;
mod not_ai;
mod openai;
mod others;
mod responses;

/// A call and the fields of its record.
#[derive(Clone, Debug)]
pub struct Shape {
    pub name: &'static str,
    pub path: &'static str,
    pub request: &'static str,
    pub answer: Answer,
    pub expected: Map<String, Value>,
}

/// The answer to a call.
#[derive(Clone, Debug)]
pub enum Answer {
    Json(&'static str),
    /// The data of each event.
    Events(&'static [&'static str]),
    /// One a line.
    Lines(&'static [&'static str]),
    /// Event type and payload of each frame.
    Frames(Vec<(&'static str, String)>),
}

/// A shape; what it expects is the inside of a JSON object.
macro_rules! shape {
    ($name:literal, $path:expr, $request:expr, $answer:expr, { $($expected:tt)* }) => {
        $crate::tests::providers::Shape {
            name: $name,
            path: $path,
            request: $request,
            answer: $answer,
            expected: serde_json::json!({ $($expected)* }).as_object().unwrap().clone(),
        }
    };
}
use shape;

impl Answer {
    /// Its content type.
    pub fn content_type(&self) -> &'static str {
        match self {
            Self::Json(_) => "application/json",
            Self::Events(_) => "text/event-stream",
            Self::Lines(_) => "application/x-ndjson",
            Self::Frames(_) => "application/vnd.amazon.eventstream",
        }
    }

    /// The body.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Json(text) => text.as_bytes().to_vec(),
            Self::Events(events) => {
                events.iter().flat_map(|event| format!("data: {event}\n\n").into_bytes()).collect()
            }
            Self::Lines(lines) => lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect(),
            Self::Frames(frames) => {
                frames.iter().flat_map(|(event, payload)| bedrock::frame(event, payload.as_bytes())).collect()
            }
        }
    }

    /// The JSON texts in it.
    fn texts(&self) -> Vec<String> {
        match self {
            Self::Json(text) => vec![(*text).to_owned()],
            Self::Events(texts) | Self::Lines(texts) => texts.iter().map(|text| (*text).to_owned()).collect(),
            Self::Frames(frames) => frames
                .iter()
                .map(|(_, payload)| match crate::ai::usage::base64_payload::inside(payload.as_bytes()) {
                    Some(inside) => String::from_utf8(inside).unwrap(),
                    None => payload.clone(),
                })
                .collect(),
        }
    }
}

impl Shape {
    fn exchange(&self) -> Exchange {
        Exchange::call(self.path, self.request, self.answer.content_type(), &self.answer.bytes())
    }
}

/// The shapes of all providers.
pub fn shapes() -> Vec<Shape> {
    [
        openai::shapes(),
        responses::shapes(),
        anthropic::shapes(),
        google::shapes(),
        bedrock::shapes(),
        others::shapes(),
        not_ai::shapes(),
    ]
    .concat()
}

#[test]
fn every_providers_answer_makes_the_record_that_it_means() {
    let failures: Vec<String> = shapes()
        .iter()
        .filter_map(|shape| {
            let differences = differences(&shape.exchange().record(), &shape.expected);
            (!differences.is_empty()).then(|| format!("{}: {}", shape.name, differences.join("; ")))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn an_answer_means_the_same_wherever_it_is_split() {
    for shape in shapes() {
        let exchange = shape.exchange();
        let whole = exchange.record();
        for at in 0..exchange.response_size() {
            assert_eq!(exchange.split_at(at).record(), whole, "{} split at {at}", shape.name);
        }
        assert_eq!(exchange.in_crumbs().record(), whole, "{} byte by byte", shape.name);
    }
}

#[test]
fn neither_a_wrong_content_type_nor_marks_and_blanks_before_an_answer_change_its_meaning_on_an_ai_path() {
    for shape in shapes().iter().filter(|shape| crate::ai::paths::is_ai_path(shape.path)) {
        let bytes = shape.answer.bytes();
        let is_text = !matches!(shape.answer, Answer::Frames(_));
        let whole = shape.exchange().record();
        // One line alone is no stream without its content type.
        let types: &[&str] = if matches!(shape.answer, Answer::Lines(_)) {
            &[]
        } else {
            &["", "text/plain", "text/html", "application/octet-stream"]
        };
        for content_type in types {
            let exchange = Exchange::call(shape.path, shape.request, content_type, &bytes);
            assert_eq!(exchange.record(), whole, "{} as {content_type:?}", shape.name);
        }
        for before in [&b"\xef\xbb\xbf"[..], b"\r\n \n", b"\xef\xbb\xbf\n\n", &[b'\n'; 300]] {
            let bytes = [before, &bytes].concat();
            let exchange = Exchange::call(shape.path, shape.request, shape.answer.content_type(), &bytes);
            if is_text {
                assert_eq!(exchange.record(), whole, "{} behind {before:?}", shape.name);
            }
        }
    }
}

#[test]
fn an_event_stream_means_the_same_however_its_lines_are_written() {
    for shape in shapes() {
        let Answer::Events(events) = shape.answer else { continue };
        let expected = shape.exchange().record();
        let written = |write: &dyn Fn(&str) -> String| {
            let body: String = events.iter().map(|event| write(event)).collect();
            Exchange::call(shape.path, shape.request, "text/event-stream", body.as_bytes()).record()
        };
        let crlf = |event: &str| format!("event: x\r\ndata: {event}\r\n\r\n");
        let bare = |event: &str| format!(": comment\nid:1\ndata:{event}\nretry: 3\n\n");
        let cr = |event: &str| format!("data: {event}\r\r");
        // A line may end between any two tokens of a JSON text.
        let lines = |event: &str| {
            let after_brace = event.replacen('{', "{\ndata: ", 1);
            format!("data: {after_brace}\n\n")
        };
        for (name, found) in [
            ("CRLF", written(&crlf)),
            ("comments", written(&bare)),
            ("CR", written(&cr)),
            ("data in several lines", written(&lines)),
        ] {
            assert_eq!(found, expected, "{} with {name}", shape.name);
        }
    }
}

#[test]
fn every_path_of_the_table_is_in_an_answer() {
    let mut seen = HashSet::new();
    let texts = shapes().iter().flat_map(|shape| shape.answer.texts()).collect::<Vec<_>>();
    for text in texts {
        if let Ok(value) = serde_json::from_str(&text) {
            visit(&value, ROOT, &mut seen);
        }
    }
    let is_missing = |path: &&str| {
        let node = path.split('.').try_fold(ROOT, |node, key| ANSWER.child(node, key.as_bytes())).unwrap();
        !seen.contains(&node)
    };
    let missing: Vec<&str> = ANSWER.paths().filter(is_missing).collect();
    assert!(missing.is_empty(), "no answer has {missing:#?}");
    assert_eq!(ANSWER.meaning(ROOT), None::<Meaning>);
}

/// Notes the node of every value.
fn visit(value: &Value, node: u16, seen: &mut HashSet<u16>) {
    if !value.is_null() {
        seen.insert(node);
    }
    let inside = ANSWER.inside(node);
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                if let Some(child) = ANSWER.child(inside, key.as_bytes()) {
                    visit(value, child, seen);
                }
            }
        }
        Value::Array(elements) => {
            if let Some(child) = ANSWER.child(inside, b"*") {
                elements.iter().for_each(|element| visit(element, child, seen));
            }
        }
        _ => {}
    }
}

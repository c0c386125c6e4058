//! What the body of one push holds: a single JSON object (db-log-pusher), a JSON array of objects (gatelog's filter),
//! or one object a line (NDJSON).
//!
//! The form is read from the body itself: `[` begins an array; anything else is one or more objects, separated by
//! white space. An element that is no record does not spoil the others: it is reported with its index.

use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

use crate::AccessRecord;

/// The records of a body, and what could not be read as one.
#[derive(Debug, Default)]
pub struct Batch<'a> {
    /// Each record with its index in the body.
    pub records: Vec<(usize, AccessRecord<'a>)>,
    /// What was refused, in the order of the body.
    pub rejected: Vec<Rejected>,
}

/// One element of a body that is no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Position in the body, from 0.
    pub index: usize,
    /// What is wrong; names the key where one is at fault.
    pub error: String,
}

/// Why nothing of a body could be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BatchError {
    /// The body has no content.
    #[error("the body is empty: send one JSON object, an array of objects, or one object a line")]
    Empty,
    /// The body is not UTF-8.
    #[error("the body is not UTF-8: byte {position} is invalid")]
    NotUtf8 {
        /// Offset of the first invalid byte.
        position: usize,
    },
    /// The body is not JSON.
    #[error("the body is not JSON: {source}")]
    NotJson {
        /// Where and why, from the JSON reader.
        source: serde_json::Error,
    },
    /// The body holds more elements than the limit.
    #[error("the body holds more than {max_records} records: send smaller batches")]
    TooMany {
        /// The limit.
        max_records: usize,
    },
}

/// Reads a body of at most `max_records` records.
///
/// # Errors
///
/// When nothing can be read: no content, not UTF-8, not JSON, or more than `max_records` elements. A body that is cut
/// off is not JSON as a whole, even when complete records stand before the cut.
pub fn decode(body: &[u8], max_records: usize) -> Result<Batch<'_>, BatchError> {
    let text =
        std::str::from_utf8(body).map_err(|error| BatchError::NotUtf8 { position: error.valid_up_to() })?;
    let text = text.trim_ascii();
    if text.is_empty() {
        return Err(BatchError::Empty);
    }
    // The common case is a batch without fault: one pass, nothing read twice.
    if text.starts_with('[') {
        match serde_json::from_str::<Vec<AccessRecord<'_>>>(text) {
            Ok(records) if records.len() <= max_records => {
                return Ok(Batch {
                    records: records.into_iter().enumerate().collect(),
                    rejected: Vec::new(),
                });
            }
            Ok(_) => return Err(BatchError::TooMany { max_records }),
            Err(_) => {}
        }
    }
    one_by_one(elements(text, max_records)?)
}

fn elements(text: &str, max_records: usize) -> Result<Vec<&RawValue>, BatchError> {
    let not_json = |source| BatchError::NotJson { source };
    let elements: Vec<&RawValue> = if text.starts_with('[') {
        serde_json::from_str(text).map_err(not_json)?
    } else {
        serde_json::Deserializer::from_str(text)
            .into_iter::<&RawValue>()
            .take(max_records.saturating_add(1))
            .collect::<Result<_, _>>()
            .map_err(not_json)?
    };
    if elements.len() > max_records { Err(BatchError::TooMany { max_records }) } else { Ok(elements) }
}

fn one_by_one(elements: Vec<&RawValue>) -> Result<Batch<'_>, BatchError> {
    let mut batch = Batch::default();
    for (index, element) in elements.into_iter().enumerate() {
        match AccessRecord::deserialize(element) {
            Ok(record) => batch.records.push((index, record)),
            Err(error) => batch.rejected.push(Rejected { index, error: without_position(&error) }),
        }
    }
    Ok(batch)
}

/// The error's text without "at line 1 column 7": the position is that inside the element, and misleads.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text.get(..end).unwrap_or(&text).to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_object_an_array_and_lines_are_read() {
        for (body, count) in [
            (r#"{"method":"GET"}"#, 1),
            (r#" [{"method":"GET"},{"method":"PUT"}] "#, 2),
            ("{\"method\":\"GET\"}\n{\"method\":\"PUT\"}\r\n\n{\"method\":\"PUT\"}\n", 3),
            ("[]", 0),
        ] {
            let batch = decode(body.as_bytes(), 10).unwrap();
            assert_eq!(batch.records.len(), count, "{body}");
            assert!(batch.rejected.is_empty());
        }
    }

    #[test]
    fn an_element_that_is_no_record_does_not_spoil_the_others() {
        let batch = decode(br#"[{"path":"/a"},7,{"path":false},{"path":"/b"}]"#, 10).unwrap();
        let indexes: Vec<usize> = batch.records.iter().map(|(index, _)| *index).collect();
        assert_eq!(indexes, [0, 3]);
        assert_eq!(
            batch.rejected,
            [
                Rejected {
                    index: 1,
                    error:
                        "invalid type: integer `7`, expected a JSON object with the keys of an access record"
                            .into()
                },
                Rejected { index: 2, error: "path: invalid type: boolean `false`, expected a string".into() },
            ]
        );
    }

    #[test]
    fn a_body_that_cannot_be_read_says_why() {
        for (body, error) in [
            (&b""[..], "the body is empty"),
            (b"  \n", "the body is empty"),
            (b"{\"path\":\"/\xff\"}", "byte 10 is invalid"),
            (b"[{\"path\":", "the body is not JSON: EOF while parsing"),
            (b"<xml/>", "the body is not JSON: expected value at line 1 column 1"),
            (b"[{},{},{}]", "more than 2 records"),
            (b"{}{}{}", "more than 2 records"),
        ] {
            let answer = decode(body, 2).unwrap_err().to_string();
            assert!(answer.contains(error), "{answer}");
        }
    }

    #[test]
    fn deep_nesting_is_no_trouble() {
        let body = format!("{{\"unknown\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        let batch = decode(body.as_bytes(), 10);
        assert!(batch.is_ok_and(|batch| batch.records.len() + batch.rejected.len() == 1));
    }

    proptest! {
        #[test]
        fn no_input_makes_the_decoder_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&body, 3);
        }

        #[test]
        fn any_json_like_text_is_read_or_refused(body in "[\\[\\]{}\":,0-9a-z \\n\\\\]{0,80}") {
            let _ = decode(body.as_bytes(), 3);
        }
    }
}

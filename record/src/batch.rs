//! What the body of one push holds: a single JSON object (db-log-pusher), a JSON array of objects (gatelog's filter),
//! or one object a line (NDJSON).
//!
//! The body itself shows its form: `[` begins an array; anything else is one or more objects, separated by white
//! space. An element that is not a record does not affect the others; it is reported with its index. Broken
//! characters are repaired in place.
//!
//! Elements are counted before they are read, and everything after the last allowed element is ignored, so the memory
//! that a body costs is bounded by the limit, not by its number of elements.

mod array;
mod contents;
mod element;
mod lines;

pub use contents::{Batch, BatchError, Rejected};

use crate::mend;
use contents::is_blank;

/// Reads a body of at most `max_records` records.
///
/// # Errors
///
/// When nothing can be read: no content, no JSON at all, or more than `max_records` elements. A truncated array is
/// refused as a whole, even when it has complete records before the cut. In NDJSON, only the unreadable lines are
/// rejected.
pub fn decode(body: &[u8], max_records: usize) -> Result<Batch<'_>, BatchError> {
    match std::str::from_utf8(body) {
        Ok(text) => read(text, max_records),
        Err(_) => {
            let (text, mended) = mend::utf8(body);
            let mut batch = read(&text, max_records)?.into_owned();
            batch.values_lost += mended;
            Ok(batch)
        }
    }
}

fn read(text: &str, max_records: usize) -> Result<Batch<'_>, BatchError> {
    let text = text.trim_matches(is_blank);
    if text.is_empty() {
        return Err(BatchError::Empty);
    }
    if text.starts_with('[') { array::read(text, max_records) } else { lines::read(text, max_records) }
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
            assert_eq!((batch.rejected.len(), batch.values_lost), (0, 0));
        }
    }

    #[test]
    fn an_element_that_is_not_a_record_does_not_spoil_the_others() {
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
            (b"\xef\xbb\xbf", "the body is empty"),
            (b"[{\"path\":", "the body is not JSON: EOF while parsing"),
            (b"{\"path\":\"/\xff", "the body is not JSON: EOF while parsing"),
            (b"[{\"path\":\"/a\"}", "the body is not JSON: EOF while parsing"),
            (b"<xml/>", "the body is not JSON: expected value at line 1 column 1"),
            (b"<a>\n<b>\n<c>\n", "the body is not JSON: expected value at line 1 column 1"),
            (b"[{},{},{}]", "more than 2 records"),
            (b"{}{}{}", "more than 2 records"),
        ] {
            let answer = decode(body, 2).unwrap_err().to_string();
            assert!(answer.contains(error), "{answer}");
        }
    }

    #[test]
    fn anything_after_the_last_allowed_record_is_ignored() {
        for body in [
            "[{\"path\":\"/a\"},{\"path\":\"/b\"},}}} no JSON",
            "[{\"path\":\"/a\"},{\"duration\":\"long\"},}}} no JSON",
            "{\"path\":\"/a\"}\n{\"path\":\"/b\"}\n}}} no JSON",
        ] {
            assert!(
                matches!(decode(body.as_bytes(), 2), Err(BatchError::TooMany { max_records: 2 })),
                "{body}"
            );
        }
    }

    #[test]
    fn an_object_without_a_known_key_is_rejected() {
        for body in
            ["[{},{\"path\":\"/a\"},{\"level\":\"info\"}]", "{}\n{\"path\":\"/a\"}\n{\"level\":\"info\"}"]
        {
            let batch = decode(body.as_bytes(), 10).unwrap();
            assert_eq!(indexes(&batch), ([1].into(), [0, 2].into()));
            assert!(batch.rejected[0].error.contains("no key of an access record"), "{:?}", batch.rejected);
        }
    }

    #[test]
    fn only_the_unreadable_line_is_rejected() {
        for body in [
            "{\"path\":\"/a\"}\n{\"path\":\n{\"path\":\"/b\"}\n",
            "{\"path\":\"/a\"}\nno JSON {\"path\":\"/x\"}\n{\"path\":\"/b\"}\n",
            "{\"path\":\"/a\"}\n{\"path\":[\"/x\"\n{\"path\":\"/b\"}\n",
            "{\"path\":\"/a\"}\n{\"path\":\"/x\n{\"path\":\"/b\"}\n",
            "{\"path\":\"/a\"}\n{\"path\":false}\n{\"path\":\"/b\"}\n",
            "\u{feff}{\"path\":\"/a\"}\r\n]\r\n\u{feff}{\"path\":\"/b\"}\r\n",
        ] {
            let batch = decode(body.as_bytes(), 3).unwrap();
            assert_eq!(indexes(&batch), ([0, 2].into(), [1].into()), "{body}");
            let paths: Vec<&str> = batch.records.iter().map(|(_, record)| &*record.path).collect();
            assert_eq!(paths, ["/a", "/b"]);
        }
        let cut = decode(b"{\"path\":\"/a\"}\n{\"path\":\"/b", 3).unwrap();
        assert_eq!(indexes(&cut), ([0].into(), [1].into()));
        assert!(cut.rejected[0].error.starts_with("it is not JSON: EOF while parsing"), "{:?}", cut.rejected);
    }

    #[test]
    fn objects_over_several_lines_are_read() {
        let body = "{\n  \"path\": \"/a\"\n}\n{\n  \"path\": \"/b\"\n}\n";
        assert_eq!(decode(body.as_bytes(), 2).unwrap().records.len(), 2);
    }

    #[test]
    fn broken_characters_cost_neither_the_record_nor_the_batch() {
        for (body, path) in [
            (&b"[{\"path\":\"/a\"},{\"path\":\"/\xff\"},{\"path\":\"/b\"}]"[..], "/\u{fffd}"),
            (b"{\"path\":\"/a\"}\n{\"path\":\"/\xff\"}\n{\"path\":\"/b\"}", "/\u{fffd}"),
            (br#"[{"path":"/a"},{"path":"/\ud83d"},{"path":"/b"}]"#, "/\u{fffd}"),
            (br#"{"path":"/a"} {"path":"/\ud83d"} {"path":"/b"}"#, "/\u{fffd}"),
            (b"[{\"path\":\"/a\"},{\"path\":\"/\x01\"},{\"path\":\"/b\"}]", "/\u{1}"),
            (b"{\"path\":\"/a\"}\n{\"path\":\"/\x01\"}\n{\"path\":\"/b\"}", "/\u{1}"),
            (br#"[{"path":"/a"},{"path":"/x","input_tokens":1e400},{"path":"/b"}]"#, "/x"),
            (b"[{\"path\":\"/a\"},\xef\xbb\xbf{\"path\":\"/x\"},{\"path\":\"/b\"}]", "/x"),
        ] {
            let batch = decode(body, 10).unwrap();
            let paths: Vec<&str> = batch.records.iter().map(|(_, record)| &*record.path).collect();
            assert_eq!(paths, ["/a", path, "/b"], "{}", String::from_utf8_lossy(body));
            assert_eq!((batch.rejected.len(), batch.values_lost), (0, 1));
        }
        for body in [&b"\xef\xbb\xbf{\"path\":\"/a\"}"[..], b"\xef\xbb\xbf [{\"path\":\"/a\"}]"] {
            let batch = decode(body, 10).unwrap();
            assert_eq!((batch.records.len(), batch.values_lost), (1, 0));
        }
    }

    #[test]
    fn an_error_holds_no_more_than_a_line_of_what_was_sent() {
        let long = "x".repeat(1_000_000);
        let body = format!(
            r#"[{{"path":"/a"}},"{long}",{{"duration":"{long}"}},{{"start_time":"{long}"}},{{"path":["{long}"]}},{{"{long}":1}}]"#
        );
        let batch = decode(body.as_bytes(), 10).unwrap();
        assert_eq!(batch.rejected.len(), 5);
        for rejected in &batch.rejected {
            assert!(rejected.error.len() < 300, "{} bytes", rejected.error.len());
        }
    }

    #[test]
    fn deep_nesting_is_harmless() {
        let body = format!("{{\"unknown\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        let batch = decode(body.as_bytes(), 10);
        assert!(batch.is_ok_and(|batch| batch.records.len() + batch.rejected.len() == 1));
    }

    fn indexes(batch: &Batch<'_>) -> (Vec<usize>, Vec<usize>) {
        let records = batch.records.iter().map(|(index, _)| *index).collect();
        (records, batch.rejected.iter().map(|rejected| rejected.index).collect())
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

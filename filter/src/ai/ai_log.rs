//! `ai_log`: the log of a call that Higress's AI plugins leave in the stream's filter state.
//!
//! # Format
//!
//! A JSON object, escaped like the inside of a JSON string, without the surrounding quotes: `{\"model\":\"m\"}`.
//! Older versions and other writers leave the object unescaped, or as a JSON string with its quotes; some escape
//! twice. Numbers may be strings.

use gatelog_record::json::unescape::{unescape, unescaped};
use serde_json::value::RawValue;

use crate::ai::count::count;
use crate::ai::usage::keys::{AI_LOG, Count, LogText, Meaning};
use crate::ai::usage::scanner::{Scalar, Scanner};

mod build;
mod surrogates;

pub use build::build;

/// A decoded `ai_log`.
#[derive(Debug)]
pub struct AiLog {
    /// The object.
    pub json: Box<RawValue>,
    /// The values for the record.
    pub members: Members,
}

/// The members of an `ai_log` that have their own field in the record.
#[derive(Debug, Default)]
pub struct Members {
    /// `api`, unless it is `-`.
    pub api: Option<String>,
    /// `model`, unless unknown.
    pub model: Option<String>,
    /// `consumer`.
    pub consumer: Option<String>,
    /// `chat_id`.
    pub chat_id: Option<String>,
    /// `session_id`.
    pub session_id: Option<String>,
    /// `response_type`.
    pub response_type: Option<String>,
    /// `input_token`.
    pub input_tokens: Option<i64>,
    /// `output_token`.
    pub output_tokens: Option<i64>,
    /// `total_token`.
    pub total_tokens: Option<i64>,
    /// `cached_tokens`.
    pub cached_tokens: Option<i64>,
    /// `reasoning_tokens`.
    pub reasoning_tokens: Option<i64>,
    /// `llm_first_token_duration`, in milliseconds.
    pub time_to_first_token: Option<i64>,
}

/// More layers of escaping than any writer has.
const MAX_LAYERS: usize = 3;
/// Largest `ai_log` that is decoded, in encoded bytes: enough for some texts of 10 MB, which ai-statistics allows for
/// each.
pub const MAX_BYTES: usize = 32 << 20;

/// Decodes an `ai_log` in any known encoding, without copying it; `None` when it is not a JSON object.
pub fn decode(mut text: Vec<u8>) -> Option<AiLog> {
    if text.len() > MAX_BYTES {
        return None;
    }
    for _ in 0..=MAX_LAYERS {
        trim(&mut text);
        if is_object(&text) {
            surrogates::mend(&mut text);
            return RawValue::from_string(String::from_utf8(text).ok()?).ok().map(AiLog::read);
        }
        let is_quoted = text.len() > 1 && text.starts_with(b"\"") && text.ends_with(b"\"");
        if is_quoted {
            text.pop();
            text.remove(0);
        }
        let before = text.len();
        if !unescape(&mut text) || (text.len() == before && !is_quoted) {
            return None;
        }
    }
    None
}

fn trim(text: &mut Vec<u8>) {
    text.truncate(text.trim_ascii_end().len());
    let inside = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    let before = text.len() - inside.len();
    text.drain(..before);
}

/// True when the text begins like an object with unescaped quotes.
fn is_object(text: &[u8]) -> bool {
    text.strip_prefix(b"{").is_some_and(|inside| inside.trim_ascii_start().first() != Some(&b'\\'))
}

impl AiLog {
    fn read(json: Box<RawValue>) -> Self {
        let mut members = Members::default();
        Scanner::new(&AI_LOG)
            .read(json.get().as_bytes(), &mut |found| members.take(found.meaning, &found.value));
        Self { json, members }
    }
}

impl Members {
    fn take(&mut self, meaning: Meaning, value: &Scalar<'_>) {
        let (Scalar::Text(raw) | Scalar::Literal(raw)) = value else { return };
        let is_text = matches!(value, Scalar::Text(_));
        let text = || Some(unescaped(raw)).filter(|text| is_text && !matches!(text.as_str(), "" | "-"));
        let number = || std::str::from_utf8(raw).ok().and_then(count);
        match meaning {
            Meaning::Log(LogText::Api) => self.api = text(),
            Meaning::Model => self.model = text().filter(|model| !model.eq_ignore_ascii_case("unknown")),
            Meaning::Log(LogText::Consumer) => self.consumer = text(),
            Meaning::ChatId => self.chat_id = text(),
            Meaning::Log(LogText::Session) => self.session_id = text(),
            Meaning::Log(LogText::ResponseType) => self.response_type = text(),
            Meaning::Count(Count::Input) => self.input_tokens = number(),
            Meaning::Count(Count::Output) => self.output_tokens = number(),
            Meaning::Count(Count::Total) => self.total_tokens = number(),
            Meaning::Count(Count::Cached) => self.cached_tokens = number(),
            Meaning::Count(Count::Reasoning) => self.reasoning_tokens = number(),
            Meaning::FirstToken => self.time_to_first_token = number(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_seen_in_the_field_is_decoded() {
        let plain = r#"{"api":"-","model":"qwen-max","input_token":21,"answer":"say \"hi\" <b>"}"#;
        let escaped = plain.replace('\\', "\\\\").replace('"', "\\\"").replace('<', "\\u003c");
        let quoted = format!("\"{escaped}\"");
        let twice = escaped.replace('\\', "\\\\").replace('"', "\\\"");
        for (name, raw) in [
            ("plain", plain),
            ("escaped", &escaped),
            ("quoted", &quoted),
            ("twice", &twice),
            ("spaces", &format!(" {plain}\n")),
            ("byte order mark", &format!("\u{feff} {plain}")),
        ] {
            let log = decode(raw.as_bytes().to_vec()).unwrap_or_else(|| panic!("{name}"));
            let found = &log.members;
            assert_eq!(found.model.as_deref(), Some("qwen-max"), "{name}");
            assert_eq!(found.input_tokens, Some(21), "{name}");
            assert_eq!(found.api, None, "{name}");
            let object: serde_json::Value = serde_json::from_str(log.json.get()).unwrap();
            assert_eq!(object["answer"], "say \"hi\" <b>", "{name}");
        }
    }

    #[test]
    fn half_a_surrogate_pair_costs_one_character() {
        for raw in [r#"{"model":"m","answer":"a\ud83d"}"#, r#"{\"model\":\"m\",\"answer\":\"a\\ud83d\"}"#] {
            let log = decode(raw.as_bytes().to_vec()).unwrap();
            let object: serde_json::Value = serde_json::from_str(log.json.get()).unwrap();
            assert_eq!((&object["answer"], log.members.model.as_deref()), (&"a\u{fffd}".into(), Some("m")));
        }
    }

    #[test]
    fn a_text_without_an_object_gives_nothing() {
        for raw in [&b""[..], b"-", b"null", b"[1]", b"\"{\"", b"{\"a\":", b"\xff{}", b"text", b"\\"] {
            assert!(decode(raw.to_vec()).is_none(), "{}", String::from_utf8_lossy(raw));
        }
    }

    #[test]
    fn numbers_are_read_from_strings_too_and_bad_ones_are_left_out() {
        let log = decode(
            br#"{"input_token":"7","output_token":8.0,"total_token":-1,"cached_tokens":99999999999999999999,
                "reasoning_tokens":[1],"llm_first_token_duration":120,"model":"UNKNOWN","chat_id":"c","response_type":"stream"}"#
                .to_vec(),
        )
        .unwrap()
        .members;
        assert_eq!((log.input_tokens, log.output_tokens, log.total_tokens), (Some(7), Some(8), None));
        assert_eq!((log.cached_tokens, log.reasoning_tokens), (None, None));
        assert_eq!(log.time_to_first_token, Some(120));
        assert_eq!((log.model, log.chat_id.as_deref()), (None, Some("c")));
        assert_eq!(log.response_type.as_deref(), Some("stream"));
    }

    #[test]
    fn an_ai_log_larger_than_any_writer_produces_is_not_read() {
        let large = format!(r#"{{"model":"m","x":"{}"}}"#, "x".repeat(MAX_BYTES)).into_bytes();
        assert!(decode(large).is_none());
    }

    #[test]
    fn deep_nesting_is_harmless() {
        let raw = format!(r#"{{"model":"m","x":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(decode(raw.as_bytes().to_vec()).unwrap().members.model.as_deref(), Some("m"));
    }
}

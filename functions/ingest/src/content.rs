//! Accepts a body that is JSON, whatever its content type says.
//!
//! Higress's log-collector ignores the type, and clients such as curl send any. The body itself therefore decides; its
//! type matters only when it cannot be read, because the type may explain why.

use gatelog_functions_shared::Failure;
use gatelog_record::batch::BatchError;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderName};

/// Content types of JSON bodies, and generic types.
const TYPES: &[&str] = &[
    "application/json",
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    "text/json",
    "text/plain",
];
/// Longest part of a header that an error shows, in characters.
const SHOWN: usize = 64;

/// Why a body could not be read, taking its headers into account.
pub fn unreadable(headers: &HeaderMap, error: &BatchError) -> Failure {
    if matches!(error, BatchError::TooMany { .. }) {
        return Failure::TooLarge { message: error.to_string() };
    }
    let content_type = text(headers, &CONTENT_TYPE);
    let mut parts = content_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let charset = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| is(name, "charset"));
    let is_empty = matches!(error, BatchError::Empty);
    let is_known = essence.is_empty() || TYPES.iter().any(|known| is(essence, known));
    match charset {
        _ if !is_empty && !is_known => Failure::UnsupportedMediaType {
            message: format!(
                "content-type \"{}\" is not read: send application/json or application/x-ndjson ({error})",
                shown(essence)
            ),
        },
        Some((_, charset)) if !is_empty && !is_utf8(charset) => Failure::UnsupportedMediaType {
            message: format!("charset {} is not read: send UTF-8 ({error})", shown(charset)),
        },
        _ => Failure::BadRequest { message: error.to_string() },
    }
}

fn is_utf8(charset: &str) -> bool {
    let charset = charset.trim().trim_matches('"');
    ["utf-8", "utf8", "us-ascii"].iter().any(|utf8| is(charset, utf8))
}

fn is(text: &str, name: &str) -> bool {
    text.trim().eq_ignore_ascii_case(name)
}

fn shown(text: &str) -> &str {
    text.char_indices().nth(SHOWN).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> &'h str {
    headers.get(name).map_or("", |value| value.to_str().unwrap_or("?")).trim()
}

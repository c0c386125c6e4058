//! Which content types and encodings are read: JSON and NDJSON in UTF-8, not encoded.

use gatelog_function::Failure;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName};

const TYPES: &[&str] = &[
    "application/json",
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
];

/// Refuses a body that could not be read. A body without a type is taken for JSON, as Higress's log-collector does.
///
/// # Errors
///
/// [`Failure::UnsupportedMediaType`], which says what is understood.
pub fn check(headers: &HeaderMap) -> Result<(), Failure> {
    let unsupported = |message| Err(Failure::UnsupportedMediaType { message });
    let encoding = text(headers, &CONTENT_ENCODING);
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        return unsupported(format!("content-encoding \"{encoding}\" is not read: send the body as it is"));
    }
    let content_type = text(headers, &CONTENT_TYPE);
    if content_type.is_empty() {
        return Ok(());
    }
    let mut parts = content_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    if !TYPES.iter().any(|known| known.eq_ignore_ascii_case(essence)) {
        return unsupported(format!(
            "content-type \"{essence}\" is not read: send application/json or application/x-ndjson"
        ));
    }
    let charset = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| is(name, "charset"));
    match charset {
        Some((_, charset)) if !is(charset.trim_matches('"'), "utf-8") => {
            unsupported(format!("charset {charset} is not read: send UTF-8"))
        }
        _ => Ok(()),
    }
}

fn is(text: &str, name: &str) -> bool {
    text.trim().eq_ignore_ascii_case(name)
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> &'h str {
    headers.get(name).map_or("", |value| value.to_str().unwrap_or("?")).trim()
}

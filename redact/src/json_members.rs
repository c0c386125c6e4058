//! Redacts secrets in JSON texts, complete or truncated: the values of members with secret names.
//!
//! Only quotes, colons and brackets matter, so JSON is also found inside other text, such as the events of a stream, and
//! may be cut at a limit. JSON inside a string is extracted, redacted, and put back.

use std::borrow::Cow;

use gatelog_record::json::unescape::unescaped;
use gatelog_record::json::write::write_text;

/// Deepest nesting of JSON within strings of JSON.
const MAX_DEPTH: usize = 3;

/// The text with the value of each member whose name `is_secret` replaced by the string `redacted`.
pub fn hide<'t>(text: &'t str, redacted: &str, is_secret: &dyn Fn(&str) -> bool) -> Cow<'t, str> {
    hide_in(text, redacted, is_secret, MAX_DEPTH)
}

fn hide_in<'t>(
    text: &'t str,
    redacted: &str,
    is_secret: &dyn Fn(&str) -> bool,
    depth: usize,
) -> Cow<'t, str> {
    let bytes = text.as_bytes();
    let (mut out, mut copied, mut at) = (String::new(), 0, 0);
    while let Some(quote) =
        bytes.get(at..).and_then(|rest| memchr::memchr(b'"', rest)).map(|found| at + found)
    {
        let (inside, end) = string(bytes, quote);
        let raw = text.get(quote + 1..inside).unwrap_or_default();
        at = end;
        let colon = end + blanks(bytes, end);
        let mut replace = |from: usize, to: usize, by: &str| {
            out.push_str(text.get(copied..from).unwrap_or_default());
            out.push_str(by);
            copied = to;
        };
        if bytes.get(colon) == Some(&b':') {
            let start = colon + 1 + blanks(bytes, colon + 1);
            at = start;
            let name = unescaped(raw.as_bytes());
            if is_secret(&name) && !is_count(&name, bytes, start) {
                let end = value(bytes, start);
                let says_something =
                    !matches!(text.get(start..end), None | Some("" | "\"\"" | "null" | "true" | "false"));
                if says_something {
                    replace(start, end, &["\"", redacted, "\""].concat());
                }
                at = end;
            }
        } else if depth > 0 && raw.contains("\\\"") {
            let inner = unescaped(raw.as_bytes());
            if let Cow::Owned(hidden) = hide_in(&inner, redacted, is_secret, depth - 1) {
                let mut written = Vec::new();
                write_text(&mut written, &hidden);
                // A truncated string stays without its end.
                let is_cut = inside == end;
                let written = written.get(..written.len() - usize::from(is_cut)).unwrap_or_default();
                replace(quote, end, &String::from_utf8_lossy(written));
            }
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// True for the value of a name such as `tokens` that is a count, or contains counts.
fn is_count(name: &str, bytes: &[u8], start: usize) -> bool {
    let is_plural = name
        .len()
        .checked_sub(6)
        .and_then(|at| name.get(at..))
        .is_some_and(|end| end.eq_ignore_ascii_case("tokens"));
    is_plural && matches!(bytes.get(start), Some(b'0'..=b'9' | b'{'))
}

/// The end of the content of the string that begins at `quote`, and the start of what follows it.
fn string(bytes: &[u8], quote: usize) -> (usize, usize) {
    let mut at = quote + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return (at, at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    (bytes.len(), bytes.len())
}

/// The end of the value that begins at `start`.
fn value(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string(bytes, at).1;
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return at + depth,
            b'}' | b']' => depth -= 1,
            b',' | b'\n' | b'\r' | b' ' | b'\t' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

fn blanks(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

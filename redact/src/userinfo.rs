//! Redacts the user and password that a URL may have before its host: `https://user:password@host/`.

use std::borrow::Cow;

/// What precedes them, plain and percent-encoded, and the `@` in the same form.
const FORMS: [(&str, &str); 2] = [("://", "@"), ("%3a%2f%2f", "%40")];

/// The text with everything before the `@` of each URL's authority replaced by `redacted`.
pub fn hide<'t>(text: &'t str, redacted: &str) -> Cow<'t, str> {
    let mut out = Cow::Borrowed(text);
    for (before, at_sign) in FORMS {
        if let Cow::Owned(hidden) = hide_form(&out, before, at_sign, redacted) {
            out = Cow::Owned(hidden);
        }
    }
    out
}

/// The redacted authority of a request, which should have no user.
pub fn hide_in_authority<'t>(authority: &'t str, redacted: &str) -> Cow<'t, str> {
    match authority.rsplit_once('@') {
        Some((user, host)) if !user.is_empty() => Cow::Owned([redacted, "@", host].concat()),
        _ => Cow::Borrowed(authority),
    }
}

fn hide_form<'t>(text: &'t str, before: &str, at_sign: &str, redacted: &str) -> Cow<'t, str> {
    let bytes = text.as_bytes();
    let (mut out, mut copied, mut from) = (String::new(), 0, 0);
    // An end that lies behind several starts is looked for once, so that the time does not grow with the square of the length.
    let (mut end, mut slash) = (0, if before.starts_with('%') { 0 } else { bytes.len() });
    while let Some(found) = find(bytes, before, from) {
        let start = found + before.len();
        if end < start {
            let rest = bytes.get(start..).unwrap_or_default();
            end = rest.iter().position(|byte| ends_authority(*byte)).map_or(bytes.len(), |at| start + at);
        }
        if slash < start {
            slash = find(bytes, "%2f", start).unwrap_or(bytes.len());
        }
        let authority = bytes.get(start..end.min(slash)).unwrap_or_default();
        let user =
            authority.windows(at_sign.len()).rposition(|part| part.eq_ignore_ascii_case(at_sign.as_bytes()));
        if let Some(user) = user.filter(|user| *user > 0) {
            out.push_str(text.get(copied..start).unwrap_or_default());
            out.push_str(redacted);
            copied = start + user;
        }
        from = start;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

fn find(bytes: &[u8], wanted: &str, from: usize) -> Option<usize> {
    let first = *wanted.as_bytes().first()?;
    let mut at = from;
    loop {
        at += memchr::memchr(first, bytes.get(at..)?)?;
        let part = bytes.get(at..at + wanted.len())?;
        if part.eq_ignore_ascii_case(wanted.as_bytes()) {
            return Some(at);
        }
        at += 1;
    }
}

fn ends_authority(byte: u8) -> bool {
    matches!(byte, b'/' | b'?' | b'#' | b'"' | b'<' | b'>' | b'\\' | b'&') || byte.is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_passwords_of_urls_are_redacted_and_at_signs_elsewhere_stay() {
        for (text, expected) in [
            ("https://user:s3cr3t@host/p", "https://X@host/p"),
            ("https://s3cr3t@host", "https://X@host"),
            ("https://a@b:s3cr3t@host:1/x@y", "https://X@host:1/x@y"),
            ("/go?to=https%3A%2F%2Fu%3As3cr3t%40host%2Fp%40q", "/go?to=https%3A%2F%2FX%40host%2Fp%40q"),
            ("see http://a:s3cr3t@b and http://c:s3cr3t@d", "see http://X@b and http://X@d"),
            ("https://host/@user", "https://host/@user"),
            ("https://@host/", "https://@host/"),
            ("/npm/@scope/x@1.2", "/npm/@scope/x@1.2"),
            ("a://", "a://"),
        ] {
            assert_eq!(hide(text, "X"), expected);
        }
        assert_eq!(hide_in_authority("u:p@h:1", "X"), "X@h:1");
        assert_eq!(hide_in_authority("h:1", "X"), "h:1");
    }
}

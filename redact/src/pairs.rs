//! Redacts secrets in `name=value` pairs: query strings, fragments, matrix parameters, forms, and texts that
//! contain URLs.
//!
//! # Format
//!
//! A pair begins after `?`, `&`, `;` or `#`, in any order; some servers treat `;` as a separator, some do not, and clients
//! sometimes write a second `?`. A value ends at `&` or `#`, and at `;` or `?` when another pair follows. A URL inside a
//! value has all these percent-encoded, once or more often, so the encoded forms count too: they separate pairs of their
//! own level, and a value does not end at a separator that is encoded deeper than its own `=`.

use std::borrow::Cow;

/// The context of pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A path or a form: spaces and quotes belong to values.
    Url,
    /// Any text: a value ends where a URL would.
    Text,
}

/// The text with the value of each pair whose percent-decoded name `is_secret` replaced by `redacted`.
pub fn hide<'t>(
    text: &'t str,
    kind: Kind,
    redacted: &str,
    is_secret: impl Fn(&[u8]) -> bool,
) -> Cow<'t, str> {
    if !may_have_pairs(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let (mut out, mut copied) = (String::new(), 0);
    let mut scan = Scan { bytes: text.as_bytes(), kind, in_path: true, name_end: 0, is_named: false };
    let (mut at, mut name_start) = (0, 0);
    while at < text.len() {
        let Some(mark) = scan.mark(at) else {
            at += 1;
            continue;
        };
        let behind = at + mark.length;
        if mark.is_equals && is_secret(&decoded(scan.bytes.get(name_start..at).unwrap_or_default())) {
            let end = scan.end_of_value(behind, mark.level);
            if end > behind {
                out.push_str(text.get(copied..behind).unwrap_or_default());
                out.push_str(redacted);
                copied = end;
            }
            at = end.max(behind);
        } else {
            at = behind;
        }
        name_start = at;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// True when the text may contain a pair; most paths have none.
fn may_have_pairs(bytes: &[u8]) -> bool {
    memchr::memchr2_iter(b'=', b'%', bytes).any(|at| match bytes.get(at) {
        Some(b'%') => encoded(bytes.get(at..).unwrap_or_default()).is_some_and(|mark| mark.is_equals),
        _ => true,
    })
}

/// A mark that begins a pair or its value.
#[derive(Clone, Copy, Debug)]
struct Mark {
    /// `=`, otherwise a separator.
    is_equals: bool,
    /// True for separators that a value may contain: `;` and `?`.
    is_soft: bool,
    /// How often it is percent-encoded.
    level: usize,
    /// Length in bytes.
    length: usize,
}

impl Mark {
    fn of(byte: u8, level: usize) -> Option<Self> {
        matches!(byte, b'=' | b'&' | b'#' | b';' | b'?').then(|| Self {
            is_equals: byte == b'=',
            is_soft: matches!(byte, b';' | b'?'),
            level,
            length: if level == 0 { 1 } else { 1 + 2 * level },
        })
    }
}

struct Scan<'t> {
    bytes: &'t [u8],
    kind: Kind,
    /// True before the first `?` or `#` of a URL: slashes end the parameters of a segment there.
    in_path: bool,
    /// The end of the name that [`Scan::is_pair`] looked at last.
    name_end: usize,
    /// Whether `=` and a value follow there.
    is_named: bool,
}

impl Scan<'_> {
    /// The mark that begins at `at`.
    fn mark(&mut self, at: usize) -> Option<Mark> {
        let byte = *self.bytes.get(at)?;
        let separator = |level| Some(Mark { is_equals: false, is_soft: false, level, length: 1 });
        match byte {
            b'%' => encoded(self.bytes.get(at..)?),
            b'/' if self.in_path => separator(0),
            _ if self.kind == Kind::Text && ends_text(byte) => {
                self.in_path = true;
                separator(0)
            }
            _ => {
                self.in_path &= !matches!(byte, b'?' | b'#');
                Mark::of(byte, 0)
            }
        }
    }

    /// The end of the value that begins at `start`, after an `=` of this level.
    fn end_of_value(&mut self, start: usize, level: usize) -> usize {
        let mut at = start;
        while at < self.bytes.len() {
            // Whether a slash ends it was decided before the value.
            let in_path = self.in_path;
            match self.mark(at) {
                Some(mark) if !mark.is_equals && mark.level <= level => {
                    if !mark.is_soft || self.is_pair(at + mark.length) {
                        self.in_path = in_path;
                        return at;
                    }
                    at += mark.length;
                }
                Some(mark) => at += mark.length,
                None => at += 1,
            }
        }
        at
    }

    /// True when a name, `=` and a value follow: a secret may end with `=` or contain a `;`, but hardly both.
    fn is_pair(&mut self, at: usize) -> bool {
        let of_name = |byte: &u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'[' | b']' | b'$' | b'%')
        };
        // Names that begin within this one have its end, so it is looked for once.
        if at > self.name_end {
            let rest = self.bytes.get(at..).unwrap_or_default();
            let name = rest.iter().take_while(|byte| of_name(byte)).count();
            let behind = (rest.get(name), rest.get(name + 1));
            self.name_end = at + name;
            self.is_named = matches!(behind, (Some(b'='), Some(next)) if !matches!(next, b'=' | b'&' | b'#'));
        }
        at < self.name_end && self.is_named
    }
}

/// Bytes that cannot be in a URL, but surround URLs in a text.
fn ends_text(byte: u8) -> bool {
    byte.is_ascii_whitespace()
        || matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'(' | b')' | b',' | b'{' | b'}' | b'\\' | b'`' | b'|')
}

/// The mark whose percent-encoding begins these bytes: `%3D`, or `%253D` where the sign was encoded again.
fn encoded(bytes: &[u8]) -> Option<Mark> {
    let mut rest = bytes.strip_prefix(b"%")?;
    let mut level = 1;
    while let Some(after) = rest.strip_prefix(b"25") {
        rest = after;
        level += 1;
    }
    let (high, low) = (rest.first()?, rest.get(1)?);
    Mark::of(hex(*high)? << 4 | hex(*low)?, level)
}

/// The percent-decoded name, however often it was encoded: in one pass, because a name of `%252525…` would take as many as
/// it has bytes.
fn decoded(name: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'%', name).is_none() {
        return Cow::Borrowed(name);
    }
    let mut decoded = Vec::with_capacity(name.len());
    for byte in name {
        decoded.push(*byte);
        // A byte that was decoded may be the last digit of another.
        while let [.., b'%', high, low] = decoded.as_slice()
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            decoded.truncate(decoded.len() - 3);
            decoded.push(high << 4 | low);
        }
    }
    Cow::Owned(decoded)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode;
    use proptest::prelude::*;

    use super::*;

    /// Decodes once after the other, until nothing is left to decode.
    fn decoded_in_rounds(name: &[u8]) -> Vec<u8> {
        let mut name = name.to_vec();
        while let Cow::Owned(shorter) = Cow::from(percent_decode(&name)) {
            name = shorter;
        }
        name
    }

    proptest! {
        #[test]
        fn one_pass_decodes_as_much_as_any_number_of_rounds(name in "(%|25|2|5|3|4|[a-f]|[A-F]|%25|%32|%35|x){0,24}") {
            prop_assert_eq!(&*decoded(name.as_bytes()), decoded_in_rounds(name.as_bytes()));
        }
    }
}

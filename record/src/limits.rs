//! The limits of the field table, applied: a value over its limit is cut, a record is never refused for its size.
//!
//! Texts are cut on a character boundary and lose NUL characters, which databases refuse. A JSON value that is too
//! large or too deep keeps its small top-level members, so that the numbers that dashboards read survive; what is no
//! JSON object then is left out.

use std::borrow::Cow;
use std::convert::Infallible;

use serde_json::value::RawValue;

use crate::fields::{AccessRecord, Field, Kind, Member, MemberVisitor};

/// Deepest nesting of a JSON value. MariaDB's JSON functions stop at 32 levels.
pub const MAX_JSON_DEPTH: usize = 31;
/// Longest string that survives when a JSON value has to be cut, in bytes.
const MAX_KEPT_MEMBER_BYTES: usize = 256;

impl AccessRecord<'_> {
    /// Brings every value within its limit and answers how many values were cut.
    pub fn fit_to_limits(&mut self) -> usize {
        let mut fitter = Fitter { cut: 0 };
        let Ok(()) = self.visit_mut(&mut fitter);
        fitter.cut
    }
}

/// The start of `text` with at most `max_chars` characters and without NUL; borrowed when nothing has to go.
pub fn fit_text(text: &str, max_chars: usize) -> Cow<'_, str> {
    let end = char_boundary(text, max_chars);
    let start = text.get(..end).unwrap_or(text);
    if start.contains('\0') { Cow::Owned(start.replace('\0', "")) } else { Cow::Borrowed(start) }
}

/// The deepest nesting of arrays and objects in a valid JSON text: 0 for a scalar, 1 for `{}`.
pub fn json_depth(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

struct Fitter {
    cut: usize,
}

impl<'a> MemberVisitor<'a> for Fitter {
    type Error = Infallible;

    fn visit(&mut self, field: &'static Field, member: Member<'_, 'a>) -> Result<(), Infallible> {
        match (field.kind, member) {
            // Most texts are below their limit in bytes already, which needs no look at characters.
            (Kind::Text(max_chars), Member::Text(text)) if text.len() > max_chars || text.contains('\0') => {
                let fitted = fit_text(text, max_chars);
                if fitted.len() != text.len() {
                    self.cut += 1;
                    *text = Cow::Owned(fitted.into_owned());
                }
            }
            (Kind::Json(max_bytes), Member::Json(value)) => {
                let too_large = |json: &str| json.len() > max_bytes || json_depth(json) > MAX_JSON_DEPTH;
                if value.as_deref().is_some_and(|value| too_large(value.get())) {
                    self.cut += 1;
                    *value = value.take().and_then(|value| small_members(&value, max_bytes)).map(Cow::Owned);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The object that is left of `value` when only its small scalar members stay, in their order.
fn small_members(value: &RawValue, max_bytes: usize) -> Option<Box<RawValue>> {
    let inside = value.get().trim_ascii().strip_prefix('{')?.strip_suffix('}')?;
    let mut kept = String::from("{");
    for member in members(inside) {
        let keep = !member.is_empty() && member.len() <= MAX_KEPT_MEMBER_BYTES && json_depth(member) == 0;
        if keep && kept.len() + member.len() + 2 <= max_bytes {
            if kept.len() > 1 {
                kept.push(',');
            }
            kept.push_str(member);
        }
    }
    kept.push('}');
    RawValue::from_string(kept).ok()
}

/// The members of an object, given what stands between its braces: split at the commas outside of values.
fn members(inside: &str) -> impl Iterator<Item = &str> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    inside
        .split(move |character| {
            match character {
                _ if escaped => escaped = false,
                '\\' if in_string => escaped = true,
                '"' => in_string = !in_string,
                '{' | '[' if !in_string => depth += 1,
                '}' | ']' if !in_string => depth = depth.saturating_sub(1),
                ',' if !in_string => return depth == 0,
                _ => {}
            }
            false
        })
        .map(str::trim_ascii)
}

fn char_boundary(text: &str, max_chars: usize) -> usize {
    if text.len() <= max_chars {
        return text.len();
    }
    text.char_indices().nth(max_chars).map_or(text.len(), |(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_long_text_is_cut_on_a_character_boundary() {
        let mut record = AccessRecord { model: "é".repeat(300).into(), ..AccessRecord::default() };
        assert_eq!(record.fit_to_limits(), 1);
        assert_eq!(record.model, "é".repeat(255));
    }

    #[test]
    fn a_text_within_its_limit_is_left_alone() {
        let mut record = AccessRecord { model: "é".repeat(255).into(), ..AccessRecord::default() };
        assert_eq!(record.fit_to_limits(), 0);
        assert_eq!(record.model.chars().count(), 255);
    }

    #[test]
    fn nul_characters_go() {
        let mut record = AccessRecord { path: "/a\0b".into(), ..AccessRecord::default() };
        assert_eq!(record.fit_to_limits(), 1);
        assert_eq!(record.path, "/ab");
    }

    #[test]
    fn a_json_value_that_is_too_large_keeps_its_small_members() {
        let json = format!(r#"{{"model":"m","answer":"{}","input_token":7}}"#, "x".repeat(300_000));
        let mut record = AccessRecord { ai_log: Some(raw(&json)), ..AccessRecord::default() };
        assert_eq!(record.fit_to_limits(), 1);
        assert_eq!(record.ai_log.unwrap().get(), r#"{"model":"m","input_token":7}"#);
    }

    #[test]
    fn a_json_value_that_is_too_deep_keeps_its_small_members() {
        let json = format!(r#"{{"n":1,"deep":{}{}}}"#, "[".repeat(100), "]".repeat(100));
        let mut record = AccessRecord { ai_log: Some(raw(&json)), ..AccessRecord::default() };
        assert_eq!(record.fit_to_limits(), 1);
        assert_eq!(record.ai_log.unwrap().get(), r#"{"n":1}"#);
    }

    #[test]
    fn a_large_json_value_that_is_no_object_is_left_out() {
        let json = format!("[{}1]", "1,".repeat(200_000));
        let mut record = AccessRecord { ai_log: Some(raw(&json)), ..AccessRecord::default() };
        assert_eq!(record.fit_to_limits(), 1);
        assert!(record.ai_log.is_none());
    }

    #[test]
    fn brackets_inside_strings_do_not_count_as_depth() {
        assert_eq!(json_depth(r#"{"a":"[[[\"[["}"#), 1);
        assert_eq!(json_depth("7"), 0);
    }

    proptest! {
        #[test]
        fn any_text_fits_after_fitting_and_stays_a_prefix(text in ".*", max_chars in 0_usize..40) {
            let fitted = fit_text(&text, max_chars);
            prop_assert!(fitted.chars().count() <= max_chars);
            prop_assert!(text.replace('\0', "").starts_with(&*fitted));
        }
    }

    fn raw(json: &str) -> Cow<'static, RawValue> {
        Cow::Owned(RawValue::from_string(json.to_owned()).unwrap())
    }
}

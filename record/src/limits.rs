//! Applies the limits of the field table. A value over its limit is cut; no record is refused for its size.
//!
//! Texts are cut on a character boundary and lose NUL characters, which databases refuse. A JSON object that is too
//! large loses its largest members until it fits, so that the numbers that dashboards read survive. Members that are
//! too deep, or whose keys are too long, are always removed. JSON that does not fit and is not an object is left out,
//! and so is a number that cannot be a count.

use std::borrow::Cow;
use std::collections::BinaryHeap;
use std::convert::Infallible;

use serde_json::value::RawValue;

use crate::fields::{AccessRecord, Field, Kind, Member, MemberVisitor};
use crate::members;

/// Deepest nesting of a JSON value. MariaDB's JSON functions stop at 32 levels.
pub const MAX_JSON_DEPTH: usize = 31;
/// Longest key in a JSON value, in bytes. MySQL refuses longer ones.
pub const MAX_JSON_KEY_BYTES: usize = 65_535;
/// Largest number in a record. Every whole number up to this bound is exact as a JSON number, and sums over a
/// table do not overflow.
pub const MAX_NUMBER: i64 = 1 << 53;

impl AccessRecord<'_> {
    /// Brings every value within its limit and returns how many values were cut.
    pub fn fit_to_limits(&mut self) -> usize {
        let mut fitter = Fitter { cut: 0 };
        let Ok(()) = self.visit_mut(&mut fitter);
        fitter.cut
    }
}

/// The first `max_chars` characters of `text`, without NUL; borrowed when nothing is removed.
pub fn fit_text(text: &str, max_chars: usize) -> Cow<'_, str> {
    let end = char_boundary(text, max_chars);
    let start = text.get(..end).unwrap_or(text);
    if start.contains('\0') { Cow::Owned(start.replace('\0', "")) } else { Cow::Borrowed(start) }
}

struct Fitter {
    cut: usize,
}

impl<'a> MemberVisitor<'a> for Fitter {
    type Error = Infallible;

    fn visit(&mut self, field: &'static Field, member: Member<'_, 'a>) -> Result<(), Infallible> {
        match (field.kind, member) {
            // Most texts are already below their limit in bytes, so their characters need not be counted.
            (Kind::Text(max_chars), Member::Text(text)) if text.len() > max_chars || text.contains('\0') => {
                let fitted = fit_text(text, max_chars);
                if fitted.len() != text.len() {
                    self.cut += 1;
                    *text = Cow::Owned(fitted.into_owned());
                }
            }
            (Kind::Json(max_bytes), Member::Json(value))
                if value.as_deref().is_some_and(|value| !fits(value.get(), max_bytes, MAX_JSON_DEPTH)) =>
            {
                self.cut += 1;
                let fitted = value.take().and_then(|value| fit_object(value.get(), max_bytes));
                *value = fitted.and_then(|object| RawValue::from_string(object).ok()).map(Cow::Owned);
            }
            (_, Member::Integer(number)) if !is_number(*number) => {
                self.cut += 1;
                *number = 0;
            }
            (_, Member::Count(number)) if number.is_some_and(|number| !is_number(number)) => {
                self.cut += 1;
                *number = None;
            }
            _ => {}
        }
        Ok(())
    }
}

fn is_number(number: i64) -> bool {
    (0..=MAX_NUMBER).contains(&number)
}

fn fits(json: &str, max_bytes: usize, max_depth: usize) -> bool {
    // Most JSON has fewer brackets in total than the deepest nesting.
    let brackets = || json.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count();
    json.len() <= max_bytes
        && (brackets() <= max_depth || members::depth(json) <= max_depth)
        && (json.len() <= MAX_JSON_KEY_BYTES || members::longest_key(json) <= MAX_JSON_KEY_BYTES)
}

/// The object `json` without its largest members. Of members of equal size, the last is removed first.
fn fit_object(json: &str, max_bytes: usize) -> Option<String> {
    // The members that stay unless smaller ones follow, at most as many as fit.
    let mut kept = BinaryHeap::new();
    // The two braces, less one comma: each member is counted with a comma, and the last has none.
    let mut bytes = 1_usize;
    for (index, member) in members::members(json)?.enumerate() {
        if fits(member.text, max_bytes, MAX_JSON_DEPTH - 1) {
            bytes += member.text.len() + 1;
            kept.push((member.text.len(), index));
        }
        while bytes > max_bytes
            && let Some((largest, _)) = kept.pop()
        {
            bytes -= largest + 1;
        }
    }
    let mut kept: Vec<usize> = kept.into_iter().map(|(_, index)| index).collect();
    kept.sort_unstable();
    let mut kept = kept.into_iter().peekable();
    members::retain(json, |index, _| kept.next_if_eq(&index).is_some())
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
    fn nul_characters_are_removed() {
        let mut record = AccessRecord { path: "/a\0b".into(), ..AccessRecord::default() };
        assert_eq!(record.fit_to_limits(), 1);
        assert_eq!(record.path, "/ab");
    }

    #[test]
    fn a_json_value_that_is_too_large_loses_its_largest_members_first() {
        let text = |length: usize| "x".repeat(length);
        let json = format!(
            r#"{{"model":"m","answer":"{}","question":"{}","usage":{{"deep":[1]}},"history":"{}","input_token":7}}"#,
            text(200_000),
            text(100_000),
            text(150_000)
        );
        let mut record = AccessRecord { ai_log: Some(raw(&json)), ..AccessRecord::default() };
        assert_eq!(record.fit_to_limits(), 1);
        let ai_log = record.ai_log.unwrap();
        let keys: Vec<&str> = members::members(ai_log.get()).unwrap().map(|member| member.key).collect();
        assert_eq!(keys, [r#""model""#, r#""question""#, r#""usage""#, r#""history""#, r#""input_token""#]);
        assert!(ai_log.get().len() > 250_000, "{}", ai_log.get().len());
    }

    #[test]
    fn of_members_of_equal_size_the_first_stay_in_their_order() {
        assert_eq!(fit_object(r#"{"a":1,"b":2,"c":3}"#, 13).unwrap(), r#"{"a":1,"b":2}"#);
        assert_eq!(fit_object(r#"{"a":123,"b":2,"c":3}"#, 13).unwrap(), r#"{"b":2,"c":3}"#);
        assert_eq!(fit_object(r#"{"a":1,"b":2}"#, 13).unwrap(), r#"{"a":1,"b":2}"#);
        assert_eq!(fit_object(r#"{"a":1}"#, 2).unwrap(), "{}");
    }

    #[test]
    fn only_the_member_whose_key_is_too_long_is_removed() {
        let json = format!(r#"{{"n":1,"deep":{{"{}":1}}}}"#, "k".repeat(65_536));
        let mut record = AccessRecord { ai_log: Some(raw(&json)), ..AccessRecord::default() };
        assert_eq!(record.fit_to_limits(), 1);
        assert_eq!(record.ai_log.unwrap().get(), r#"{"n":1}"#);
    }

    #[test]
    fn a_number_that_is_not_a_count_is_left_out() {
        for (number, kept) in
            [(0, true), (MAX_NUMBER, true), (MAX_NUMBER + 1, false), (i64::MAX, false), (-1, false)]
        {
            let mut record =
                AccessRecord { duration: number, total_tokens: Some(number), ..AccessRecord::default() };
            assert_eq!(record.fit_to_limits(), if kept { 0 } else { 2 });
            let expected = if kept { (number, Some(number)) } else { (0, None) };
            assert_eq!((record.duration, record.total_tokens), expected);
        }
    }

    #[test]
    fn a_json_value_that_is_too_deep_keeps_its_small_members() {
        let json = format!(r#"{{"n":1,"deep":{}{}}}"#, "[".repeat(100), "]".repeat(100));
        let mut record = AccessRecord { ai_log: Some(raw(&json)), ..AccessRecord::default() };
        assert_eq!(record.fit_to_limits(), 1);
        assert_eq!(record.ai_log.unwrap().get(), r#"{"n":1}"#);
    }

    #[test]
    fn a_large_json_value_that_is_not_an_object_is_left_out() {
        let json = format!("[{}1]", "1,".repeat(200_000));
        let mut record = AccessRecord { ai_log: Some(raw(&json)), ..AccessRecord::default() };
        assert_eq!(record.fit_to_limits(), 1);
        assert!(record.ai_log.is_none());
    }

    proptest! {
        #[test]
        fn any_text_fits_after_fitting_and_stays_a_prefix(text in ".*", max_chars in 0_usize..40) {
            let fitted = fit_text(&text, max_chars);
            prop_assert!(fitted.chars().count() <= max_chars);
            prop_assert!(text.replace('\0', "").starts_with(&*fitted));
        }

        #[test]
        fn any_object_fits_after_fitting_and_keeps_members_smaller_than_the_removed_ones(
            lengths in proptest::collection::vec(0_usize..30, 0..10),
            max_bytes in 2_usize..200,
        ) {
            let members: Vec<String> =
                lengths.iter().enumerate().map(|(index, length)| format!("\"{index}\":\"{}\"", "x".repeat(*length))).collect();
            let json = format!("{{{}}}", members.join(","));
            let fitted = fit_object(&json, max_bytes).unwrap();
            prop_assert!(fitted.len() <= max_bytes);
            let (kept, gone): (Vec<_>, Vec<_>) = members.iter().partition(|member| fitted.contains(*member));
            let lengths = |members: Vec<&String>| members.into_iter().map(String::len).collect::<Vec<_>>();
            let (kept, gone) = (lengths(kept), lengths(gone));
            if let Some(smallest) = gone.iter().min() {
                prop_assert!(kept.iter().all(|kept| kept <= smallest));
                prop_assert!(1 + kept.iter().map(|length| length + 1).sum::<usize>() + smallest + 1 > max_bytes);
            }
        }
    }

    fn raw(json: &str) -> Cow<'static, RawValue> {
        Cow::Owned(RawValue::from_string(json.to_owned()).unwrap())
    }
}

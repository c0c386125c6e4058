//! Recognises the names of secrets by their parts.
//!
//! Nobody can list all names of keys and tokens, but nearly all of them consist of a few words. A name is therefore split
//! into parts (`X-Amz-Security-Token`, `accessToken`, `user[api_key]`), and is secret when one of its parts is denied,
//! unless the surrounding parts show otherwise: `max_tokens`, `page_token`. Letters that never belong to other words are
//! also found inside a part, because many names are written as one word: `jsessionid`, `ACCESSTOKEN`.

use super::secret_lists::{ALLOWED, DENIED_ALONE, DENIED_LETTERS, DENIED_PARTS, DENIED_TOGETHER};

/// The context of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A parameter of a query string, a form, or a part of a path.
    Parameter,
    /// A header.
    Header,
    /// A member of a JSON object.
    Member,
}

/// Parts of the longest text of [`ALLOWED`], minus one.
const BEFORE: usize = 2;

/// The pairs of letters at the start of all denied words: a bit for each letter, indexed by the preceding letter. Most
/// names contain none of these and need no further check.
const BEGINNINGS: Beginnings = Beginnings::of(&[DENIED_PARTS, DENIED_LETTERS, DENIED_TOGETHER, DENIED_ALONE]);

struct Beginnings {
    /// Second letters by the first.
    seconds: [u32; 32],
    /// Third letters by the second; all letters where a word has no third.
    thirds: [u32; 32],
}

impl Beginnings {
    #[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
    const fn of(lists: &[&[&str]]) -> Self {
        let mut found = Self { seconds: [0; 32], thirds: [0; 32] };
        let mut list = 0;
        while list < lists.len() {
            let mut at = 0;
            while at < lists[list].len() {
                let denied = lists[list][at].as_bytes();
                // A part with one letter is not adjacent to the next part, so the second part decides.
                let start = if denied[1] == b' ' { 2 } else { 0 };
                let (first, second) = (letter(denied[start]), letter(denied[start + 1]));
                found.seconds[first] |= 1 << second;
                let has_third = denied.len() > start + 2 && denied[start + 2] != b' ';
                found.thirds[second] |= if has_third { 1 << letter(denied[start + 2]) } else { u32::MAX };
                at += 1;
            }
            list += 1;
        }
        found
    }

    /// True when a name may contain one of the beginnings.
    fn may_be_in(&self, name: &[u8]) -> bool {
        let follows = |table: &[u32; 32], before: u8, after: u8| {
            table.get(letter(before)).is_some_and(|letters| letters >> letter(after) & 1 == 1)
        };
        name.windows(2).enumerate().any(|(at, pair)| {
            let [first, second] = pair else { return false };
            follows(&self.seconds, *first, *second)
                && name.get(at + 2).is_none_or(|third| {
                    follows(&self.thirds, *second, *third) || !third.is_ascii_alphabetic()
                })
        })
    }
}

/// The number of a letter, ignoring case. Other bytes have one, too, which only costs a further check.
const fn letter(byte: u8) -> usize {
    (byte & 0x1f) as usize
}

/// True when the name is that of a secret. The name must be percent-decoded.
pub fn is_secret(name: &[u8], place: Place) -> bool {
    if !BEGINNINGS.may_be_in(name) {
        return false;
    }
    // In JSON, `key` and `pass` alone can be any name and any result.
    if place == Place::Member && is_one_of(&["key", "pass"], name) {
        return false;
    }
    let has_denied = |at_capitals| has_denied_part(Parts { rest: name, at_capitals });
    // Servers that ignore the case of parameters accept `tOkEn`, too.
    has_denied(true)
        || (name.iter().any(u8::is_ascii_uppercase) && has_denied(false))
        || (place == Place::Parameter && levels(name).any(|level| is_one_of(DENIED_ALONE, level)))
}

/// True when both names are equal or have the same parts.
pub fn is_same(name: &[u8], other: &[u8]) -> bool {
    let [ones, others] = [name, other].map(|rest| Parts { rest, at_capitals: true });
    name.eq_ignore_ascii_case(other)
        || (ones.count() > 0
            && ones.count() == others.count()
            && ones.zip(others).all(|(one, other)| one.eq_ignore_ascii_case(other)))
}

fn has_denied_part(mut parts: Parts<'_>) -> bool {
    let mut before = [parts; BEFORE];
    let mut at = 0;
    loop {
        let here = parts;
        if with_letter_of(here, DENIED_TOGETHER).any(|denied| parts_of(denied, here).is_some())
            && !is_allowed(&before, here, at)
        {
            return true;
        }
        let Some(part) = parts.next() else { return false };
        let is_denied = DENIED_PARTS.iter().any(|denied| part.eq_ignore_ascii_case(denied.as_bytes()))
            || has_denied_letters(part);
        if is_denied && !is_allowed(&before, here, at) {
            return true;
        }
        before.rotate_right(1);
        if let Some(last) = before.first_mut() {
            *last = here;
        }
        at += 1;
    }
}

/// True when the next part of `here`, which is preceded by `at` others, belongs to parts that are allowed together.
fn is_allowed(before: &[Parts<'_>; BEFORE], here: Parts<'_>, at: usize) -> bool {
    let starts = std::iter::once(&here).chain(before.iter().take(at)).enumerate();
    let mut starts = starts.map(|(distance, start)| (distance, *start));
    starts.any(|(distance, start)| {
        with_letter_of(start, ALLOWED)
            .any(|allowed| parts_of(allowed, start).is_some_and(|count| count > distance))
    })
}

/// The texts that begin with the first letter of `parts`. Few do, and the others cost little then.
fn with_letter_of<'t>(parts: Parts<'_>, texts: &'t [&'t str]) -> impl Iterator<Item = &'t str> {
    let first = parts.rest.iter().find(|byte| byte.is_ascii_alphabetic()).map(u8::to_ascii_lowercase);
    texts.iter().copied().filter(move |text| text.bytes().next() == first)
}

/// The number of parts in `together`, if `parts` begin with them.
fn parts_of(together: &str, mut parts: Parts<'_>) -> Option<usize> {
    let mut count = 0;
    for wanted in together.split(' ') {
        if !parts.next()?.eq_ignore_ascii_case(wanted.as_bytes()) {
            return None;
        }
        count += 1;
    }
    Some(count)
}

/// True when a part contains denied letters that are not within allowed ones, as in `maxtokens`.
fn has_denied_letters(part: &[u8]) -> bool {
    denied_letters(part).any(|(start, end)| {
        !ALLOWED.iter().any(|allowed| {
            let length = allowed.bytes().filter(|byte| *byte != b' ').count();
            // The first place where an allowed text could cover the denied letters.
            (end.saturating_sub(length)..=start).any(|from| {
                part.get(from..from + length).is_some_and(|letters| {
                    let wanted = allowed.bytes().filter(|byte| *byte != b' ');
                    letters.iter().zip(wanted).all(|(letter, wanted)| letter.eq_ignore_ascii_case(&wanted))
                })
            })
        })
    })
}

/// The position of denied letters in a part.
fn denied_letters(part: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    DENIED_LETTERS.iter().flat_map(move |denied| {
        part.windows(denied.len())
            .enumerate()
            .filter(|(_, letters)| letters.eq_ignore_ascii_case(denied.as_bytes()))
            .map(|(at, letters)| (at, at + letters.len()))
    })
}

fn is_one_of(names: &[&str], name: &[u8]) -> bool {
    names.iter().any(|each| name.eq_ignore_ascii_case(each.as_bytes()))
}

/// The levels of a nested name: `user[code]`, `a.code`.
fn levels(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    name.split(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b'-'))
}

/// The parts of a name: runs of letters.
#[derive(Clone, Copy)]
struct Parts<'n> {
    rest: &'n [u8],
    /// They also end before a capital that follows a lower-case letter, or that begins a word after capitals
    /// (`SAMLResponse`).
    at_capitals: bool,
}

impl<'n> Iterator for Parts<'n> {
    type Item = &'n [u8];

    fn next(&mut self) -> Option<&'n [u8]> {
        let start = self.rest.iter().position(u8::is_ascii_alphabetic)?;
        let rest = self.rest.get(start..)?;
        let ends = |at: &usize| match (rest.get(at - 1), rest.get(*at), rest.get(at + 1)) {
            (_, None, _) => true,
            (_, Some(here), _) if !here.is_ascii_alphabetic() => true,
            (Some(before), Some(here), after) if self.at_capitals && here.is_ascii_uppercase() => {
                before.is_ascii_lowercase() || after.is_some_and(u8::is_ascii_lowercase)
            }
            _ => false,
        };
        let end = (1..=rest.len()).find(ends)?;
        let (part, rest) = rest.split_at_checked(end)?;
        self.rest = rest;
        Some(part)
    }
}

#[cfg(test)]
mod tests;

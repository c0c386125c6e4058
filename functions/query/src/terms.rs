//! Lists, numbers and ranges as clients write them in a query string.

/// The values of a list: `a,b`. A backslash takes the next character as it is, so `a\,b` is one value. Empty values
/// are left out.
pub fn list(text: &str) -> Vec<String> {
    let mut values = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            ',' => values.push(String::new()),
            '\\' => push(&mut values, characters.next().unwrap_or('\\')),
            other => push(&mut values, other),
        }
    }
    values.retain(|value| !value.is_empty());
    values
}

fn push(values: &mut [String], character: char) {
    if let Some(last) = values.last_mut() {
        last.push(character);
    }
}

/// A number or a range of numbers, ends included: `5`, `5-10`.
pub fn range(text: &str) -> Option<(i64, i64)> {
    if let Ok(number) = text.parse() {
        return Some((number, number));
    }
    let (low, high) = text.split_once('-')?;
    let (low, high) = (low.parse().ok()?, high.parse().ok()?);
    (low <= high).then_some((low, high))
}

/// A status, a class of statuses, or a range: `404`, `5xx`, `400-499`.
pub fn status(text: &str) -> Option<(i64, i64)> {
    let class = text.strip_suffix("xx").or_else(|| text.strip_suffix("XX"));
    let (low, high) = match class {
        Some(class) => {
            let class: i64 = class.parse().ok().filter(|class| (1..=5).contains(class))?;
            (class * 100, class * 100 + 99)
        }
        None => range(text)?,
    };
    (0 <= low && high <= 999).then_some((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_split_at_commas_that_are_not_escaped() {
        for (text, expected) in [
            ("a", vec!["a"]),
            ("a,b", vec!["a", "b"]),
            (r"a\,b,c", vec!["a,b", "c"]),
            (r"a\\,b", vec![r"a\", "b"]),
            (",a,,", vec!["a"]),
            ("", vec![]),
            (r"a\", vec![r"a\"]),
        ] {
            assert_eq!(list(text), expected, "{text}");
        }
    }

    #[test]
    fn statuses_are_read_alone_by_class_and_by_range() {
        for (text, expected) in [
            ("404", Some((404, 404))),
            ("0", Some((0, 0))),
            ("5xx", Some((500, 599))),
            ("400-499", Some((400, 499))),
            ("499-400", None),
            ("6xx", None),
            ("-1", None),
            ("1000", None),
            ("ok", None),
            ("5x", None),
        ] {
            assert_eq!(status(text), expected, "{text}");
        }
    }
}

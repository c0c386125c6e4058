//! The syntax of lists, numbers and ranges in a query string.

/// The values of a list: `a, b`; `None` when there are more than `max`. Blanks around a value and empty values are left
/// out. A backslash takes the next character as it is, so `a\,b` is one value.
pub fn list(text: &str, max: usize) -> Option<Vec<String>> {
    let mut values = Vec::new();
    let mut value = Value::default();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            ',' => std::mem::take(&mut value).end(&mut values, max)?,
            '\\' => value.push(characters.next().unwrap_or('\\')),
            blank if blank.is_whitespace() => value.push_blank(blank),
            other => value.push(other),
        }
    }
    value.end(&mut values, max)?;
    Some(values)
}

/// A value in the making.
#[derive(Default)]
struct Value {
    text: String,
    /// Bytes of the text without the blanks at its end.
    kept: usize,
}

impl Value {
    fn push(&mut self, character: char) {
        self.text.push(character);
        self.kept = self.text.len();
    }

    fn push_blank(&mut self, blank: char) {
        if self.kept > 0 {
            self.text.push(blank);
        }
    }

    /// Adds the value to those before it; `None` when there are `max` already.
    fn end(mut self, values: &mut Vec<String>, max: usize) -> Option<()> {
        self.text.truncate(self.kept);
        if self.text.is_empty() {
            return Some(());
        }
        (values.len() < max).then(|| values.push(self.text))
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
    fn a_list_is_split_at_commas_that_are_not_escaped_and_its_values_trimmed() {
        for (text, expected) in [
            ("a", vec!["a"]),
            ("a,b", vec!["a", "b"]),
            (r"a\,b,c", vec!["a,b", "c"]),
            (r"a\\,b", vec![r"a\", "b"]),
            (",a,,", vec!["a"]),
            ("", vec![]),
            (r"a\", vec![r"a\"]),
            (" a , b c ", vec!["a", "b c"]),
            (" , \t", vec![]),
            (r"\ a\ ", vec![" a "]),
            (r"\ ", vec![" "]),
        ] {
            assert_eq!(list(text, 2).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn a_list_that_is_too_long_is_no_list() {
        assert_eq!(list("a,b,c", 2), None);
        assert_eq!(list(",,,a,,,", 1).unwrap(), ["a"]);
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

//! Takes values out of a JSON object by key, and collects all problems: types, ranges, unknown keys.

use std::fmt::Display;
use std::time::Duration;

use crate::json::Json;

/// One JSON object of the configuration, and another that provides the keys it lacks.
pub struct Reader<'a, 'p> {
    /// Prefix of the keys in messages: empty, or `queue.`.
    prefix: String,
    object: Option<&'a Json>,
    /// The object that provides missing keys. Its own problems are collected when it is read itself.
    base: Option<&'a Json>,
    known: Vec<&'static str>,
    problems: &'p mut Vec<String>,
}

impl<'a, 'p> Reader<'a, 'p> {
    /// A reader of the whole configuration.
    pub fn root(value: &'a Json, problems: &'p mut Vec<String>) -> Self {
        let object = as_object(value);
        if object.is_none() {
            problems.push(format!("must be a JSON object, not {}", kind(value)));
        }
        Self { prefix: String::new(), object, base: None, known: Vec::new(), problems }
    }

    /// A reader of rule `index`, with `base` for the keys that it lacks.
    pub fn rule(value: &'a Json, index: usize, base: &'a Json, problems: &'p mut Vec<String>) -> Self {
        let object = as_object(value);
        if object.is_none() {
            problems.push(format!("`_rules_[{index}]` must be a JSON object, not {}", kind(value)));
        }
        Self { prefix: format!("_rules_[{index}]."), object, base: Some(base), known: Vec::new(), problems }
    }

    /// The same object without its base.
    pub fn alone(&mut self) -> Reader<'a, '_> {
        let (prefix, object) = (self.prefix.clone(), self.object);
        Reader { prefix, object, base: None, known: Vec::new(), problems: self.problems }
    }

    /// Marks `keys` as known, because another reader of the same object has read them.
    pub fn know(&mut self, keys: &[&'static str]) {
        self.known.extend_from_slice(keys);
    }

    /// A reader of the object under `key`, or of an empty one when there is none.
    pub fn section(&mut self, key: &'static str) -> Reader<'a, '_> {
        let object = self.take(key, "a JSON object", as_object);
        let base = self.base.and_then(|base| base.get(key));
        // Otherwise a missing section would look like the section of the base.
        let object = object.filter(|_| self.has(key));
        let prefix = format!("{}{key}.", self.prefix);
        Reader { prefix, object, base, known: Vec::new(), problems: self.problems }
    }

    /// True when the object itself has the key, whatever its value.
    pub fn has(&self, key: &str) -> bool {
        self.object.is_some_and(|object| object.get(key).is_some())
    }

    /// A text that is not empty.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        let text = self.take(key, "a string", as_text)?;
        if text.is_empty() {
            self.problem(key, "must not be empty");
            return None;
        }
        Some(text.to_owned())
    }

    /// A text; `None` when it is empty.
    pub fn text_or_empty(&mut self, key: &'static str) -> Option<String> {
        self.take(key, "a string", as_text).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// A list of texts.
    pub fn texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        self.take(key, "an array of strings", |value| {
            let Json::Array(texts) = value else { return None };
            texts.iter().map(|text| as_text(text).map(str::to_owned)).collect()
        })
    }

    /// A list of texts in lower case.
    pub fn names(&mut self, key: &'static str) -> Option<Vec<String>> {
        let mut names = self.texts(key)?;
        names.iter_mut().for_each(|name| name.make_ascii_lowercase());
        Some(names)
    }

    /// The names of this object and of its base.
    pub fn all_names(&mut self, key: &'static str) -> Vec<String> {
        let mut names = self.names(key).unwrap_or_default();
        if let Some(Json::Array(more)) = self.base.and_then(|base| base.get(key)) {
            names.extend(more.iter().filter_map(as_text).map(str::to_ascii_lowercase));
        }
        names
    }

    /// The elements of a list.
    pub fn list(&mut self, key: &'static str) -> &'a [Json] {
        let list = self.take(key, "an array", |value| match value {
            Json::Array(list) => Some(list.as_slice()),
            _ => None,
        });
        list.unwrap_or_default()
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        self.take(key, "true or false", |value| match value {
            Json::Bool(flag) => Some(*flag),
            _ => None,
        })
    }

    /// A number of any kind, without a check of its range.
    pub fn number(&mut self, key: &'static str) -> Option<f64> {
        self.take(key, "a number", |value| match value {
            #[expect(clippy::cast_precision_loss, reason = "bounds are far below 2^53")]
            Json::Integer(number) => Some(*number as f64),
            Json::Float(number) => Some(*number),
            _ => None,
        })
    }

    /// A whole number within bounds.
    pub fn integer(&mut self, key: &'static str, min: i64, max: i64) -> Option<i64> {
        let number = self.take(key, "a whole number", as_integer)?;
        self.within(key, number, min, max)
    }

    /// A whole number within bounds, which may have a fraction of zeros or be a text.
    pub fn integer_in_any_form(&mut self, key: &'static str, min: i64, max: i64) -> Option<i64> {
        let number = self.take(key, "a whole number", |value| match value {
            Json::Integer(number) => Some(*number),
            #[expect(clippy::cast_possible_truncation, reason = "a number without a fraction, within i64")]
            Json::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => Some(*number as i64),
            Json::Text(text) => text.trim_ascii().parse().ok(),
            _ => None,
        })?;
        self.within(key, number, min, max)
    }

    /// A whole number within bounds, not negative.
    pub fn size(&mut self, key: &'static str, min: usize, max: usize) -> Option<usize> {
        let number = self.take(key, "a whole number that is not negative", |value| {
            as_integer(value).and_then(|number| usize::try_from(number).ok())
        })?;
        self.within(key, number, min, max)
    }

    /// A time in seconds within bounds, fractions allowed.
    pub fn seconds(&mut self, key: &'static str, min: Duration, max: Duration) -> Option<Duration> {
        let seconds = self.number(key)?;
        let time = Duration::try_from_secs_f64(seconds).ok().filter(|time| (min..=max).contains(time));
        if time.is_none() {
            let (whole, millis) = (min.as_secs(), min.subsec_millis());
            self.problem(key, format_args!("must be from {whole}.{millis:03} to {} seconds", max.as_secs()));
        }
        time
    }

    /// A time in whole milliseconds within bounds.
    pub fn millis(&mut self, key: &'static str, min: i64, max: i64) -> Option<Duration> {
        self.integer(key, min, max).and_then(|millis| u64::try_from(millis).ok()).map(Duration::from_millis)
    }

    /// Adds a problem with a key.
    pub fn problem(&mut self, key: &str, what: impl Display) {
        let path = format!("{}{key}", self.prefix);
        self.problems.push(format!("`{}` {what}", path.trim_end_matches('.')));
    }

    /// Adds a problem for each unknown key.
    pub fn finish(self) {
        for key in self.object.into_iter().flat_map(keys) {
            if !self.known.contains(&key.as_str()) {
                let prefix = &self.prefix;
                self.problems.push(format!(
                    "`{prefix}{key}` is not a key of this filter (known: {})",
                    self.known.join(", ")
                ));
            }
        }
    }

    fn within<T: PartialOrd + Display>(&mut self, key: &str, value: T, min: T, max: T) -> Option<T> {
        if value >= min && value <= max {
            return Some(value);
        }
        self.problem(key, format_args!("must be from {min} to {max}, not {value}"));
        None
    }

    fn take<T>(
        &mut self,
        key: &'static str,
        wanted: &str,
        read: impl Fn(&'a Json) -> Option<T>,
    ) -> Option<T> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        let own = self.object.and_then(|object| object.get(key)).filter(|value| **value != Json::Null);
        let Some(value) = own else { return read(self.base?.get(key)?) };
        let read = read(value);
        if read.is_none() {
            self.problem(key, format_args!("must be {wanted}, not {}", kind(value)));
        }
        read
    }
}

fn as_object(value: &Json) -> Option<&Json> {
    matches!(value, Json::Object(_)).then_some(value)
}

fn as_text(value: &Json) -> Option<&str> {
    match value {
        Json::Text(text) => Some(text),
        _ => None,
    }
}

fn as_integer(value: &Json) -> Option<i64> {
    match value {
        Json::Integer(number) => Some(*number),
        _ => None,
    }
}

fn keys(object: &Json) -> impl Iterator<Item = &String> {
    let members = match object {
        Json::Object(members) => members.as_slice(),
        _ => &[],
    };
    members.iter().map(|(key, _)| key)
}

fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Integer(_) | Json::Float(_) => "this number",
        Json::Text(_) => "a string",
        Json::Array(_) => "this array",
        Json::Object(_) => "an object",
    }
}

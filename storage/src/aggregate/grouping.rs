//! By what records are grouped: a field, or the class of the status.

use gatelog_record::{FIELDS, Field, Kind, fields};

use crate::{Dialect, Value};

/// The name of the group of the status.
pub const STATUS_CLASS: &str = "status_class";
/// The classes of statuses; the last one is that of records without an answer.
pub const STATUS_CLASSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "none"];
/// Longer texts are grouped by their beginning of as many characters; Spin's MySQL interface reads no longer results.
pub const MAX_KEY_CHARS: usize = 1_024;
/// Fields with longer texts, which are bodies, are not grouped.
const MAX_CHARS: usize = 8_192;

/// By what records are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// By the hundreds of `response_code`: one of [`STATUS_CLASSES`]. What is 600 and more is `5xx`, what is below 100 `none`.
    StatusClass,
    /// By the value of a field. No text and an empty one are the same.
    Field(&'static Field),
}

impl Grouping {
    /// Every grouping.
    pub fn all() -> impl Iterator<Item = Self> {
        let by_field = FIELDS.iter().filter(|field| match field.kind {
            Kind::Text(max_chars) => max_chars <= MAX_CHARS,
            Kind::Integer | Kind::Count => true,
            Kind::Timestamp | Kind::Json(_) => false,
        });
        std::iter::once(Self::StatusClass).chain(by_field.map(Self::Field))
    }

    /// The grouping with this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::all().find(|grouping| grouping.name() == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::StatusClass => STATUS_CLASS,
            Self::Field(field) => field.name,
        }
    }

    /// The field that it looks at.
    pub fn field(self) -> Option<&'static Field> {
        match self {
            Self::StatusClass => fields::field("response_code"),
            Self::Field(field) => Some(field),
        }
    }

    /// The expression of a record's group; NULL without a value.
    pub(super) fn sql(self, dialect: Dialect) -> String {
        match self {
            Self::StatusClass => {
                let [first, second, third, fourth, fifth, none] = STATUS_CLASSES;
                format!(
                    "CASE WHEN response_code >= 500 THEN '{fifth}' WHEN response_code >= 400 THEN '{fourth}' \
                     WHEN response_code >= 300 THEN '{third}' WHEN response_code >= 200 THEN '{second}' \
                     WHEN response_code >= 100 THEN '{first}' ELSE '{none}' END"
                )
            }
            Self::Field(field) => match field.kind {
                Kind::Text(max_chars) if max_chars > MAX_KEY_CHARS => {
                    format!("NULLIF({}, '')", dialect.beginning(field.name, MAX_KEY_CHARS))
                }
                Kind::Text(_) => format!("NULLIF({}, '')", field.name),
                _ => field.name.to_owned(),
            },
        }
    }

    /// The expression of the place of a record's group among `keys`, [`OTHER`] if it is not there, and the values of its
    /// placeholders.
    pub(super) fn place_sql<'q>(
        self,
        dialect: Dialect,
        keys: &'q [Value<'static>],
    ) -> (String, Vec<Value<'q>>) {
        let key = self.sql(dialect);
        let mut params = Vec::new();
        let mut sql = String::from("CASE");
        for (place, value) in keys.iter().enumerate() {
            if *value == Value::Null {
                sql.push_str(&format!(" WHEN {key} IS NULL THEN {place}"));
            } else {
                sql.push_str(&format!(" WHEN {key} = ? THEN {place}"));
                params.push(value.clone());
            }
        }
        // A CASE has to have a case.
        if keys.is_empty() {
            return (OTHER.to_string(), params);
        }
        sql.push_str(&format!(" ELSE {OTHER} END"));
        (sql, params)
    }
}

/// The place of a group that is not among those that are asked for.
pub const OTHER: i64 = -1;

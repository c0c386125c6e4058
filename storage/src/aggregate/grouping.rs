//! By what records are grouped: a field, the class of the status, or the host of the client.

use gatelog_record::{FIELDS, Field, Kind, fields};

use crate::{Dialect, Value};

/// The name of the group of the status.
pub const STATUS_CLASS: &str = "status_class";
/// The name of the group of the client's host.
pub const REMOTE_HOST: &str = "downstream_remote_host";
/// The field that has the client's address.
const REMOTE_ADDRESS: &str = "downstream_remote_address";
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
    /// By the host of `downstream_remote_address`: the address without its port, so that all connections of a client are one
    /// group.
    RemoteHost,
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
        [Self::StatusClass, Self::RemoteHost].into_iter().chain(by_field.map(Self::Field))
    }

    /// The grouping with this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::all().find(|grouping| grouping.name() == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::StatusClass => STATUS_CLASS,
            Self::RemoteHost => REMOTE_HOST,
            Self::Field(field) => field.name,
        }
    }

    /// The field that it looks at.
    pub fn field(self) -> Option<&'static Field> {
        match self {
            Self::StatusClass => fields::field("response_code"),
            Self::RemoteHost => fields::field(REMOTE_ADDRESS),
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
            Self::RemoteHost => format!("NULLIF({}, '')", dialect.host_of(REMOTE_ADDRESS)),
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
        let (mut params, mut cases, mut nothing) = (Vec::new(), String::new(), None);
        for (place, value) in keys.iter().enumerate() {
            if *value == Value::Null {
                nothing = Some(place);
            } else {
                cases.push_str(&format!(" WHEN ? THEN {place}"));
                params.push(value.clone());
            }
        }
        // A CASE has to have a case. This form of it evaluates the key once for all of them.
        let mut sql = match &*cases {
            "" => OTHER.to_string(),
            cases => format!("CASE {key}{cases} ELSE {OTHER} END"),
        };
        if let Some(place) = nothing {
            sql = format!("CASE WHEN {key} IS NULL THEN {place} ELSE {sql} END");
        }
        (sql, params)
    }
}

/// The place of a group that is not among those that are asked for.
pub const OTHER: i64 = -1;

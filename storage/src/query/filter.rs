//! Conditions on the fields of a record.

use gatelog_record::{Field, Timestamp};

/// A condition on one field.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// The field, from the field table.
    pub field: &'static Field,
    /// What its value has to be.
    pub predicate: Predicate,
}

/// What a value has to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Predicate {
    /// At or after this time.
    NotBefore(Timestamp),
    /// At or before this time.
    NotAfter(Timestamp),
    /// One of these texts.
    TextIn(Vec<String>),
    /// None of these texts; a record without a value passes.
    TextNotIn(Vec<String>),
    /// One of these services, in the form that is given or in the other one ([`crate::service`]). A name finds its
    /// clusters on every port; a cluster finds itself and its name.
    ServiceIn(Vec<String>),
    /// None of these services in either form; a record without a value passes.
    ServiceNotIn(Vec<String>),
    /// A service whose name begins with that of this one, in either form.
    ServiceStartsWith(String),
    /// The session of an AI call, which is its `session_id`, else its `chat_id`.
    SessionIs(String),
    /// A text, or JSON text, that contains this one.
    Contains(String),
    /// A text that begins with this one.
    StartsWith(String),
    /// Has a value: a text that is not empty, any number.
    Present,
    /// Has no value: no text or an empty one, no number.
    Missing,
    /// The host of an address ([`crate::aggregate::Grouping::RemoteHost`]) is one of these.
    HostIn(Vec<String>),
    /// The host of an address is none of these; a record without an address passes.
    HostNotIn(Vec<String>),
    /// Meets one of these.
    AnyOf(Vec<Predicate>),
    /// A number in one of these ranges, ends included.
    NumberIn(Vec<(i64, i64)>),
    /// A number in none of these ranges; a record without a value passes.
    NumberNotIn(Vec<(i64, i64)>),
    /// At least this number.
    AtLeast(i64),
    /// At most this number.
    AtMost(i64),
}

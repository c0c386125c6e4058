//! A value that a log record has for a field of the record.

use crate::attributes::Attribute;
use crate::value::Value;

/// Where a value stands. Of values for the same field, the first place holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The log record's attributes.
    Attributes,
    /// The log record's body.
    Body,
    /// The attributes of its resource, which many log records share.
    Resource,
}

/// A value for a field.
#[derive(Clone, Debug)]
pub struct Found<'a> {
    /// Where it stands.
    pub place: Place,
    /// The rank of its name, see [`crate::attributes::find`].
    pub rank: usize,
    /// The row of the table.
    pub attribute: Attribute,
    /// What follows the row's name: the name of a header.
    pub suffix: String,
    /// The value.
    pub value: Value<'a>,
}

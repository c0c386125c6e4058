//! A stored record in the shape that Higress's log-collector answers: all of its keys in every entry, empty texts as
//! `""` and missing numbers as 0, `ai_log` left out when there is none; added keys only when they have a value.
//! Where the request chose the fields, every one of them is there, `null` in place of what would be left out.

use gatelog_record::{Field, FieldValue, Kind, Origin};
use gatelog_storage::StoredRecord;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// One element of `logs`.
#[derive(Clone, Copy, Debug)]
pub struct LogEntry<'r> {
    /// The record.
    pub record: &'r StoredRecord,
    /// Whether the request chose the fields.
    pub is_selected: bool,
}

impl Serialize for LogEntry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (field, value) in self.record.fields() {
            match value {
                FieldValue::Timestamp(time) => map.serialize_entry(field.name, &time)?,
                FieldValue::Text(text) => map.serialize_entry(field.name, text)?,
                FieldValue::Integer(number) => map.serialize_entry(field.name, &number)?,
                FieldValue::Json(json) => map.serialize_entry(field.name, json)?,
                FieldValue::Absent if may_be_left_out(field) => {
                    if self.is_selected {
                        map.serialize_entry(field.name, &())?;
                    }
                }
                FieldValue::Absent if matches!(field.kind, Kind::Integer | Kind::Count) => {
                    map.serialize_entry(field.name, &0)?;
                }
                FieldValue::Absent => map.serialize_entry(field.name, "")?,
            }
        }
        map.end()
    }
}

/// Whether an entry may be without the field.
pub fn may_be_left_out(field: &Field) -> bool {
    field.origin == Origin::Added || matches!(field.kind, Kind::Json(_))
}

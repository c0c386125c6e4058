//! A stored record in the shape that Higress's log-collector answers: all of its keys in every entry, empty texts as
//! `""` and missing numbers as 0, `ai_log` left out when there is none; added keys only when they have a value.

use gatelog_record::{FieldValue, Kind, Origin};
use gatelog_storage::StoredRecord;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// One element of `logs`.
#[derive(Clone, Copy, Debug)]
pub struct LogEntry<'r>(pub &'r StoredRecord);

impl Serialize for LogEntry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (field, value) in self.0.fields() {
            match value {
                FieldValue::Timestamp(time) => map.serialize_entry(field.name, &time)?,
                FieldValue::Text(text) => map.serialize_entry(field.name, text)?,
                FieldValue::Integer(number) => map.serialize_entry(field.name, &number)?,
                FieldValue::Json(json) => map.serialize_entry(field.name, json)?,
                FieldValue::Absent if field.origin == Origin::Added => {}
                FieldValue::Absent => match field.kind {
                    Kind::Timestamp | Kind::Text(_) => map.serialize_entry(field.name, "")?,
                    Kind::Integer | Kind::Count => map.serialize_entry(field.name, &0)?,
                    Kind::Json(_) => {}
                },
            }
        }
        map.end()
    }
}

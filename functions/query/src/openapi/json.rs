//! Pieces of the document that its parts share.

use serde_json::{Value, json};

/// A reference to a schema of the document.
pub(super) fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

/// The schema of a whole number.
pub(super) fn integer() -> Value {
    json!({ "type": "integer", "format": "int64" })
}

/// The object with one more member.
pub(super) fn with(mut object: Value, name: &str, member: impl Into<Value>) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), member.into());
    }
    object
}

/// The schema of an object with these members and no others, some of which it has to have.
pub(super) fn object(required: &[&str], properties: Value) -> Value {
    let object = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if required.is_empty() { object } else { with(object, "required", required) }
}

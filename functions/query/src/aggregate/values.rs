//! Measures, and the keys of groups, as JSON.

use gatelog_storage::Value;
use gatelog_storage::aggregate::{Cell, Measure};
use serde_json::Map;

/// The values of a group by the names of their measures: those that the answer shows, of those that were counted.
pub(super) fn named(shown: &[Measure], counted: &[Measure], cell: &Cell) -> Map<String, serde_json::Value> {
    let values =
        shown.iter().map(|measure| (measure.name().to_owned(), value(*measure, counted, cell).into()));
    values.collect()
}

/// The value of a measure that was counted.
pub(super) fn value(measure: Measure, counted: &[Measure], cell: &Cell) -> Option<i64> {
    let place = counted.iter().position(|known| *known == measure)?;
    cell.values.get(place).copied().flatten()
}

/// The key of a group: a text, a number, or `null` for the records without a value.
pub(super) fn key(key: &Value<'_>) -> serde_json::Value {
    match key {
        Value::Null => serde_json::Value::Null,
        Value::Integer(number) => (*number).into(),
        Value::Real(number) => (*number).into(),
        Value::Text(text) => text.as_ref().into(),
    }
}

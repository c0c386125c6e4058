//! Attributes that a test sets for the gateway or a stream, and that `proxy_get_property` returns.
//!
//! A path is a list of names joined by NUL in the guest and by `.` in tests. Values are bytes in the encoding of
//! Envoy's `serializeValue`: text unchanged, numbers as 8 bytes little endian, times and durations as nanoseconds,
//! a boolean as one byte, a message as protobuf bytes.

use std::{collections::BTreeMap, time::Duration};

/// The value of an attribute, in the encoding of the ABI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value(Vec<u8>);

impl Value {
    /// Raw bytes, such as a protobuf message.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self(number.to_le_bytes().to_vec())
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        i64::from(number).into()
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self(number.to_le_bytes().to_vec())
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self(number.to_le_bytes().to_vec())
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self(vec![u8::from(flag)])
    }
}

impl From<Duration> for Value {
    /// Whole nanoseconds, as an `i64`.
    fn from(duration: Duration) -> Self {
        i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX).into()
    }
}

/// Attributes by path.
#[derive(Debug, Clone, Default)]
pub(super) struct Attributes(BTreeMap<Vec<u8>, Vec<u8>>);

impl Attributes {
    /// Sets an attribute; the names of `path` are joined by `.`.
    pub(super) fn set(&mut self, path: &str, value: Value) {
        self.0.insert(path.replace('.', "\0").into_bytes(), value.0);
    }

    /// The value at a path whose names are joined by NUL.
    pub(super) fn get(&self, path: &[u8]) -> Option<&[u8]> {
        self.0.get(path).map(Vec::as_slice)
    }
}

//! Reads export requests: `ExportLogsServiceRequest` in either encoding, and how the two are told apart.

use crate::logs::{Logs, RequestError};
use crate::{json, protobuf};

/// How a request is encoded; its response is encoded in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `application/x-protobuf`.
    Protobuf,
    /// `application/json`.
    Json,
}

impl Encoding {
    /// The encoding that a content type names; `None` when it is neither.
    pub fn of(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let is = |name: &str| essence.eq_ignore_ascii_case(name);
        if is("application/x-protobuf") || is("application/protobuf") {
            Some(Self::Protobuf)
        } else if is("application/json") {
            Some(Self::Json)
        } else {
            None
        }
    }

    /// Its content type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

/// Reads the log records of a request into access records. A log record that is none is rejected with its index, counted
/// over the whole request; the others are not affected. Log records are counted before they are read, and nothing after
/// the last allowed one is read.
///
/// # Errors
///
/// When the body is not of the encoding, or holds more than `max_records` log records.
pub fn read(body: &[u8], encoding: Encoding, max_records: usize) -> Result<Logs<'_>, RequestError> {
    match encoding {
        Encoding::Protobuf => protobuf::read(body, max_records),
        Encoding::Json => json::read(body, max_records),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_type_names_its_encoding() {
        for (content_type, encoding) in [
            ("application/x-protobuf", Some(Encoding::Protobuf)),
            ("Application/JSON; charset=utf-8", Some(Encoding::Json)),
            ("application/protobuf", Some(Encoding::Protobuf)),
            ("text/plain", None),
            ("", None),
        ] {
            assert_eq!(Encoding::of(content_type), encoding, "{content_type}");
        }
    }
}

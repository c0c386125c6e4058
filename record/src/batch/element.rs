//! Turns one element of a body into a record, or rejects it.

use super::contents::{Batch, Rejected};
use crate::json::read::Read;
use crate::mend;

impl<'a> Batch<'a> {
    /// Adds the result of reading an element.
    pub(super) fn take(&mut self, index: usize, read: Read<'a>) {
        self.values_lost += read.values_lost;
        if read.has_known_key {
            self.records.push((index, read.record));
        } else {
            self.reject(index, "it has no key of an access record".to_owned());
        }
    }

    /// Reads an element from its text, and repairs it if necessary.
    pub(super) fn read(&mut self, index: usize, json: &'a str) {
        match serde_json::from_str(json) {
            Ok(read) => self.take(index, read),
            Err(error) => {
                if !self.read_mended(index, json) {
                    self.reject(index, without_position(&error));
                }
            }
        }
    }

    /// Reads an element that cannot be read as it is; returns whether a repair makes it readable.
    pub(super) fn read_mended(&mut self, index: usize, json: &str) -> bool {
        let Some((mended, count)) = mend::json(json) else { return false };
        let Ok(read) = serde_json::from_str::<Read<'_>>(&mended) else { return false };
        self.take(index, Read { record: read.record.into_owned(), ..read });
        self.values_lost += count;
        true
    }

    pub(super) fn reject(&mut self, index: usize, error: String) {
        self.rejected.push(Rejected { index, error });
    }
}

/// The error's text without "at line 1 column 7": the position counts from the start of the element, which misleads.
pub(super) fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text.get(..end).unwrap_or(&text).to_owned(),
        None => text,
    }
}

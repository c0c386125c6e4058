//! A body that is an array of records.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::contents::{Batch, BatchError};
use crate::mend;

/// Reads an array of at most `max_records` elements.
pub(super) fn read(text: &str, max_records: usize) -> Result<Batch<'_>, BatchError> {
    // Most batches have no faults, so one pass reads them.
    let mut batch = Batch::default();
    match elements(text, max_records, |index, read| batch.take(index, read)) {
        Ok(()) => return Ok(batch),
        Err(BatchError::NotJson { .. }) => drop(batch),
        Err(error) => return Err(error),
    }
    let error = match one_by_one(text, max_records) {
        Err(error @ BatchError::NotJson { .. }) => error,
        outcome => return outcome,
    };
    let Some((mended, count)) = mend::json(text) else { return Err(error) };
    // When a repair does not help, the error is that of the original body.
    let batch = one_by_one(&mended, max_records).map_err(|_| error)?;
    Ok(Batch { values_lost: batch.values_lost + count, ..batch.into_owned() })
}

/// Reads each element separately, so that a faulty one does not affect the others.
fn one_by_one(text: &str, max_records: usize) -> Result<Batch<'_>, BatchError> {
    let mut batch = Batch::default();
    elements(text, max_records, |index, element: &RawValue| batch.read(index, element.get()))?;
    Ok(batch)
}

/// Calls `take` with each element and its index.
fn elements<'a, T: Deserialize<'a>>(
    text: &'a str,
    max_records: usize,
    take: impl FnMut(usize, T),
) -> Result<(), BatchError> {
    let are_more = Cell::new(false);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let elements = Elements { max_records, are_more: &are_more, take, of: PhantomData };
    let outcome = deserializer.deserialize_seq(elements).and_then(|()| deserializer.end());
    match outcome {
        Err(_) if are_more.get() => Err(BatchError::TooMany { max_records }),
        outcome => outcome.map_err(|source| BatchError::NotJson { source }),
    }
}

struct Elements<'m, T, F> {
    max_records: usize,
    /// True when there are more elements than the limit.
    are_more: &'m Cell<bool>,
    take: F,
    of: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>, F: FnMut(usize, T)> Visitor<'de> for Elements<'_, T, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of access records")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        for index in 0..self.max_records {
            match seq.next_element()? {
                Some(element) => (self.take)(index, element),
                None => return Ok(()),
            }
        }
        seq.next_element_seed(OneTooMany(self.are_more)).map(drop)
    }
}

/// Detects an element beyond the limit without reading it.
struct OneTooMany<'m>(&'m Cell<bool>);

impl<'de> DeserializeSeed<'de> for OneTooMany<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
        self.0.set(true);
        Err(D::Error::custom("too many elements"))
    }
}

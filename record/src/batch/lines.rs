//! A body of one object, or of several separated by white space. NDJSON has one object per line.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Deserializer, Error};

use super::contents::{Batch, BatchError, is_blank};
use super::element::without_position;
use crate::json::read::Read;

/// Reads at most `max_records` objects.
///
/// An object may span several lines. From the first invalid JSON on, each line is read separately: a fault is
/// confined to its line, and no part of the body is read more than a few times.
pub(super) fn read(text: &str, max_records: usize) -> Result<Batch<'_>, BatchError> {
    let mut batch = Batch::default();
    let mut first_error = None;
    // Valid JSON values, records or not.
    let mut is_any_json = false;
    // The part being read, and the lines after it; there are none while the body is read as a whole.
    let (mut part, mut behind) = (text, "");
    let mut index = 0;
    loop {
        part = part.trim_start_matches(is_blank);
        if part.is_empty() {
            if behind.is_empty() {
                break;
            }
            (part, behind) = split_line(behind);
            continue;
        }
        if index == max_records {
            return Err(match first_error {
                Some(source) if !is_any_json => BatchError::NotJson { source },
                _ => BatchError::TooMany { max_records },
            });
        }
        match read_first(&mut batch, index, part) {
            Ok(end) => {
                is_any_json = true;
                part = part.get(end..).unwrap_or_default();
            }
            Err(error) => {
                if first_error.is_none() {
                    (part, behind) = split_line(part);
                }
                if batch.read_mended(index, part) {
                    is_any_json = true;
                } else {
                    batch.reject(index, format!("it is not JSON: {}", without_position(&error)));
                }
                first_error.get_or_insert(error);
                part = "";
            }
        }
        index += 1;
    }
    match first_error {
        Some(source) if !is_any_json => Err(BatchError::NotJson { source }),
        _ => Ok(batch),
    }
}

/// Reads the value at the start of the text, record or not, and returns its end.
fn read_first<'a>(batch: &mut Batch<'a>, index: usize, text: &'a str) -> Result<usize, Error> {
    if let Ok((read, end)) = first::<Read<'_>>(text) {
        batch.take(index, read);
        return Ok(end);
    }
    let (element, end) = first::<&RawValue>(text)?;
    batch.read(index, element.get());
    Ok(end)
}

fn first<'a, T: Deserialize<'a>>(text: &'a str) -> Result<(T, usize), Error> {
    let mut values = Deserializer::from_str(text).into_iter();
    match values.next() {
        Some(value) => value.map(|value| (value, values.byte_offset())),
        None => Err(serde::de::Error::custom("there is no value")),
    }
}

fn split_line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

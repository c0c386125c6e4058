//! The response to a batch, with the outcome of its records.

use gatelog_record::batch::Rejected;
use serde::Serialize;

/// Most bytes of errors in one response. Without this bound, the errors about a body could be larger than the
/// body.
const MAX_ERROR_BYTES: usize = 65_536;
/// Longest error of one record, in characters.
const MAX_ERROR_CHARS: usize = 400;
/// The error for records whose own error did not fit.
const NO_ROOM: &str = "it is rejected; the errors above fill the response";

/// The response to a stored batch.
#[derive(Debug, Serialize)]
pub(crate) struct Stored<'a> {
    /// Records that are new in the database.
    pub(crate) accepted: usize,
    /// Records that were already stored, or occur twice in this batch.
    pub(crate) duplicates: usize,
    pub(crate) rejected: Vec<RejectedRecord<'a>>,
}

/// The response to a batch without any readable record.
#[derive(Debug, Serialize)]
pub(crate) struct NothingStored<'a> {
    pub(crate) status: &'static str,
    pub(crate) error: &'a str,
    pub(crate) rejected: Vec<RejectedRecord<'a>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct RejectedRecord<'a> {
    index: usize,
    error: &'a str,
}

/// Each rejected record with its index, in the order of the body. Errors are included as long as they fit; all indexes
/// are included, so that the counts of the response add up.
pub(crate) fn rejected(rejected: &mut [Rejected]) -> Vec<RejectedRecord<'_>> {
    rejected.sort_by_key(|rejected| rejected.index);
    let mut room = MAX_ERROR_BYTES;
    let told = rejected.iter().map(|rejected| {
        let error = cut(&rejected.error);
        room = room.saturating_sub(error.len());
        RejectedRecord { index: rejected.index, error: if room > 0 { error } else { NO_ROOM } }
    });
    told.collect()
}

/// The problems of unreadable records beside `readable` others, if there are any.
pub(crate) fn summary(rejected: &[Rejected], readable: usize) -> Option<String> {
    let first = rejected.iter().min_by_key(|rejected| rejected.index)?;
    let count = rejected.len();
    let all = count + readable;
    Some(format!("{count} of {all} records cannot be read: record {}: {}", first.index, cut(&first.error)))
}

/// The start of an error, cut to the longest allowed.
pub(crate) fn cut(error: &str) -> &str {
    let end = error.char_indices().nth(MAX_ERROR_CHARS);
    end.and_then(|(end, _)| error.get(..end)).unwrap_or(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_included_as_long_as_they_fit_and_indexes_always() {
        let error = "é".repeat(1_000);
        let mut all: Vec<Rejected> =
            (0..5_000).rev().map(|index| Rejected { index, error: error.clone() }).collect();
        let told = rejected(&mut all);
        assert!(told.iter().map(|record| record.index).eq(0..5_000));
        assert_eq!(told[0].error, "é".repeat(400));
        assert_eq!(told[4_999].error, NO_ROOM);
        let answer = serde_json::to_string(&Stored { accepted: 0, duplicates: 0, rejected: told }).unwrap();
        assert!(answer.len() < 512 * 1024, "{} bytes", answer.len());
    }
}

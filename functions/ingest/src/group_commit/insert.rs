//! Inserts the records of several requests at once. Bisection finds the records that the database refuses, so that
//! the others are stored.

use std::time::Duration;

use gatelog_functions_shared::Environment;
use gatelog_record::AccessRecord;
use gatelog_storage::{Executor, StorageError, insert};

use super::outcome::{CommitResult, RecordOutcome, Refusal};

/// The time limit for finding refused records. Each costs a few statements, and a client waits.
#[derive(Debug)]
pub(crate) struct Search<'h, H> {
    pub(crate) host: &'h H,
    /// When it ends, in the host's ticks.
    pub(crate) until: Duration,
}

impl<H: Environment> Search<'_, H> {
    fn is_over(&self) -> bool {
        self.host.ticks() >= self.until
    }
}

/// Stores the records of several requests in one insert. When it fails because of some records, each request is stored
/// separately.
pub(crate) async fn store<'r, H: Environment>(
    database: &impl Executor,
    search: &Search<'_, H>,
    parts: &[&[AccessRecord<'r>]],
) -> Vec<CommitResult> {
    let all: Vec<&AccessRecord<'r>> = parts.iter().copied().flatten().collect();
    match insert::insert_each(database, &all).await {
        Ok(new) => {
            let mut new = new.into_iter().map(of_new);
            parts.iter().map(|part| Ok(new.by_ref().take(part.len()).collect())).collect()
        }
        Err(error) if parts.len() > 1 && may_be_of_one(&error) || error.is_caused_by_values() => {
            if let [only] = parts {
                return vec![bisect(database, search, only, Some(error)).await];
            }
            let mut outcomes = Vec::with_capacity(parts.len());
            for part in parts {
                outcomes.push(bisect(database, search, part, None).await);
            }
            outcomes
        }
        Err(error) => vec![Err(error); parts.len()],
    }
}

/// Stores the records of one request except those that the database refuses. When the time for the search is over,
/// records not yet tried are refused too, because sending them again would give the same result. `answered` is the
/// database's result for all of them together, if that was tried.
async fn bisect<H: Environment>(
    database: &impl Executor,
    search: &Search<'_, H>,
    records: &[AccessRecord<'_>],
    mut answered: Option<StorageError>,
) -> CommitResult {
    let mut outcomes = Vec::with_capacity(records.len());
    let mut found_one = false;
    // The next part is the last.
    let mut rest = vec![records];
    while let Some(part) = rest.pop() {
        if found_one && search.is_over() {
            outcomes.resize(outcomes.len() + part.len(), RecordOutcome::Refused(Refusal::NotTried));
            continue;
        }
        let outcome = match answered.take() {
            Some(error) => Err(error),
            None => insert::insert_each(database, part).await,
        };
        match outcome {
            Ok(new) => outcomes.extend(new.into_iter().map(of_new)),
            Err(error) if error.is_caused_by_values() && part.len() == 1 => {
                found_one = true;
                outcomes.push(RecordOutcome::Refused(Refusal::Unfit(error.to_string())));
            }
            Err(error) if error.is_caused_by_values() => {
                let (first, second) = part.split_at(part.len() / 2);
                rest.extend([second, first]);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(outcomes)
}

fn of_new(new: bool) -> RecordOutcome {
    if new { RecordOutcome::New } else { RecordOutcome::Duplicate }
}

/// Whether the records of one request may have caused the failure. A database that is down or full fails all
/// requests.
fn may_be_of_one(error: &StorageError) -> bool {
    !matches!(
        error,
        StorageError::Unavailable { .. } | StorageError::Misconfigured { .. } | StorageError::Full { .. }
    )
}

//! Records of several requests become one insert, and what the database refuses of them is found by halving, so that the
//! others are stored.

use std::time::Duration;

use gatelog_functions_shared::Host;
use gatelog_record::AccessRecord;
use gatelog_storage::{Executor, StorageError, insert};

/// What became of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is stored now.
    New,
    /// Its `record_id` was stored before, or by another request, or earlier in its own.
    Duplicate,
    /// It is not stored and never will be.
    Refused(Refusal),
}

/// Why a record is not stored while others of its request are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The database does not accept one of its values, or the record is too large for it, and says this.
    Unfit(String),
    /// So many records of the request are refused that there was no time to try this one.
    NotTried,
}

/// The fate of each record of a request, in order; or why none is known.
pub type Outcome = Result<Vec<Fate>, StorageError>;

/// The time for finding refused records. Each costs a few statements, and a client waits.
#[derive(Debug)]
pub(crate) struct Search<'h, H> {
    pub(crate) host: &'h H,
    /// When it ends, in the host's ticks.
    pub(crate) until: Duration,
}

impl<H: Host> Search<'_, H> {
    fn is_over(&self) -> bool {
        self.host.ticks() >= self.until
    }
}

/// Stores the records of several requests in one insert. When it fails because of some of them, each request is stored
/// by itself.
pub(crate) async fn store<'r, H: Host>(
    database: &impl Executor,
    search: &Search<'_, H>,
    parts: &[&[AccessRecord<'r>]],
) -> Vec<Outcome> {
    let all: Vec<&AccessRecord<'r>> = parts.iter().copied().flatten().collect();
    match insert::insert_each(database, &all).await {
        Ok(new) => {
            let mut new = new.into_iter().map(fate);
            parts.iter().map(|part| Ok(new.by_ref().take(part.len()).collect())).collect()
        }
        Err(error) if parts.len() > 1 && may_be_of_one(&error) || error.is_of_values() => {
            if let [only] = parts {
                return vec![store_what_can_be(database, search, only, Some(error)).await];
            }
            let mut outcomes = Vec::with_capacity(parts.len());
            for part in parts {
                outcomes.push(store_what_can_be(database, search, part, None).await);
            }
            outcomes
        }
        Err(error) => vec![Err(error); parts.len()],
    }
}

/// Stores the records of one request, all but those that the database refuses. When the time for the search is over,
/// those that were not tried are refused too, as a client that sent them again would come no further. `answered` is what
/// the database said to all of them, if they were tried.
async fn store_what_can_be<H: Host>(
    database: &impl Executor,
    search: &Search<'_, H>,
    records: &[AccessRecord<'_>],
    mut answered: Option<StorageError>,
) -> Outcome {
    let mut fates = Vec::with_capacity(records.len());
    let mut found_one = false;
    // The next part is the last.
    let mut rest = vec![records];
    while let Some(part) = rest.pop() {
        if found_one && search.is_over() {
            fates.resize(fates.len() + part.len(), Fate::Refused(Refusal::NotTried));
            continue;
        }
        let outcome = match answered.take() {
            Some(error) => Err(error),
            None => insert::insert_each(database, part).await,
        };
        match outcome {
            Ok(new) => fates.extend(new.into_iter().map(fate)),
            Err(error) if error.is_of_values() && part.len() == 1 => {
                found_one = true;
                fates.push(Fate::Refused(Refusal::Unfit(error.to_string())));
            }
            Err(error) if error.is_of_values() => {
                let (first, second) = part.split_at(part.len() / 2);
                rest.extend([second, first]);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(fates)
}

fn fate(new: bool) -> Fate {
    if new { Fate::New } else { Fate::Duplicate }
}

/// Whether the records of one request may have caused the failure. A database that is down or full is so for all.
fn may_be_of_one(error: &StorageError) -> bool {
    !matches!(
        error,
        StorageError::Unavailable { .. } | StorageError::Misconfigured { .. } | StorageError::Full { .. }
    )
}

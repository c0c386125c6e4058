//! Records in the order in which they were stored, each once: what a client reads that follows the newest.
//!
//! `start_time` gives no such order, because a record is stored when its request ends. The table's key does: a place is the
//! key of the last record that was answered, and further records have larger ones.
//!
//! On SQLite, libSQL and Turso one transaction writes at a time and takes the largest key and one more, so records become
//! visible in the order of their keys, and nothing can come below a key that was seen.
//!
//! On MySQL a transaction takes its keys when it inserts, and another one that took later keys may commit first. So the keys
//! behind a place are followed only as long as none is missing. A missing one is either still to come, or was never used
//! (a duplicate, a transaction that was undone, another server of a cluster that counts in steps). To tell these apart
//! the place notes the largest key in the table, and when it was seen: each smaller key was taken before that. What has not
//! come [`LATEST_COMMIT`] after it was never used. So nothing is skipped as long as an insert takes no longer than that from
//! its beginning to its commit, as the limit that ingest has (`database_timeout_ms`, 4 s) makes sure, and a record behind
//! a key that was never used comes as much later. Only TiDB, whose servers each take keys from a range of their own, gives
//! them out in another order, unless the table has `AUTO_ID_CACHE 1`.
//!
//! A table that was emptied may count from 1 again. Where all keys are smaller than that of the place, it begins anew
//! with the newest records of a look.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use gatelog_record::Timestamp;
use thiserror::Error;

use crate::query::select_builder::{Select, is_in};
use crate::schema::TABLE;
use crate::{Dialect, Executor, Filter, Rows, Selection, Statement, StorageError, StoredRecord, Value};

/// How long a missing key may still come after a larger one was seen.
pub const LATEST_COMMIT: Duration = Duration::from_secs(5);
/// Most stored records that a look goes through.
pub const LOOK_RECORDS: u32 = 2_000;

/// A place in the order in which records were stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TailCursor {
    /// The key of the last record before it.
    pub id: i64,
    /// The largest key in the table, and when it was seen there, while keys in between are missing.
    pub seen: Option<(i64, Timestamp)>,
}

/// A text that is no place.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("this is no place: pass `next` of the answer before")]
pub struct InvalidTailCursor;

const VERSION: &str = "1t";

impl fmt::Display for TailCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{VERSION}-{:x}", self.id)?;
        match self.seen {
            Some((id, time)) => write!(f, "-{id:x}-{:x}", time.as_micros()),
            None => Ok(()),
        }
    }
}

impl FromStr for TailCursor {
    type Err = InvalidTailCursor;

    fn from_str(text: &str) -> Result<Self, InvalidTailCursor> {
        let number = |text: &str| {
            i64::from_str_radix(text, 16).ok().filter(|number| *number >= 0).ok_or(InvalidTailCursor)
        };
        let parts: Vec<&str> = text.split('-').collect();
        match parts.as_slice() {
            [VERSION, id] => Ok(Self { id: number(id)?, seen: None }),
            [VERSION, id, seen, micros] => {
                let seen = Some((number(seen)?, Timestamp::from_micros(number(micros)?)));
                Ok(Self { id: number(id)?, seen })
            }
            _ => Err(InvalidTailCursor),
        }
    }
}

/// What a look found.
#[derive(Clone, Debug)]
pub struct Look {
    /// The records that meet the conditions, in the order in which they were stored.
    pub records: Vec<StoredRecord>,
    /// The place behind them.
    pub next: TailCursor,
    /// Whether there are more stored records to go through now.
    pub has_more: bool,
}

/// How much a look may answer.
#[derive(Clone, Copy, Debug)]
pub struct LookLimits {
    /// Most records.
    pub records: u32,
    /// Most bytes of their values, but for one record.
    pub bytes: usize,
}

/// The place behind everything that is stored now. A record that is being stored at this moment may be before it.
///
/// # Errors
///
/// The database's.
pub async fn newest(executor: &impl Executor) -> Result<TailCursor, StorageError> {
    Ok(TailCursor { id: largest_id(executor).await?, seen: None })
}

/// Looks for records behind a place.
///
/// # Errors
///
/// The database's.
pub async fn look(
    executor: &impl Executor,
    filters: &[Filter],
    selection: &Selection,
    place: TailCursor,
    limits: LookLimits,
    now: Timestamp,
) -> Result<Look, StorageError> {
    let dialect = executor.dialect();
    let (mut next, has_more) = if dialect.keys_may_come_late() {
        follow_keys(executor, place, now).await?
    } else {
        follow_rows(executor, place).await?
    };
    if next.id <= place.id {
        return Ok(Look { records: Vec::new(), next, has_more });
    }
    let found = executor
        .run(&measure_statement(dialect, filters, selection, place.id, next.id, limits.records))
        .await?;
    let (ids, is_cut) = fitting(&found, limits);
    if is_cut && let Some(last) = ids.last() {
        next.id = *last;
    }
    let records = match ids.as_slice() {
        [] => Vec::new(),
        ids => executor.run(&records_statement(dialect, selection, ids)).await?,
    };
    let records = records.into_iter().map(|row| StoredRecord::new(dialect, selection.clone(), row)).collect();
    Ok(Look { records, next, has_more: has_more || is_cut })
}

/// Where a look ends if keys come in their order, and whether there is more behind it.
async fn follow_rows(
    executor: &impl Executor,
    place: TailCursor,
) -> Result<(TailCursor, bool), StorageError> {
    let [last, count] = numbers(&executor.run(&last_of_look_statement(place.id)).await?);
    if count == 0 {
        return Ok((begin_anew(executor, place).await?, false));
    }
    Ok((TailCursor { id: last, seen: None }, count >= i64::from(LOOK_RECORDS)))
}

/// The same if keys may come late.
async fn follow_keys(
    executor: &impl Executor,
    place: TailCursor,
    now: Timestamp,
) -> Result<(TailCursor, bool), StorageError> {
    let rows = executor.run(&keys_statement(place.id)).await?;
    let keys: Vec<i64> = rows.iter().filter_map(|row| row.first()?.as_integer()).collect();
    if keys.is_empty() {
        return Ok((begin_anew(executor, place).await?, false));
    }
    let is_full = keys.len() >= usize::try_from(LOOK_RECORDS).unwrap_or(usize::MAX);
    let mut next = follow(place, &keys, now);
    if next.seen == Some((i64::MAX, now)) {
        next.seen = Some((largest_id(executor).await?, now));
    }
    Ok((next, is_full && next.seen.is_none()))
}

/// The place at the last of `keys`, which follow `place` in order, before the first missing key that may still come. A
/// note of the largest key that is to be made is `i64::MAX`.
fn follow(place: TailCursor, keys: &[i64], now: Timestamp) -> TailCursor {
    let age = |at: Timestamp| now.as_micros().saturating_sub(at.as_micros());
    let grace = i64::try_from(LATEST_COMMIT.as_micros()).unwrap_or(i64::MAX);
    let settled = match place.seen {
        Some((id, at)) if age(at) >= grace => id,
        _ => place.id,
    };
    let mut id = place.id;
    for key in keys {
        let is_next = *key == id.saturating_add(1);
        if !is_next && key.saturating_sub(1) > settled {
            // A clock that went back would make the note hold for longer.
            let seen = place.seen.filter(|(seen, at)| *seen > id && (0..grace).contains(&age(*at)));
            return TailCursor { id, seen: seen.or(Some((i64::MAX, now))) };
        }
        id = *key;
    }
    TailCursor { id, seen: None }
}

/// The place, or where to begin if the table counts anew.
async fn begin_anew(executor: &impl Executor, place: TailCursor) -> Result<TailCursor, StorageError> {
    let largest = largest_id(executor).await?;
    if largest >= place.id {
        return Ok(TailCursor { seen: None, ..place });
    }
    Ok(TailCursor { id: largest.saturating_sub(i64::from(LOOK_RECORDS)).max(0), seen: None })
}

/// The ids of the rows that fit, and whether there are others.
fn fitting(rows: &Rows, limits: LookLimits) -> (Vec<i64>, bool) {
    let most = usize::try_from(limits.records).unwrap_or(usize::MAX);
    let (mut ids, mut bytes) = (Vec::new(), 0_usize);
    for row in rows {
        let [Value::Integer(id), Value::Integer(row_bytes)] = row.as_slice() else { continue };
        bytes = bytes.saturating_add(usize::try_from(*row_bytes).unwrap_or_default());
        if ids.len() >= most || (bytes > limits.bytes && !ids.is_empty()) {
            return (ids, true);
        }
        ids.push(*id);
    }
    (ids, false)
}

async fn largest_id(executor: &impl Executor) -> Result<i64, StorageError> {
    let [largest] = numbers(&executor.run(&largest_id_statement()).await?);
    Ok(largest)
}

/// The whole numbers of the first row, 0 for each that is missing.
fn numbers<const COLUMNS: usize>(rows: &Rows) -> [i64; COLUMNS] {
    std::array::from_fn(|index| rows.first().and_then(|row| row.get(index)?.as_integer()).unwrap_or_default())
}

/// Asks for the largest key.
pub fn largest_id_statement() -> Statement<'static> {
    Statement::new(format!("SELECT MAX(id) AS largest FROM {TABLE}"), Vec::new())
}

/// Asks for the key of the last record of a look, and how many there are up to it.
pub fn last_of_look_statement(id: i64) -> Statement<'static> {
    let look = format!("SELECT id FROM {TABLE} WHERE id > ? ORDER BY id LIMIT ?");
    Statement::new(
        format!("SELECT MAX(id) AS last, COUNT(*) AS records FROM ({look}) AS look"),
        vec![Value::from(id), Value::from(i64::from(LOOK_RECORDS))],
    )
}

/// Asks for the keys of a look.
pub fn keys_statement(id: i64) -> Statement<'static> {
    Statement::new(
        format!("SELECT id FROM {TABLE} WHERE id > ? ORDER BY id LIMIT ?"),
        vec![Value::from(id), Value::from(i64::from(LOOK_RECORDS))],
    )
}

/// Asks for the keys and sizes of the records that meet the conditions, one more than the most.
pub fn measure_statement<'q>(
    dialect: Dialect,
    filters: &'q [Filter],
    selection: &Selection,
    after: i64,
    to: i64,
    limit: u32,
) -> Statement<'q> {
    let mut select =
        Select::from_table(dialect, &format!("id, {} AS row_bytes", selection.row_bytes(dialect)));
    // An index of a condition would find all records of the table that meet it.
    select
        .push(format_args!("{}", dialect.by_key_alone()), [])
        .condition(format_args!("id > ?"), [Value::from(after)])
        .condition(format_args!("id <= ?"), [Value::from(to)])
        .filters(filters)
        .push(format_args!(" ORDER BY id LIMIT ?"), [Value::from(i64::from(limit) + 1)]);
    select.statement()
}

/// Asks for records by their keys.
pub fn records_statement(dialect: Dialect, selection: &Selection, ids: &[i64]) -> Statement<'static> {
    let mut select = Select::from_table(dialect, &selection.sql(dialect));
    select
        .condition(format_args!("{}", is_in("id", ids.len())), ids.iter().copied().map(Value::from))
        .push(format_args!(" ORDER BY id"), []);
    select.statement()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: i64 = 1_000_000;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(1_769_860_800_000_000 + seconds * SECOND)
    }

    #[test]
    fn keys_are_followed_up_to_one_that_may_still_come() {
        let place = TailCursor { id: 5, seen: None };
        assert_eq!(follow(place, &[6, 7, 8], at(0)), TailCursor { id: 8, seen: None });
        let waiting = follow(place, &[6, 8], at(0));
        assert_eq!(waiting, TailCursor { id: 6, seen: Some((i64::MAX, at(0))) });
        let waiting = TailCursor { id: 6, seen: Some((8, at(0))) };
        // It comes.
        assert_eq!(follow(waiting, &[7, 8, 9], at(1)), TailCursor { id: 9, seen: None });
        // It does not, and the note is as old as it was.
        assert_eq!(follow(waiting, &[8, 9], at(4)), waiting);
        assert_eq!(follow(waiting, &[8, 9], at(5)), TailCursor { id: 9, seen: None });
        // The next one that is missing is waited for anew.
        let next = TailCursor { id: 8, seen: Some((i64::MAX, at(5))) };
        assert_eq!(follow(waiting, &[8, 10], at(5)), next);
        // Of a clock that went back the note begins anew.
        let anew = TailCursor { id: 6, seen: Some((i64::MAX, at(-100))) };
        assert_eq!(follow(waiting, &[8], at(-100)), anew);
    }

    #[test]
    fn a_text_that_is_no_place_is_refused() {
        for text in
            ["", "1t", "1t-", "1t--1", "1d-1", "1t-1-2", "1t-zz", "1t-1-2-3-4", "1t-ffffffffffffffffff"]
        {
            assert_eq!(text.parse::<TailCursor>(), Err(InvalidTailCursor), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(id in 0..i64::MAX, seen in prop::option::of((0..i64::MAX, 0..1_i64 << 50))) {
            let seen = seen.map(|(id, micros)| (id, Timestamp::from_micros(micros)));
            let place = TailCursor { id, seen };
            // Times before 1970 and a second are moved there.
            let read: TailCursor = place.to_string().parse().unwrap();
            prop_assert_eq!(read, place);
        }

        /// Transactions take keys one after another, and commit in any order within five seconds, or never.
        #[test]
        fn whatever_the_order_of_commits_each_record_comes_once(
            delays in prop::collection::vec(prop::option::weighted(0.9, 0..5_i64), 1..60),
        ) {
            // The transaction with key `n + 1` takes it at second `n / 3`.
            let commits: Vec<Option<i64>> =
                delays.iter().zip(0_i64..).map(|(delay, n)| delay.map(|delay| n / 3 + delay)).collect();
            let mut place = TailCursor { id: 0, seen: None };
            let mut found = Vec::new();
            for now in 0..60 {
                let visible: Vec<i64> = commits.iter().zip(1_i64..)
                    .filter_map(|(commit, key)| commit.is_some_and(|commit| commit <= now).then_some(key)).collect();
                let keys: Vec<i64> = visible.iter().copied().filter(|key| *key > place.id).collect();
                let next = follow(place, &keys, at(now));
                found.extend(keys.into_iter().filter(|key| *key <= next.id));
                let largest = visible.last().copied().unwrap_or_default();
                place = TailCursor { seen: next.seen.map(|(id, at)| (id.min(largest), at)), ..next };
            }
            let expected: Vec<i64> =
                commits.iter().zip(1_i64..).filter_map(|(commit, key)| commit.map(|_| key)).collect();
            prop_assert_eq!(found, expected);
        }
    }
}

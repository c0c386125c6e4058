//! A table of records that is divided by day, on MySQL and MariaDB: old records go by dropping the parts of their days,
//! which takes as long for ten million records as for one.
//!
//! A part holds the records of its day, in UTC, and whatever is older and has no part of its own. The last part has no end
//! and holds what is later than all days; new days are split off it before they begin, while it is empty.
//!
//! Changing the parts needs the table for a moment, for which every statement on it has to end. Statements that come
//! meanwhile wait behind the change, so it gives up after a second and is tried again later.

use gatelog_record::Timestamp;

use crate::schema::{Partitioning, TABLE};
use crate::{Executor, Statement, StorageError, Value};

/// Days after the current one that have parts.
pub const DAYS_AHEAD: i64 = 3;
/// Most parts that are dropped at once: each takes the table for a moment.
const MOST_DROPPED: usize = 10;
/// Seconds of a day.
const DAY: i64 = 86_400;
/// Settings of the connection: how many seconds a change waits for statements that use the table.
const LIMITED_WAIT: [&str; 2] =
    ["SET SESSION lock_wait_timeout = 1", "SET SESSION lock_wait_timeout = DEFAULT"];

/// A part of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name: `p` and the day.
    pub name: String,
    /// Where it ends, in seconds since the epoch; without an end for the last one.
    pub until: Option<i64>,
    /// How many records it holds, as the database estimates.
    pub records: i64,
}

/// What the database says of the table's parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// The parts in the order of time; none if the table is in one piece.
    pub parts: Vec<Part>,
    /// The database's clock, in seconds since the epoch.
    pub now: i64,
}

/// What [`maintain`] has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Maintained {
    /// How many records were in the dropped parts, as the database estimates.
    pub dropped: usize,
    /// Records that began before this came after the parts of their days were dropped, and are to be deleted one by one.
    pub delete_before: Option<Timestamp>,
}

/// Makes the parts of the coming days, and drops those whose records all began more than `keep_days` ago, where records are
/// not kept for ever. None if the table is in one piece.
///
/// A clock that is ahead would drop too much, so the earlier of `now` and the database's clock counts.
///
/// # Errors
///
/// The database's. Running it again continues.
pub async fn maintain(
    executor: &impl Executor,
    wanted: Partitioning,
    keep_days: Option<i64>,
    now: Timestamp,
) -> Result<Option<Maintained>, StorageError> {
    if executor.dialect().partitioning(wanted) == Partitioning::None {
        return Ok(None);
    }
    let Parts { parts, now: database_now } = parts(executor).await?;
    if parts.is_empty() {
        return Ok(None);
    }
    let now = database_now.min(now.as_millis().div_euclid(1_000));
    if let Some(statement) = make_statement(&parts, now) {
        executor.run(&statement).await?;
    }
    let Some(keep_days) = keep_days else { return Ok(Some(Maintained { dropped: 0, delete_before: None })) };
    let before = now.saturating_sub(keep_days.saturating_mul(DAY));
    let mut dropped = 0;
    let expired: Vec<&Part> = expired(&parts, before).collect();
    for part in expired.iter().take(MOST_DROPPED) {
        executor.run(&drop_statement(part)?).await?;
        dropped += usize::try_from(part.records).unwrap_or_default();
    }
    let first_day = Timestamp::from_micros(start_of_day(before).saturating_mul(1_000_000));
    let is_done = expired.len() <= MOST_DROPPED;
    Ok(Some(Maintained { dropped, delete_before: is_done.then_some(first_day) }))
}

/// The parts of the table, in order.
///
/// # Errors
///
/// The database's.
pub async fn parts(executor: &impl Executor) -> Result<Parts, StorageError> {
    let rows = executor.run(&parts_statement()).await?;
    let mut answer = Parts::default();
    for row in &rows {
        let [Value::Text(name), Value::Text(until), Value::Integer(records), Value::Integer(now)] =
            row.as_slice()
        else {
            let reason = "a row has another shape".to_owned();
            return Err(StorageError::UnexpectedAnswer { statement: "partitions of the table", reason });
        };
        answer.now = *now;
        answer.parts.push(Part { name: name.to_string(), until: until.parse().ok(), records: *records });
    }
    Ok(answer)
}

/// The statement of [`parts`].
pub fn parts_statement() -> Statement<'static> {
    Statement::new(
        format!(
            "SELECT CAST(partition_name AS CHAR(64)) AS name, CAST(partition_description AS CHAR(64)) AS until_seconds, \
             CAST(table_rows AS SIGNED) AS records, CAST(UNIX_TIMESTAMP() AS SIGNED) AS now_seconds \
             FROM information_schema.partitions WHERE table_schema = DATABASE() AND table_name = '{TABLE}' \
             AND partition_name IS NOT NULL ORDER BY partition_ordinal_position"
        ),
        Vec::new(),
    )
}

/// The statement that makes the parts of the coming days, if they are missing.
fn make_statement(parts: &[Part], now: i64) -> Option<Statement<'static>> {
    let last = parts.last().filter(|part| part.until.is_none() && is_plain(&part.name))?;
    let end = parts.iter().filter_map(|part| part.until).max().unwrap_or(i64::MIN);
    let today = start_of_day(now);
    let new: Vec<String> = (0..=DAYS_AHEAD)
        .map(|days| today.saturating_add(days * DAY))
        .filter(|day| day + DAY > end)
        .map(|day| format!("PARTITION {} VALUES LESS THAN ({})", name_of(day), day + DAY))
        .collect();
    if new.is_empty() {
        return None;
    }
    let sql = format!(
        "ALTER TABLE {TABLE} REORGANIZE PARTITION {} INTO ({}, PARTITION {} VALUES LESS THAN MAXVALUE)",
        last.name,
        new.join(", "),
        last.name
    );
    Some(Statement::new(sql, Vec::new()).with_setting(LIMITED_WAIT))
}

/// The parts that end at `before` or earlier. The last part of a table cannot be dropped, and has no end.
fn expired(parts: &[Part], before: i64) -> impl Iterator<Item = &Part> {
    parts.iter().filter(move |part| part.until.is_some_and(|until| until <= before))
}

fn drop_statement(part: &Part) -> Result<Statement<'static>, StorageError> {
    if !is_plain(&part.name) {
        let reason = format!("a partition is named {:?}; rename it to letters and digits", part.name);
        return Err(StorageError::UnexpectedAnswer { statement: "partitions of the table", reason });
    }
    let sql = format!("ALTER TABLE {TABLE} DROP PARTITION {}", part.name);
    Ok(Statement::new(sql, Vec::new()).with_setting(LIMITED_WAIT))
}

/// Whether a name needs no quoting.
fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn start_of_day(seconds: i64) -> i64 {
    seconds.saturating_sub(seconds.rem_euclid(DAY))
}

/// `p20260131` for a time on that day.
fn name_of(seconds: i64) -> String {
    let time = Timestamp::from_micros(seconds.saturating_mul(1_000_000)).to_string();
    let digits: String = time.chars().take_while(|c| *c != 'T').filter(char::is_ascii_digit).collect();
    format!("p{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-31T12:00:00Z.
    const NOON: i64 = 1_769_860_800;
    const MIDNIGHT: i64 = NOON - 43_200;

    fn part(name: &str, until: Option<i64>) -> Part {
        Part { name: name.to_owned(), until, records: 1 }
    }

    #[test]
    fn the_parts_of_today_and_the_coming_days_are_split_off_the_last_one() {
        let parts = [part("pmax", None)];
        let statement = make_statement(&parts, NOON).unwrap();
        let until = |days: i64| MIDNIGHT + days * DAY;
        assert_eq!(
            statement.sql(),
            format!(
                "ALTER TABLE access_logs REORGANIZE PARTITION pmax INTO (PARTITION p20260131 VALUES LESS THAN ({}), \
                 PARTITION p20260201 VALUES LESS THAN ({}), PARTITION p20260202 VALUES LESS THAN ({}), \
                 PARTITION p20260203 VALUES LESS THAN ({}), PARTITION pmax VALUES LESS THAN MAXVALUE)",
                until(1),
                until(2),
                until(3),
                until(4)
            )
        );
        let there = [part("p20260203", Some(until(4))), part("pmax", None)];
        assert!(make_statement(&there, NOON).is_none());
        assert!(make_statement(&there, until(1) - 1).is_none());
        let next_day = make_statement(&there, until(1)).unwrap();
        assert!(
            next_day.sql().contains("INTO (PARTITION p20260204 VALUES LESS THAN ("),
            "{}",
            next_day.sql()
        );
        assert_eq!(next_day.sql().matches("PARTITION p2026").count(), 1);
    }

    #[test]
    fn a_table_without_a_last_part_is_left_as_it_is() {
        assert!(make_statement(&[part("p1", Some(MIDNIGHT))], NOON).is_none());
        assert!(make_statement(&[part("p`; DROP", None)], NOON).is_none());
    }

    #[test]
    fn only_parts_that_have_ended_expire() {
        let mut parts: Vec<Part> = (0..20).map(|day| part("p", Some(MIDNIGHT + day * DAY))).collect();
        parts.push(part("pmax", None));
        let count = |before: i64| expired(&parts, before).count();
        assert_eq!((count(MIDNIGHT - 1), count(MIDNIGHT), count(MIDNIGHT + DAY - 1)), (0, 1, 1));
        assert_eq!(count(i64::MAX), 20);
    }

    #[test]
    fn a_name_that_would_need_quoting_is_refused() {
        assert!(drop_statement(&part("p20260131", None)).is_ok());
        for name in ["", "1", "p 1", "p`", "p;", "é"] {
            assert!(drop_statement(&part(name, None)).is_err(), "{name}");
        }
    }
}

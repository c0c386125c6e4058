//! Maintenance, done by one instance at a time for all: deletes records that are too old, looks after the partitions of the
//! table, and cleans up the reports of filters that are gone. It runs after responses, in statements so short that no insert waits long for them.

use std::cell::Cell;
use std::time::Duration;

use gatelog_functions_shared::log::{Level, Throttle};
use gatelog_functions_shared::metrics::DELETED;
use gatelog_functions_shared::{Environment, MetricsRecorder};
use gatelog_record::Timestamp;
use gatelog_storage::schema::Partitioning;
use gatelog_storage::{
    Executor, StorageError, filter_reports, lease, open_filter_reports, partitions, retention,
};

use crate::log::FUNCTION;

/// How often an instance checks whether something is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Milliseconds between two retention runs, by any instance.
const RETENTION_EVERY_MS: i64 = 5_000;
/// Records that one statement deletes.
const DELETE_ROWS: usize = 500;
/// Statements in one run: enough for ten thousand records per second.
const DELETES: usize = 100;
/// Pause between two statements, for waiting inserts.
const DELETE_PAUSE: Duration = Duration::from_millis(20);
/// Milliseconds between two looks at the partitions.
const PARTITIONS_EVERY_MS: i64 = 60_000;
/// Milliseconds between two checks for filters that are gone.
const FOLD_EVERY_MS: i64 = 3_600_000;
/// Milliseconds after which a filter that does not push counts as gone. If it returns later, it is counted as a
/// new filter.
const GONE_AFTER_MS: i64 = 30 * DAY_MS;
/// Milliseconds after which a filter that has counted nothing is forgotten.
const IDLE_AFTER_MS: i64 = FOLD_EVERY_MS;

const DAY_MS: i64 = 86_400_000;
/// Names of the leases, as stored in databases.
const RETENTION: &str = "upkeep_retention_ms";
const PARTITIONS: &str = "upkeep_partitions_ms";
const FOLD: &str = "upkeep_filters_ms";

/// What maintenance has to do.
#[derive(Clone, Copy, Debug)]
pub struct Duties {
    /// How many days records are kept; 0 means forever.
    pub retention_days: usize,
    /// Whether each day has a partition, on a database that has them.
    pub partitioning: Partitioning,
    /// Whether only bearers of the token can report.
    pub trusts_filters: bool,
}

impl Duties {
    /// The time before which records are too old.
    fn before(self, now: Timestamp) -> Timestamp {
        let kept_ms = i64::try_from(self.retention_days).unwrap_or(i64::MAX).saturating_mul(DAY_MS);
        Timestamp::from_micros(now.as_millis().saturating_sub(kept_ms).saturating_mul(1_000))
    }
}

/// The maintenance of one instance.
#[derive(Debug, Default)]
pub struct Maintenance {
    looked: Cell<Option<Duration>>,
    put_off: Throttle,
}

impl Maintenance {
    /// Reports to the operator, at intervals, that the database prevented maintenance.
    pub fn put_off(&self, now: Duration, error: &StorageError) {
        let message = format_args!("deleting old records and cleaning up reports is postponed: {error}");
        self.put_off.write(Level::Warn, FUNCTION, now, message);
    }

    /// Does the due maintenance.
    ///
    /// # Errors
    ///
    /// The database's error. The next run continues.
    pub async fn run(
        &self,
        database: &impl Executor,
        host: &impl Environment,
        recorder: &MetricsRecorder,
        duties: Duties,
    ) -> Result<(), StorageError> {
        let now = host.ticks();
        if self.looked.get().is_some_and(|looked| now.saturating_sub(looked) < LOOK_EVERY) {
            return Ok(());
        }
        self.looked.set(Some(now));
        let now_ms = host.now().as_millis();
        if database.dialect().partitioning(duties.partitioning) == Partitioning::Day {
            if lease::try_acquire(database, PARTITIONS, now_ms, PARTITIONS_EVERY_MS).await? {
                look_after_partitions(database, host, recorder, duties).await?;
            }
        } else if duties.retention_days > 0
            && lease::try_acquire(database, RETENTION, now_ms, RETENTION_EVERY_MS).await?
        {
            delete_old(database, host, recorder, duties.before(host.now())).await?;
        }
        if lease::try_acquire(database, FOLD, now_ms, FOLD_EVERY_MS).await? {
            filter_reports::forget_idle(database, now_ms - IDLE_AFTER_MS).await?;
            if duties.trusts_filters {
                filter_reports::fold_gone(database, now_ms - GONE_AFTER_MS).await?;
            } else {
                open_filter_reports::forget_gone(database, now_ms - GONE_AFTER_MS).await?;
            }
        }
        Ok(())
    }
}

/// Drops the partitions of days that are too old. A table in one piece, which is older than the variable, loses its old
/// records one by one.
async fn look_after_partitions(
    database: &impl Executor,
    host: &impl Environment,
    recorder: &MetricsRecorder,
    duties: Duties,
) -> Result<(), StorageError> {
    let keep_days = i64::try_from(duties.retention_days).ok().filter(|days| *days > 0);
    let before = match partitions::maintain(database, duties.partitioning, keep_days, host.now()).await? {
        Some(done) => {
            recorder.add(&DELETED, "", done.dropped);
            done.delete_before
        }
        None => keep_days.map(|_| duties.before(host.now())),
    };
    match before {
        Some(before) => delete_old(database, host, recorder, before).await,
        None => Ok(()),
    }
}

async fn delete_old(
    database: &impl Executor,
    host: &impl Environment,
    recorder: &MetricsRecorder,
    before: Timestamp,
) -> Result<(), StorageError> {
    for _ in 0..DELETES {
        let deleted = retention::delete_older(database, before, DELETE_ROWS).await?;
        recorder.add(&DELETED, "", deleted);
        if deleted < DELETE_ROWS {
            break;
        }
        host.sleep(DELETE_PAUSE).await;
    }
    Ok(())
}

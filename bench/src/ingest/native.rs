//! The baseline: this process stores the same rows by the same statement.

use std::path::Path;
use std::time::{Duration, Instant};

use gatelog_record::{AccessRecord, batch};
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::driver::native_mysql::NativeMysql;
use gatelog_storage::{Durability, Executor, insert};

use crate::traffic;

/// A database that this process opens itself, with the table and indexes of the functions.
#[derive(Debug)]
pub struct Native<E> {
    database: E,
    stored: u64,
}

impl Native<NativeSqlite> {
    /// A libSQL file whose commits survive what those of the functions do.
    ///
    /// # Errors
    ///
    /// When the file cannot be made.
    pub async fn libsql(file: &Path, durability: Durability) -> anyhow::Result<Self> {
        Ok(Self { database: NativeSqlite::open(file).await?.with_durability(durability).await?, stored: 0 })
    }
}

impl Native<NativeMysql> {
    /// A database of a MySQL server.
    ///
    /// # Errors
    ///
    /// When it cannot be reached, or the table not be made.
    pub async fn mysql(url: &str) -> anyhow::Result<Self> {
        Ok(Self { database: NativeMysql::open(url).await?, stored: 0 })
    }
}

impl<E: Executor> Native<E> {
    /// Stores batches, one after the other, until inserts have taken `duration`, and returns the rows per second. The time
    /// to make the records does not count.
    ///
    /// # Errors
    ///
    /// When a record is not stored.
    pub async fn store(&mut self, records: u64, duration: Duration) -> anyhow::Result<f64> {
        let (mut spent, first) = (Duration::ZERO, self.stored);
        while spent < duration {
            let body = traffic::batch(self.stored, records);
            let batch = batch::decode(body.as_bytes(), usize::MAX)?;
            let batch: Vec<AccessRecord<'_>> = batch.records.into_iter().map(|(_, record)| record).collect();
            let start = Instant::now();
            let inserted = insert::insert(&self.database, &batch).await?;
            spent += start.elapsed();
            anyhow::ensure!(inserted.accepted == batch.len(), "{inserted:?} of {} records", batch.len());
            self.stored += records;
        }
        Ok((self.stored - first) as f64 / spent.as_secs_f64())
    }
}

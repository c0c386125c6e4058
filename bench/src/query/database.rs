//! The table that is queried: SQLite makes each row from its number, so that the table is the same in every run.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use gatelog_record::Timestamp;
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::{Dialect, Statement, Value, schema};
use tempfile::TempDir;

/// Time between two rows: ten million in seven days.
const GAP_MICROS: i64 = 60_480;
/// When the last request ended, 2026-02-08T00:00:00Z.
pub const END_MICROS: i64 = 1_770_508_800_000_000;
/// Rows that are made by one statement, which is one transaction.
const ROWS_AT_ONCE: u64 = 250_000;
const MAKE_ROWS: &str = include_str!("rows.sql");

/// A file with the table.
#[derive(Debug)]
pub struct Database {
    /// The file.
    pub file: PathBuf,
    /// Its rows.
    pub rows: u64,
    _folder: TempDir,
}

impl Database {
    /// The table with `rows` rows, in the file `kept` if given: the table is made there unless it exists, and stays.
    ///
    /// # Errors
    ///
    /// SQLite's, and when the file that was kept holds something else.
    pub async fn prepare(rows: u64, kept: Option<&Path>) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = kept.map_or_else(|| folder.path().join("query.db"), Path::to_owned);
        if !file.exists() {
            let begin = Instant::now();
            make(&file, rows).await.with_context(|| format!("making {}", file.display()))?;
            println!("# {rows} rows made in {:.0} s", begin.elapsed().as_secs_f64());
        }
        let database = Self { file, rows, _folder: folder };
        let sql = Sql::open(&database.file).await?;
        let stored = sql.integer("SELECT COUNT(*) FROM access_logs", vec![]).await?;
        ensure!(
            stored == i64::try_from(rows)?,
            "{} holds {stored} rows, not {rows}",
            database.file.display()
        );
        let bytes = std::fs::metadata(&database.file)?.len();
        println!(
            "# {rows} rows of {} bytes, indexes included, one each {GAP_MICROS} us; {:.1} GB",
            bytes / rows,
            bytes as f64 / 1e9
        );
        Ok(database)
    }

    /// A database of its own with the rows that began at this time or later.
    ///
    /// # Errors
    ///
    /// SQLite's.
    pub async fn copy_since(&self, since: Timestamp, file: &Path) -> anyhow::Result<()> {
        NativeSqlite::open(file).await?;
        let sql = Sql::open(file).await?;
        let path = self.file.to_str().context("the file's name is no text")?;
        sql.run("ATTACH ? AS whole", vec![path.into()]).await?;
        let copy = "INSERT INTO access_logs SELECT * FROM whole.access_logs WHERE start_time >= ?";
        sql.run(copy, vec![since.to_string().into()]).await?;
        Ok(())
    }
}

/// Makes the rows first and then the indexes, which takes half the time of both at once.
async fn make(file: &Path, rows: u64) -> anyhow::Result<()> {
    let sql = Sql::open(file).await?;
    for setting in ["journal_mode=OFF", "synchronous=OFF", "cache_size=-500000", "temp_store=MEMORY"] {
        sql.run(&format!("PRAGMA {setting}"), vec![]).await?;
    }
    let is_index = |statement: &String| statement.contains(" INDEX ") && !statement.contains("CREATE TABLE");
    let (indexes, others): (Vec<_>, Vec<_>) =
        schema::statements(Dialect::Sqlite).into_iter().partition(is_index);
    for statement in others {
        sql.run(&statement, vec![]).await?;
    }
    let first_micros = END_MICROS - i64::try_from(rows)? * GAP_MICROS;
    for from in (0..rows).step_by(usize::try_from(ROWS_AT_ONCE)?) {
        let to = rows.min(from + ROWS_AT_ONCE);
        let numbers = [i64::try_from(from)?, i64::try_from(to)?, first_micros, GAP_MICROS];
        sql.run(MAKE_ROWS, numbers.map(libsql::Value::Integer).to_vec()).await?;
    }
    for statement in indexes {
        sql.run(&statement, vec![]).await?;
    }
    Ok(())
}

/// A connection of this process.
#[derive(Debug)]
pub struct Sql {
    connection: libsql::Connection,
}

impl Sql {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// SQLite's.
    pub async fn open(file: &Path) -> anyhow::Result<Self> {
        let database = libsql::Builder::new_local(file).build().await?;
        Ok(Self { connection: database.connect()? })
    }

    /// Runs a statement and returns its rows.
    ///
    /// # Errors
    ///
    /// SQLite's.
    pub async fn run(
        &self,
        sql: &str,
        params: Vec<libsql::Value>,
    ) -> anyhow::Result<Vec<Vec<libsql::Value>>> {
        let mut answer = self.connection.query(sql, params).await?;
        let mut rows = Vec::new();
        while let Some(row) = answer.next().await? {
            rows.push((0..row.column_count()).map(|column| row.get_value(column)).collect::<Result<_, _>>()?);
        }
        Ok(rows)
    }

    /// Runs a statement of `storage` without an index.
    ///
    /// # Errors
    ///
    /// SQLite's.
    pub async fn run_unindexed(&self, statement: &Statement<'_>) -> anyhow::Result<Vec<Vec<libsql::Value>>> {
        let sql = statement.sql().replace("FROM access_logs", "FROM access_logs NOT INDEXED");
        let params = statement.params().iter().map(|value| match value {
            Value::Null => libsql::Value::Null,
            Value::Integer(number) => libsql::Value::Integer(*number),
            Value::Real(number) => libsql::Value::Real(*number),
            Value::Text(text) => libsql::Value::Text(text.to_string()),
        });
        self.run(&sql, params.collect()).await
    }

    /// The number that a statement returns.
    ///
    /// # Errors
    ///
    /// SQLite's, and when there is none.
    pub async fn integer(&self, sql: &str, params: Vec<libsql::Value>) -> anyhow::Result<i64> {
        match self.run(sql, params).await?.first().and_then(|row| row.first()) {
            Some(libsql::Value::Integer(number)) => Ok(*number),
            other => anyhow::bail!("{sql}: {other:?} is no number"),
        }
    }
}

//! How many bytes a record takes on disk: its row and its entry in each index, on every store, stored in the order of time and in
//! batches, as ingest stores them. An index whose keys come in any order has pages that are partly empty, which a rebuilt one has
//! not, so the bytes are those of a table that has grown.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use gatelog_databases::{MariaDb, MySql, SqlServer};
use gatelog_query::params;
use gatelog_query::params::options::ResponseFormat;
use gatelog_query::params::time::Zone;
use gatelog_query::reader::RecordReader;
use gatelog_record::fields::Member;
use gatelog_record::{AccessRecord, FieldValue};
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::driver::native_mysql::NativeMysql;
use gatelog_storage::{Durability, Executor, StoredRecord, insert};

use crate::figure::{Figure, Target};
use crate::query::database::{Database, Sql};

/// Records in a batch, as the filter sends them by default.
const BATCH: usize = 100;
/// The name of the table's own tree on MySQL.
const ROWS: &str = "PRIMARY";
/// For servers that only have to grow a table.
const FAST: [&str; 2] = ["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=512M"];

/// Bytes by the name of an index; the rows are [`ROWS`].
type Bytes = BTreeMap<String, f64>;

/// Measures with this many records and prints, for each store, the bytes of a record.
///
/// # Errors
///
/// When a store does not start or does not have every record in the end.
pub async fn run(rows: u64) -> anyhow::Result<()> {
    let source = Database::prepare(rows, None).await?;
    describe(&source.file, rows).await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("size.db");
    let libsql = NativeSqlite::open(&file).await?.with_durability(Durability::Normal).await?;
    fill(&source.file, &libsql, "libSQL").await?;
    drop(libsql);
    print("libsql", rows, &of_libsql(&file, rows).await?);
    let mariadb = MariaDb::start(&FAST)?;
    print("mariadb", rows, &on_server(&source.file, &mariadb, "MariaDB", rows).await?);
    drop(mariadb);
    let mysql = MySql::start(&FAST)?;
    print("mysql", rows, &on_server(&source.file, &mysql, "MySQL", rows).await?);
    Ok(())
}

/// Prints what the records are like.
async fn describe(source: &Path, rows: u64) -> anyhow::Result<()> {
    let (mut calls, mut of_calls, mut of_others) = (0_u64, 0, 0);
    read(source, async |records| {
        for record in records {
            if record.model.is_empty() {
                of_others += record.content_bytes();
            } else {
                calls += 1;
                of_calls += record.content_bytes();
            }
        }
        Ok(())
    })
    .await?;
    println!(
        "# {rows} records, {calls} of them AI calls with an ai_log; texts of {:.0} bytes in one of these, {:.0} in another",
        of_calls as f64 / calls.max(1) as f64,
        of_others as f64 / (rows - calls).max(1) as f64,
    );
    Ok(())
}

/// Hands the records of a file, from the oldest to the newest, to `take` in batches.
async fn read(
    source: &Path,
    mut take: impl AsyncFnMut(&[AccessRecord<'_>]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let params = params::parse("format=ndjson&sort_order=ASC", ResponseFormat::Json, 1_000, &Zone::UTC)?;
    let native = NativeSqlite::open(source).await?;
    let mut records = RecordReader::new(&native, &params);
    while let Some(part) = records.next().await? {
        for stored in part.chunks(BATCH) {
            let batch: Vec<AccessRecord<'_>> = stored.iter().map(record).collect::<anyhow::Result<_>>()?;
            take(&batch).await?;
        }
    }
    Ok(())
}

fn record(stored: &StoredRecord) -> anyhow::Result<AccessRecord<'_>> {
    let mut record = AccessRecord::default();
    for (field, value) in stored.fields() {
        match (record.member_mut(field.name).context("a field without a member")?, value) {
            (Member::Timestamp(member), FieldValue::Timestamp(time)) => *member = Some(time),
            (Member::Text(member), FieldValue::Text(text)) => *member = text.into(),
            (Member::Integer(member), FieldValue::Integer(number)) => *member = number,
            (Member::Count(member), FieldValue::Integer(number)) => *member = Some(number),
            (Member::Json(member), FieldValue::Json(json)) => {
                *member = Some(std::borrow::Cow::Borrowed(json))
            }
            (_, FieldValue::Absent) => {}
            (member, value) => anyhow::bail!("{}: {value:?} in {member:?}", field.name),
        }
    }
    Ok(record)
}

async fn fill(source: &Path, store: &impl Executor, name: &str) -> anyhow::Result<()> {
    let begin = Instant::now();
    read(source, async |records| {
        let inserted = insert::insert(store, records).await?;
        ensure!(inserted.accepted == records.len(), "{inserted:?} of {} records", records.len());
        Ok(())
    })
    .await?;
    println!("# {name} was filled in {:.0} s", begin.elapsed().as_secs_f64());
    Ok(())
}

async fn of_libsql(file: &Path, rows: u64) -> anyhow::Result<Bytes> {
    let sql = Sql::open(file).await?;
    sql.run("PRAGMA wal_checkpoint(TRUNCATE)", vec![]).await?;
    let stored = sql.integer("SELECT COUNT(*) FROM access_logs", vec![]).await?;
    ensure!(stored == i64::try_from(rows)?, "{stored} rows of {rows}");
    let sizes = sql.run("SELECT name, SUM(pgsize) FROM dbstat GROUP BY name", vec![]).await?;
    let mut bytes = Bytes::new();
    for row in sizes {
        let [libsql::Value::Text(name), libsql::Value::Integer(size)] = row.as_slice() else {
            anyhow::bail!("dbstat says {row:?}");
        };
        let name = if name == "access_logs" { ROWS } else { name.as_str() };
        if name == ROWS || name.starts_with("idx_") {
            bytes.insert(name.to_owned(), *size as f64);
        }
    }
    Ok(bytes)
}

async fn on_server(source: &Path, server: &SqlServer, name: &str, rows: u64) -> anyhow::Result<Bytes> {
    let url = server.database()?;
    let database = url.rsplit('/').next().context("a URL without a database")?;
    let store = NativeMysql::open(&url).await?;
    fill(source, &store, name).await?;
    let stored = server
        .sql(&format!("ANALYZE TABLE {database}.access_logs; SELECT COUNT(*) FROM {database}.access_logs"))?;
    let stored = stored.lines().last().unwrap_or_default();
    ensure!(stored == rows.to_string(), "{stored} rows of {rows}");
    let sizes = server.sql(&format!(
        "SELECT index_name, stat_value * @@innodb_page_size FROM mysql.innodb_index_stats \
         WHERE database_name = '{database}' AND table_name = 'access_logs' AND stat_name = 'size'"
    ))?;
    let mut bytes = Bytes::new();
    for line in sizes.lines() {
        let (index, size) = line.split_once('\t').context("two columns")?;
        bytes.insert(index.to_owned(), size.parse()?);
    }
    Ok(bytes)
}

fn print(store: &str, rows: u64, bytes: &Bytes) {
    for (index, size) in bytes {
        let of = if index == ROWS { "the row" } else { index };
        println!("# {store}: {of}: {:.0} bytes a record", size / rows as f64);
    }
    let value = bytes.values().sum::<f64>() / rows as f64;
    let target = Target::AtMost(2_000.0);
    println!("{}", Figure { name: format!("size.{store}.record"), value, unit: "bytes", target });
}

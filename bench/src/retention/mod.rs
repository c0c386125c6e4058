//! What retention costs MySQL and MariaDB: a day of a large table goes by deleting its rows, as ingest does without partitions,
//! and another one by dropping its partition, while one connection goes on storing.
//!
//! - [`table`]: the table. [`inserts`]: the stored batches and their times.

pub mod inserts;
pub mod table;

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use gatelog_databases::{MariaDb, MySql, SqlServer};
use gatelog_record::{Timestamp, fields};
use gatelog_storage::driver::native_mysql::NativeMysql;
use gatelog_storage::query::records;
use gatelog_storage::schema::Partitioning;
use gatelog_storage::{Direction, Page, Query, Sort, partitions, retention};

use crate::figure::{Figure, Target, median};
use inserts::{Inserts, Times};
use table::{DAYS, Table};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Rows of the table, over ten days.
    pub rows: u64,
    /// How long inserts are timed while nothing else happens.
    pub quiet: Duration,
}

impl Effort {
    /// Ten million rows.
    pub const FULL: Self = Self { rows: 10_000_000, quiet: Duration::from_secs(20) };
    /// A quick look.
    pub const QUICK: Self = Self { rows: 300_000, quiet: Duration::from_secs(3) };
}

/// The server to measure.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub enum Server {
    /// MariaDB.
    #[default]
    Mariadb,
    /// MySQL.
    Mysql,
}

/// Rows of one delete, and the pause after it, as ingest does it.
const DELETE_ROWS: usize = 500;
const DELETE_PAUSE: Duration = Duration::from_millis(20);
/// Queries of each kind.
const QUERIES: usize = 200;
/// Sizes of a server for such a table; a commit waits for the disk.
const POOL: &str = "--innodb-buffer-pool-size=2G";
const LOG_OF_MARIADB: &str = "--innodb-log-file-size=1G";
const LOG_OF_MYSQL: &str = "--innodb-redo-log-capacity=1G";

/// Measures and prints one line for each figure.
///
/// # Errors
///
/// When a server does not start, or the rows that are left are not the right ones: then there are no figures.
pub async fn run(effort: Effort, server: Server) -> anyhow::Result<()> {
    match server {
        Server::Mariadb => {
            let server = MariaDb::start(&[POOL, LOG_OF_MARIADB])?;
            measure(effort, &server).await
        }
        Server::Mysql => {
            let server = MySql::start(&[POOL, LOG_OF_MYSQL])?;
            measure(effort, &server).await
        }
    }
}

async fn measure(effort: Effort, server: &SqlServer) -> anyhow::Result<()> {
    let table = Table::make(server, effort.rows).await?;
    let database = NativeMysql::connect(&table.url).await?;
    let inserts = Inserts::start(&table.url)?;

    let quiet = inserts.during(async || tokio::time::sleep(effort.quiet).await).await.0;
    let (deleting, spent) = inserts.during(async || delete_day(&database, table.start_of(1)).await).await;
    let deleted = spent?;
    ensure!(deleted.rows == table.rows_of_a_day(), "{} rows were deleted", deleted.rows);
    let whole = queries(&database, &table).await?;

    let begin = Instant::now();
    table.divide(server)?;
    println!("# a table of {} rows was divided in {:.0} s", table.rows, begin.elapsed().as_secs_f64());
    let divided = queries(&database, &table).await?;
    let quiet_divided = inserts.during(async || tokio::time::sleep(effort.quiet).await).await.0;
    let (dropping, spent) = inserts.during(async || drop_day(&database, &table).await).await;
    let dropped = spent?;
    let stored = inserts.stop()?;
    let left = table.count(server)?;
    let expected = table.rows - 2 * table.rows_of_a_day() + stored;
    ensure!(left == expected, "{left} rows are left, not {expected}");

    println!("# quiet: {quiet}; while rows are deleted: {deleting}");
    println!("# divided, quiet: {quiet_divided}; while a partition is dropped: {dropping}");
    println!(
        "# {} rows: deleted in {:.1} s, of which statements {:.1} s; dropped in {:.3} s",
        table.rows_of_a_day(),
        deleted.wall.as_secs_f64(),
        deleted.statements.as_secs_f64(),
        dropped.as_secs_f64()
    );
    println!("# query ms in one piece and divided: {whole:?} {divided:?}");
    let of_deletes = dropped.as_secs_f64() / deleted.statements.as_secs_f64();
    at_most("retention.drop.time_of_deletes", of_deletes, 0.05);
    at_most("retention.delete.insert_p99_of_quiet", deleting.p99_ms / quiet.p99_ms, 3.0);
    at_most("retention.drop.insert_p99_of_quiet", dropping.p99_ms / quiet_divided.p99_ms, 3.0);
    at_most("retention.divided.insert_p50_of_one_piece", quiet_divided.p50_ms / quiet.p50_ms, 1.25);
    at_most("retention.divided.page_of_one_piece", divided.page_ms / whole.page_ms, 2.0);
    at_most("retention.divided.by_id_of_one_piece", divided.by_id_ms / whole.by_id_ms, 4.0);
    Ok(())
}

/// What deleting a day took.
struct Deleted {
    rows: u64,
    wall: Duration,
    statements: Duration,
}

async fn delete_day(database: &NativeMysql, before: Timestamp) -> anyhow::Result<Deleted> {
    let begin = Instant::now();
    let mut done = Deleted { rows: 0, wall: Duration::ZERO, statements: Duration::ZERO };
    loop {
        let statement = Instant::now();
        let rows = retention::delete_older(database, before, DELETE_ROWS).await?;
        done.statements += statement.elapsed();
        done.rows += rows as u64;
        if rows < DELETE_ROWS {
            done.wall = begin.elapsed();
            return Ok(done);
        }
        tokio::time::sleep(DELETE_PAUSE).await;
    }
}

async fn drop_day(database: &NativeMysql, table: &Table) -> anyhow::Result<Duration> {
    // The first day is empty, and the second one is the one that counts.
    let begin = Instant::now();
    let keep = DAYS - 2;
    let done = partitions::maintain(database, Partitioning::Day, Some(keep), table.end()).await?;
    let spent = begin.elapsed();
    let done = done.context("the table is in one piece")?;
    ensure!(done.dropped > 0, "no partition was dropped");
    // Inserts go on for a moment, so that the time after it counts too.
    tokio::time::sleep(Duration::from_secs(2)).await;
    Ok(spent)
}

/// Medians in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Queries {
    page_ms: f64,
    by_id_ms: f64,
}

async fn queries(database: &NativeMysql, table: &Table) -> anyhow::Result<Queries> {
    let by = fields::field("start_time").context("a field is missing")?;
    let newest = Query {
        filters: Vec::new(),
        sort: Sort { by, direction: Direction::Descending },
        page: Page::Offset { offset: 0, limit: 50 },
    };
    let (mut pages, mut ids) = (Vec::new(), Vec::new());
    for number in 0..QUERIES {
        let begin = Instant::now();
        let page = records::page(database, &newest).await?;
        pages.push(begin.elapsed().as_secs_f64() * 1e3);
        ensure!(page.len() == 50, "a page of {} records", page.len());
        let id = table.id_of(table.rows / 2 + number as u64 * 997);
        let begin = Instant::now();
        let found = records::by_record_id(database, &id).await?;
        ids.push(begin.elapsed().as_secs_f64() * 1e3);
        ensure!(found.is_some(), "{id} is not there");
    }
    Ok(Queries { page_ms: median(&pages), by_id_ms: median(&ids) })
}

fn at_most(name: &str, value: f64, bound: f64) {
    println!("{}", Figure { name: name.into(), value, unit: "ratio", target: Target::AtMost(bound) });
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { batches, p50_ms, p99_ms, max_ms } = self;
        write!(f, "{batches} inserts of 50, p50 {p50_ms:.1} ms, p99 {p99_ms:.1} ms, longest {max_ms:.0} ms")
    }
}

//! A table of ten days, made by the server itself: first the rows, then the indexes, which takes half the time of both at once.

use std::time::Instant;

use anyhow::Context as _;
use gatelog_databases::SqlServer;
use gatelog_record::Timestamp;
use gatelog_storage::driver::native_mysql::NativeMysql;
use gatelog_storage::schema::INDEXES;

/// Days of the table; the last one ends at the last midnight, in UTC.
pub const DAYS: i64 = 10;
const DAY: i64 = 86_400;
/// Rows that one statement makes, which is one transaction.
const ROWS_AT_ONCE: u64 = 100_000;
const MAKE_ROWS: &str = include_str!("rows.sql");
const DIVIDE: &str = include_str!("../../../deploy/schema/mysql-divide.sql");

/// The table.
#[derive(Debug)]
pub struct Table {
    /// The database.
    pub url: String,
    /// Its rows when it was made.
    pub rows: u64,
    name: String,
    /// When the first request began, in seconds since the epoch.
    first: i64,
}

impl Table {
    /// Makes a table.
    ///
    /// # Errors
    ///
    /// The server's.
    pub async fn make(server: &SqlServer, rows: u64) -> anyhow::Result<Self> {
        let begin = Instant::now();
        let url = server.database()?;
        let name = url.rsplit('/').next().context("a URL without a database")?.to_owned();
        NativeMysql::open(&url).await?;
        let today = server.sql("SELECT UNIX_TIMESTAMP() DIV 86400 * 86400")?.trim().parse::<i64>()?;
        let table = Self { url, rows, name, first: today - DAYS * DAY };
        let drops: Vec<String> = INDEXES.iter().map(|index| format!("DROP INDEX {}", index.name)).collect();
        table.sql(server, &format!("ALTER TABLE access_logs {}", drops.join(", ")))?;
        table.sql(server, "CREATE TABLE numbers (n INT PRIMARY KEY)")?;
        let digit = |place: u32| {
            let digits: Vec<String> = (0..10_u32).map(|digit| format!("SELECT {digit} AS d")).collect();
            format!("({}) AS digit{place}", digits.join(" UNION ALL "))
        };
        let digits: Vec<String> = (0..5).map(digit).collect();
        let number = "digit0.d + 10 * digit1.d + 100 * digit2.d + 1000 * digit3.d + 10000 * digit4.d";
        table.sql(server, &format!("INSERT INTO numbers SELECT {number} FROM {}", digits.join(", ")))?;
        for from in (0..rows).step_by(usize::try_from(ROWS_AT_ONCE)?) {
            let gap = (DAYS * DAY) as f64 / rows as f64;
            let settings = format!(
                "SET SESSION time_zone = '+00:00'; SET @from = {from}, @first = {}, @gap = CAST({gap:.9} AS DECIMAL(20, 9))",
                table.first
            );
            table.sql(server, &format!("{settings}; {MAKE_ROWS}"))?;
        }
        let adds: Vec<String> = INDEXES
            .iter()
            .map(|index| {
                let kind = if index.unique { "UNIQUE INDEX" } else { "INDEX" };
                format!("ADD {kind} {} ({})", index.name, index.columns.join(", "))
            })
            .collect();
        table.sql(server, &format!("ALTER TABLE access_logs {}", adds.join(", ")))?;
        println!("# {rows} rows made in {:.0} s", begin.elapsed().as_secs_f64());
        Ok(table)
    }

    /// Divides the table by the script for operators.
    ///
    /// # Errors
    ///
    /// The server's.
    pub fn divide(&self, server: &SqlServer) -> anyhow::Result<()> {
        self.sql(server, DIVIDE).map(|_| ())
    }

    /// How many rows there are now.
    ///
    /// # Errors
    ///
    /// The server's.
    pub fn count(&self, server: &SqlServer) -> anyhow::Result<u64> {
        Ok(self.sql(server, "SELECT COUNT(*) FROM access_logs")?.trim().parse()?)
    }

    /// When a day begins, counted from 0.
    pub fn start_of(&self, day: i64) -> Timestamp {
        Timestamp::from_micros((self.first + day * DAY) * 1_000_000)
    }

    /// When the last day ends.
    pub fn end(&self) -> Timestamp {
        self.start_of(DAYS)
    }

    /// The rows of each day.
    pub fn rows_of_a_day(&self) -> u64 {
        self.rows / DAYS.unsigned_abs()
    }

    /// The id of a row.
    pub fn id_of(&self, number: u64) -> String {
        let gap = (DAYS * DAY) as f64 / self.rows as f64;
        let seconds = self.first + (number as f64 * gap).floor() as i64;
        format!("{seconds:08X}-{:08X}-{number}", number.wrapping_mul(2_654_435_761) % 4_294_967_296)
    }

    fn sql(&self, server: &SqlServer, statements: &str) -> anyhow::Result<String> {
        server.sql(&format!("USE {}; {statements}", self.name))
    }
}

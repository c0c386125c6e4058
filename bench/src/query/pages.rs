//! Pages: the filters, the places in the table, and whether the pages are right.

#![expect(clippy::indexing_slicing, reason = "a member that JSON lacks is null")]

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use gatelog_query::params;
use gatelog_query::params::options::ResponseFormat;
use gatelog_query::params::time::Zone;
use gatelog_record::{FieldValue, Timestamp};
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::{Cursor, Dialect, Direction, Page, StoredRecord, query::records};
use serde_json::Value;

use super::client::Client;
use super::database::{Database, END_MICROS, Sql};
use super::effort::Effort;
use super::times::{millis, percentile};

/// Records of a page.
const PAGE: usize = 10;

/// Whether a record meets the filters.
type Meets = fn(&Value) -> bool;

/// Filters, a test of each record that meets them, and whether a scan without an index is timed for them too.
const FILTERS: &[(&str, Meets, bool)] = &[
    ("", |_| true, false),
    ("model=model-3", |log| log["model"] == "model-3", true),
    ("model=model-3,model-17", |log| log["model"] == "model-3" || log["model"] == "model-17", false),
    ("consumer=team-42", |log| log["consumer"] == "team-42", false),
    ("mcp_server=tools-5&status=4xx", |log| log["mcp_server"] == "tools-5" && in_class(log, 4), false),
    ("status=5xx", |log| in_class(log, 5), true),
    ("duration_min=15000", |log| log["duration"].as_i64() >= Some(15_000), false),
    ("method!=GET&status!=200", |log| log["method"] != "GET" && log["response_code"] != 200, false),
    (
        "path_prefix=/shop/products/7&method=PUT",
        |log| {
            log["path"].as_str().is_some_and(|path| path.starts_with("/shop/products/7"))
                && log["method"] == "PUT"
        },
        false,
    ),
];

fn in_class(log: &Value, class: i64) -> bool {
    log["response_code"].as_i64().is_some_and(|status| status / 100 == class)
}

/// The slowest of the filters' 99th percentiles, in milliseconds, by place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pages {
    /// The newest records.
    pub first: f64,
    /// The oldest ones.
    pub last: f64,
    /// Anywhere between.
    pub anywhere: f64,
    /// First pages, run natively.
    pub native: f64,
    /// First pages by page number, with `total`.
    pub counted: f64,
    /// How many times longer the native page without an index took: the least over the filters that were timed so.
    pub unindexed: f64,
}

/// Asks for pages of every filter.
///
/// # Errors
///
/// When an answer is wrong.
pub async fn measure(client: &Client, database: &Database, effort: Effort) -> anyhow::Result<Pages> {
    let native = NativeSqlite::open(&database.file).await?;
    let sql = Sql::open(&database.file).await?;
    let mut worst = Pages { unindexed: f64::INFINITY, ..Pages::default() };
    println!(
        "# pages of {PAGE}, p99 in ms: first, last, anywhere, native first, first with total; without an index"
    );
    for (filter, meets, try_unindexed) in FILTERS {
        let asking = Asking { client, filter, meets: *meets };
        let first = asking.often(effort.requests, |_| String::new(), PAGE).await?;
        let last = asking.last_cursor().await?;
        let last = asking.often(effort.requests, |_| last.clone(), PAGE).await?;
        let anywhere = asking.often(effort.requests, |n| place(database, n), 1).await?;
        let counted = asking.counted(effort.requests).await?;
        let (own, ids) = asking.natively(&native, effort.requests).await?;
        let unindexed = if *try_unindexed { Some(asking.without_index(&sql, &ids).await?) } else { None };
        let shown = unindexed.map(|time| format!("{:.0} ms", millis(time))).unwrap_or_default();
        println!("#   {filter:<42}{first:>8.1}{last:>8.1}{anywhere:>8.1}{own:>8.1}{counted:>8.1}   {shown}");
        worst = Pages {
            first: worst.first.max(first),
            last: worst.last.max(last),
            anywhere: worst.anywhere.max(anywhere),
            native: worst.native.max(own),
            counted: worst.counted.max(counted),
            unindexed: unindexed.map_or(worst.unindexed, |time| worst.unindexed.min(millis(time) / own)),
        };
    }
    Ok(worst)
}

struct Asking<'a> {
    client: &'a Client,
    filter: &'static str,
    meets: Meets,
}

impl Asking<'_> {
    /// The 99th percentile of the pages after these cursors, each with at least `at_least` records.
    async fn often(
        &self,
        requests: u32,
        cursor: impl Fn(u32) -> String,
        at_least: usize,
    ) -> anyhow::Result<f64> {
        let mut times = Vec::new();
        for number in 0..requests {
            let path = format!("/query?{}&page_size={PAGE}&cursor={}", self.filter, cursor(number));
            times.push(self.page(&path, at_least).await?.1);
        }
        Ok(percentile(&times, 99))
    }

    /// The same for pages that carry a `total` that was not asked for.
    async fn counted(&self, requests: u32) -> anyhow::Result<f64> {
        let mut times = Vec::new();
        for _ in 0..requests.div_ceil(4) {
            let (answer, time) = self.page(&format!("/query?{}&page_size={PAGE}", self.filter), PAGE).await?;
            ensure!(answer["total"].as_u64() >= Some(10), "{}: total {}", self.filter, answer["total"]);
            times.push(time);
        }
        Ok(percentile(&times, 99))
    }

    /// A page whose records meet the filter and follow one another.
    async fn page(&self, path: &str, at_least: usize) -> anyhow::Result<(Value, Duration)> {
        let (answer, time) = self.client.get(path).await?;
        let logs = answer["logs"].as_array().context("no logs")?;
        ensure!(logs.len() >= at_least, "{path}: {} records", logs.len());
        ensure!(logs.iter().all(self.meets), "{path}: a record does not meet the filter");
        let times = logs.iter().map(|log| log["start_time"].as_str());
        ensure!(times.is_sorted_by(|one, next| one >= next), "{path}: not in the order of time");
        Ok((answer, time))
    }

    /// The cursor before the last records.
    async fn last_cursor(&self) -> anyhow::Result<String> {
        let path = format!("/query?{}&page_size={}&sort_order=ASC&cursor=", self.filter, PAGE + 1);
        let (answer, _) = self.client.get(&path).await?;
        let before = &answer["logs"][PAGE];
        let (time, id) =
            before["start_time"].as_str().zip(before["record_id"].as_str()).context("no record")?;
        // A row's number ends its record_id, and its key is one more.
        let number = id.rsplit('-').next().and_then(|digits| i64::from_str_radix(digits, 16).ok());
        let id = number.context("no number")? + 1;
        Ok(Cursor { direction: Direction::Descending, time: time.parse()?, id }.to_string())
    }

    /// The 99th percentile of the first page run by the same statement in this process, and the ids in it.
    async fn natively(&self, native: &NativeSqlite, requests: u32) -> anyhow::Result<(f64, Vec<String>)> {
        let params = params::parse(self.filter, ResponseFormat::Json, 1_000, &Zone::UTC)?;
        let (mut times, mut ids) = (Vec::new(), Vec::new());
        for _ in 0..requests {
            let begin = Instant::now();
            let page = records::page(native, &params.query).await?;
            times.push(begin.elapsed());
            ids = page.iter().take(PAGE).map(record_id).collect();
        }
        Ok((percentile(&times, 99), ids))
    }

    /// The time of that page without an index; it has to hold the same records.
    async fn without_index(&self, sql: &Sql, ids: &[String]) -> anyhow::Result<Duration> {
        let mut params = params::parse(self.filter, ResponseFormat::Json, 1_000, &Zone::UTC)?;
        params.query.page = Page::Offset { offset: 0, limit: u32::try_from(PAGE)? };
        let statement = records::page_statement(Dialect::Sqlite, &params.query);
        let begin = Instant::now();
        let rows = sql.run_unindexed(&statement).await?;
        let time = begin.elapsed();
        let found: Vec<_> = rows.iter().filter_map(|row| row.get(1)?.as_text().cloned()).collect();
        ensure!(found == ids, "{}: the index leads to {ids:?}, the table has {found:?}", self.filter);
        Ok(time)
    }
}

/// A cursor somewhere between the first and the last page.
fn place(database: &Database, number: u32) -> String {
    let rows = i64::try_from(database.rows).unwrap_or(i64::MAX);
    // The golden section spreads the places evenly.
    let share = (f64::from(number) * 0.618_033_988_75).fract() * 0.9 + 0.05;
    let micros = END_MICROS - (rows as f64 * share) as i64 * 60_480;
    Cursor { direction: Direction::Descending, time: Timestamp::from_micros(micros), id: 0 }.to_string()
}

/// The id of a record that was read with every field.
fn record_id(record: &StoredRecord) -> String {
    match record.fields().next() {
        Some((_, FieldValue::Text(id))) => id.to_owned(),
        _ => String::new(),
    }
}

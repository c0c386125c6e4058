//! The query function over a database of a few records.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use gatelog_functions_shared::log::FailureLog;
use gatelog_functions_shared::{Environment, Failure, Response, Token};
use gatelog_query::params::time::Zone;
use gatelog_query::{QueryConfig, handle};
use gatelog_record::{AccessRecord, Timestamp, batch};
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::{Executor, insert};
use http::{HeaderMap, Request};
use serde_json::Value;

pub struct Service<E = NativeSqlite> {
    pub database: Rc<E>,
    pub folder: tempfile::TempDir,
}

impl Service {
    /// A database with these records; those without a time begin one second after another from noon.
    pub async fn with(records: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = NativeSqlite::open(&folder.path().join("gatelog.db")).await.unwrap();
        Self::over(database, folder, records).await
    }

    /// As many records as asked for, with their number as id.
    pub async fn with_numbered(count: usize) -> Self {
        Self::with(&numbered(count)).await
    }
}

impl<E: Executor + 'static> Service<E> {
    /// Over an empty database, which gets these records.
    pub async fn over(database: E, folder: tempfile::TempDir, records: &str) -> Self {
        let service = Self { database: Rc::new(database), folder };
        if !records.trim().is_empty() {
            service.insert(records).await;
        }
        service
    }

    /// Adds these records.
    pub async fn insert(&self, records: &str) {
        let read = batch::decode(records.as_bytes(), 10_000).unwrap();
        let records: Vec<AccessRecord<'_>> = read.records.into_iter().map(complete).collect();
        insert::insert(&self.database, &records).await.unwrap();
    }

    /// The status and the JSON of an answer.
    pub async fn get(&self, uri: &str) -> (u16, Value) {
        let response = self.answer(uri, "").await;
        assert_eq!(response.headers()["content-type"], "application/json", "{uri}");
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// The headers and the text of an answer with status 200, or what broke it off.
    pub async fn text(&self, uri: &str, accept: &str) -> Result<(HeaderMap, String), Failure> {
        let response = self.answer(uri, accept).await;
        assert_eq!(response.status(), 200, "{uri}");
        let headers = response.headers().clone();
        let body = response.into_body().collect().await?;
        Ok((headers, String::from_utf8(body.to_vec()).unwrap()))
    }

    pub async fn answer(&self, uri: &str, accept: &str) -> Response {
        let request = Request::get(uri).header("accept", accept).body(()).unwrap();
        handle(request, Rc::clone(&self.database), &config(), &failures(), &Clock::default()).await
    }
}

pub fn config() -> QueryConfig {
    QueryConfig {
        token: Token::default(),
        is_open: true,
        max_page_size: QueryConfig::MAX_PAGE_SIZE,
        max_counted_records: QueryConfig::MAX_COUNTED_RECORDS,
        max_scanned_records: QueryConfig::MAX_SCANNED_RECORDS,
        time_zone: Zone::UTC,
        max_running_statements: QueryConfig::MAX_RUNNING_STATEMENTS,
        time_limit: Duration::from_secs(30),
        prices: gatelog_prices::ConfiguredTable::default(),
    }
}

/// As many records as asked for, with their number as id.
pub fn numbered(count: usize) -> String {
    (1..=count).map(|number| format!("{{\"record_id\":\"{number}\",\"duration\":{number}}}\n")).collect()
}

/// The ids of the records in an answer.
pub fn ids(answer: &Value) -> String {
    let logs = answer["logs"].as_array().unwrap();
    logs.iter().map(|log| log["record_id"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

fn complete<'a>((index, mut record): (usize, AccessRecord<'a>)) -> AccessRecord<'a> {
    let second = 1_000_000 * i64::try_from(index + 1).unwrap();
    record.start_time.get_or_insert(Timestamp::from_micros(1_769_860_800_000_000 + second));
    if record.record_id.is_empty() {
        record.record_id = "go".into();
    }
    record
}

/// The log of failures, whose clock stands still.
pub fn failures() -> Rc<FailureLog> {
    Rc::new(FailureLog::new("query", || Duration::ZERO))
}

/// A clock that stands at 12:30, half an hour after the first record, and passes as far as somebody sleeps.
#[derive(Clone, Debug, Default)]
pub struct Clock(Rc<Cell<Duration>>);

impl Environment for Clock {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.0.get().as_micros()).unwrap();
        Timestamp::from_micros(1_769_862_600_000_000 + passed)
    }

    fn ticks(&self) -> Duration {
        self.0.get()
    }

    fn fill_random(&self, _: &mut [u8]) {}

    async fn sleep(&self, duration: Duration) {
        self.0.set(self.0.get() + duration);
    }
}

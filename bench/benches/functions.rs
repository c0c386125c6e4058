//! What ingest and query cost in the Spin component host, compared with the same statements run natively; and what a price
//! lookup costs.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that goes wrong has no result"
)]

use std::cell::Cell;
use std::path::Path;

use bytes::Bytes;
use criterion::{BatchSize, Criterion};
use gatelog_artifacts::workspace;
use gatelog_bench::traffic;
use gatelog_prices::Cost;
use gatelog_record::{AccessRecord, Timestamp, batch};
use gatelog_spin_host::{App, RunningApp};
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::{Direction, Page, Query, Sort, insert, query::records};
use http::Request;
use http_body_util::{BodyExt as _, Full};
use serde_json::Value;
use tokio::runtime::Runtime;

/// Rows of the table that is queried.
const ROWS: u64 = 10_000;
/// Rows that one insert stores to make that table.
const FILL_BATCH: u64 = 1_000;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    price(&mut criterion);
    ingest(&mut criterion, &runtime, folder.path());
    query(&mut criterion, &runtime, folder.path());
    criterion.final_summary();
}

/// `price/CASE`: the cost of one record by the default table: a model with a line of its own, one of a provider with wildcards,
/// one that answers under another name, and one without a price.
fn price(criterion: &mut Criterion) {
    let table = gatelog_prices::configured::default_table();
    let call = |model: &'static str, provider: &'static str, answered: &'static str| AccessRecord {
        start_time: Some(Timestamp::from_micros(1_769_860_800_000_000)),
        model: model.into(),
        provider: provider.into(),
        response_model: answered.into(),
        input_tokens: Some(1_200),
        cached_tokens: Some(1_000),
        output_tokens: Some(300),
        total_tokens: Some(1_500),
        ..AccessRecord::default()
    };
    for (name, record, is_priced) in [
        ("named", call("gpt-4o-mini", "openai", "gpt-4o-mini-2024-07-18"), true),
        ("anthropic", call("claude-sonnet-4-5", "anthropic", "claude-sonnet-4-5-20250929"), true),
        ("requested", call("qwen-max", "dashscope", "house-7b"), true),
        ("unpriced", call("house-7b", "", "house-7b-chat"), false),
    ] {
        assert_eq!(matches!(table.cost(&record), Cost::Priced { .. }), is_priced, "{name}");
        criterion.bench_function(&format!("price/{name}"), |bencher| {
            bencher.iter(|| table.cost(std::hint::black_box(&record)));
        });
    }
}

/// `ingest/RECORDS/VARIANT`: a batch stored and acknowledged. The `native` variant decodes and stores it without HTTP or
/// WebAssembly.
fn ingest(criterion: &mut Criterion, runtime: &Runtime, folder: &Path) {
    let app = runtime.block_on(start(&folder.join("ingest.db")));
    let native = runtime.block_on(NativeSqlite::open(&folder.join("ingest-native.db"))).unwrap();
    let next_id = Cell::new(0);
    let fresh = |records: u64| {
        let first = next_id.replace(next_id.get() + records);
        traffic::batch(first, records)
    };
    for (name, records) in [("1-record", 1), ("50-records", 50)] {
        criterion.bench_function(&format!("ingest/{name}/component"), |bencher| {
            bencher.to_async(runtime).iter_batched(
                || fresh(records),
                async |body| assert_eq!(post(&app, body).await["accepted"], records),
                BatchSize::SmallInput,
            );
        });
        criterion.bench_function(&format!("ingest/{name}/native"), |bencher| {
            bencher.to_async(runtime).iter_batched(
                || fresh(records),
                async |body| assert_eq!(store(&native, &body).await, usize::try_from(records).unwrap()),
                BatchSize::SmallInput,
            );
        });
    }
    runtime.block_on(app.shutdown());
}

/// `query/CASE/VARIANT`: the latest ten of ten thousand records, with and without their number. The `native` variant
/// runs the same statement.
fn query(criterion: &mut Criterion, runtime: &Runtime, folder: &Path) {
    let database = folder.join("query.db");
    let native = runtime.block_on(NativeSqlite::open(&database)).unwrap();
    for first in (0..ROWS).step_by(usize::try_from(FILL_BATCH).unwrap()) {
        let stored = runtime.block_on(store(&native, &traffic::batch(first, FILL_BATCH)));
        assert_eq!(stored, usize::try_from(FILL_BATCH).unwrap());
    }
    let app = runtime.block_on(start(&database));
    let latest = Query {
        filters: Vec::new(),
        sort: Sort {
            by: gatelog_record::fields::field("start_time").unwrap(),
            direction: Direction::Descending,
        },
        page: Page::Offset { offset: 0, limit: 10 },
    };
    for (name, counted) in [("page-of-10", false), ("page-of-10-counted", true)] {
        let path = format!("/query?page_size=10&total={counted}");
        criterion.bench_function(&format!("query/{name}/component"), |bencher| {
            bencher.to_async(runtime).iter(async || {
                let answer = get(&app, &path).await;
                assert_eq!(answer["logs"].as_array().map(Vec::len), Some(10));
                assert_eq!(answer["total"].as_u64(), counted.then_some(ROWS));
            });
        });
        criterion.bench_function(&format!("query/{name}/native"), |bencher| {
            bencher.to_async(runtime).iter(async || {
                assert_eq!(records::page(&native, &latest).await.unwrap().len(), 10);
                if counted {
                    assert_eq!(records::count(&native, &latest.filters).await.unwrap(), ROWS);
                }
            });
        });
    }
    runtime.block_on(app.shutdown());
}

async fn start(database: &Path) -> RunningApp {
    App::builder(workspace().join("spin.toml"))
        .sqlite_file(database)
        .variable("query_open", "true")
        .start()
        .await
        .unwrap()
}

async fn store(database: &NativeSqlite, body: &str) -> usize {
    let batch = batch::decode(body.as_bytes(), usize::MAX).unwrap();
    let records: Vec<AccessRecord<'_>> = batch.records.into_iter().map(|(_, record)| record).collect();
    insert::insert(database, &records).await.unwrap().accepted
}

async fn post(app: &RunningApp, body: String) -> Value {
    let request = Request::post("http://gatelog.bench/ingest").header("content-type", "application/json");
    answer(app, request.body(Full::new(Bytes::from(body))).unwrap()).await
}

async fn get(app: &RunningApp, path: &str) -> Value {
    let request = Request::get(format!("http://gatelog.bench{path}"));
    answer(app, request.body(Full::new(Bytes::new())).unwrap()).await
}

/// The JSON of an answer, whose status must be 200.
async fn answer(app: &RunningApp, request: Request<Full<Bytes>>) -> Value {
    let response = app.call(request).await;
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).unwrap()
}

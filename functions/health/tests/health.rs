//! Tests of what kubelets and load balancers see.

#![expect(clippy::unwrap_used, reason = "a wrong shape fails the test")]

use std::cell::Cell;
use std::time::Duration;

use gatelog_functions_shared::config::ingest::IngestSettings;
use gatelog_functions_shared::log::FailureLog;
use gatelog_functions_shared::metrics::AiCall;
use gatelog_functions_shared::{Environment, MetricsRecorder, metrics};
use gatelog_health::{Service, handle};
use gatelog_record::Timestamp;
use gatelog_record::push::{DROPPED_HEADER, FILTER_HEADER, QUEUE_HEADER};
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::{Dialect, Executor, Rows, Statement, StorageError, open_filter_reports};
use http::{HeaderMap, Request};
use prometheus_parse::Sample;

#[tokio::test(flavor = "current_thread")]
async fn a_function_whose_database_is_down_is_alive_but_not_ready() {
    assert_eq!(get(&Down, "/health").await, (200, "ok".into()));
    let (status, body) = get(&Down, "/health/ready").await;
    assert_eq!(status, 503);
    assert!(body.contains(r#""reason":"database_unavailable""#) && !body.contains("10.0.0.7"), "{body}");
}

#[tokio::test(flavor = "current_thread")]
async fn a_function_whose_database_answers_is_ready() {
    let folder = tempfile::tempdir().unwrap();
    let database = NativeSqlite::open(&folder.path().join("gatelog.db")).await.unwrap();
    assert_eq!(get(&database, "/health/").await, (200, "ok".into()));
    assert_eq!(get(&database, "/health/ready").await, (200, r#"{"status":"ready"}"#.into()));
    assert_eq!(get(&database, "/health/other").await.0, 404);
    for (path, bytes) in [("/health", "2"), ("/health/ready", "18"), ("/health/other", "")] {
        let request = Request::head(path).body(()).unwrap();
        let response = handle(request, &service(&database), &failures(), now()).await;
        assert_eq!(response.status().as_u16(), get(&database, path).await.0, "{path}");
        let length = response.headers()["content-length"].to_str().unwrap();
        assert_eq!(length, response.body().as_bytes().len().to_string(), "the server leaves it out");
        assert!(length.ends_with(bytes), "{path}: {length}");
    }
    let request = Request::post("/health").body(()).unwrap();
    let response = handle(request, &service(&database), &failures(), now()).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["allow"]),
        (405, &"GET, HEAD".parse().unwrap())
    );
}

#[tokio::test(flavor = "current_thread")]
async fn a_variable_that_keeps_ingest_from_storing_keeps_the_function_from_being_ready() {
    let folder = tempfile::tempdir().unwrap();
    let database = NativeSqlite::open(&folder.path().join("gatelog.db")).await.unwrap();
    let variables = IngestSettings::check(&[("retention_days", "abc")]).await;
    let service = Service { variables, ..service(&database) };
    let get = async |path: &str| {
        let response = handle(Request::get(path).body(()).unwrap(), &service, &failures(), now()).await;
        (response.status().as_u16(), String::from_utf8(response.body().as_bytes().to_vec()).unwrap())
    };
    assert_eq!(get("/health").await, (200, "ok".into()), "a restart would not help");
    let (status, body) = get("/health/ready").await;
    assert_eq!(status, 503);
    assert!(body.contains(r#""reason":"settings""#), "{body}");
    let (status, text) = get("/health/metrics").await;
    assert_eq!(status, 200);
    for line in ["gatelog_ready 0", r#"gatelog_ingest_records_total{outcome="accepted"} 0"#] {
        assert!(text.lines().any(|found| found == line), "no {line} in\n{text}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn metrics_are_sums_over_all_instances_in_the_text_that_prometheus_reads() {
    let folder = tempfile::tempdir().unwrap();
    let database = NativeSqlite::open(&folder.path().join("gatelog.db")).await.unwrap();
    for _ in 0..2 {
        let instance = MetricsRecorder::new(true);
        instance.add(&metrics::RECORDS, "accepted", 50);
        instance.add(&metrics::REQUESTS, "200", 2);
        instance.add(&metrics::REQUESTS, "418", 1);
        for millis in [1, 3, 70_000] {
            instance.observe(&metrics::WRITE_SECONDS, Duration::from_millis(millis));
        }
        for (vm, queue, dropped) in [("a", "7", "2"), ("b", "1", "0"), ("a'; DROP", "9", "9")] {
            let mut headers = HeaderMap::new();
            for (name, value) in [(FILTER_HEADER, vm), (QUEUE_HEADER, queue), (DROPPED_HEADER, dropped)] {
                headers.insert(name, value.parse().unwrap());
            }
            instance.record_filter_report(&headers, now());
        }
        let flush = instance.begin_flush().unwrap();
        assert!(instance.begin_flush().is_none());
        flush.flush(&database, &Still, "test").await;
        drop(flush);
        assert!(instance.is_empty() && instance.begin_flush().is_none());
    }
    let (status, text) = get(&database, "/health/metrics").await;
    assert_eq!(status, 200);
    let scrape = prometheus_parse::Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).unwrap();
    let value = |name: &str, label: &str| {
        let with_label =
            |sample: &&Sample| label.is_empty() || sample.labels.values().any(|value| value == label);
        let mut found = scrape.samples.iter().filter(|sample| sample.metric == name).filter(with_label);
        let sample = found.next().unwrap_or_else(|| panic!("no {name} {label} in {text}"));
        assert!(found.next().is_none(), "{name} {label} comes twice");
        sample.value.clone()
    };
    let expected = [
        ("gatelog_ingest_records_total", "accepted", prometheus_parse::Value::Counter(100.0)),
        ("gatelog_ingest_records_total", "rejected", prometheus_parse::Value::Counter(0.0)),
        ("gatelog_ingest_requests_total", "200", prometheus_parse::Value::Counter(4.0)),
        ("gatelog_ingest_requests_total", "other", prometheus_parse::Value::Counter(2.0)),
        ("gatelog_retention_deleted_records_total", "", prometheus_parse::Value::Counter(0.0)),
        ("gatelog_filters", "", prometheus_parse::Value::Gauge(2.0)),
        ("gatelog_filter_queue_entries", "", prometheus_parse::Value::Gauge(8.0)),
        ("gatelog_filter_dropped_records_total", "", prometheus_parse::Value::Counter(2.0)),
        ("gatelog_filter_retries_total", "", prometheus_parse::Value::Counter(0.0)),
    ];
    for (name, label, expected) in expected {
        assert_eq!(value(name, label), expected, "{name} {label}");
    }
    let prometheus_parse::Value::Histogram(buckets) = value("gatelog_ingest_write_seconds", "") else {
        panic!("no histogram in {text}")
    };
    let counts: Vec<f64> = buckets.iter().map(|bucket| bucket.count).collect();
    assert_eq!(counts, [2., 2., 4., 4., 4., 4., 4., 4., 4., 4., 4., 4., 4., 6.]);
    assert!(text.contains("gatelog_ingest_write_seconds_sum 140.008\n"), "{text}");
    assert!(text.contains("gatelog_ingest_write_seconds_count 6\n"), "{text}");
}

#[tokio::test(flavor = "current_thread")]
async fn fake_filters_create_few_rows_and_count_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let database = NativeSqlite::open(&folder.path().join("gatelog.db")).await.unwrap();
    let hear = async |trusts_filters: bool, names: &mut dyn Iterator<Item = String>| {
        let instance = MetricsRecorder::new(trusts_filters);
        for name in names {
            let mut headers = HeaderMap::new();
            for (header, value) in [(FILTER_HEADER, name.as_str()), (DROPPED_HEADER, "9999999999")] {
                headers.insert(header, value.parse().unwrap());
            }
            instance.record_filter_report(&headers, now());
        }
        instance.begin_flush().unwrap().flush(&database, &Still, "test").await;
    };
    for flush in 0..20 {
        hear(false, &mut (0..200).map(|number| format!("{flush}-{number}"))).await;
    }
    let (_, text) = get(&database, "/health/metrics").await;
    let value = |text: &str, name: &str| -> f64 {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
    };
    assert!(value(&text, "gatelog_filters") <= open_filter_reports::MAX_FILTERS as f64);
    assert_eq!(value(&text, "gatelog_filter_dropped_records_total"), 0.0);
    // A filter that reports again counts, within a bound.
    for _ in 0..2 {
        hear(false, &mut std::iter::once("again".to_owned())).await;
    }
    let (_, text) = get(&database, "/health/metrics").await;
    let dropped = value(&text, "gatelog_filter_dropped_records_total");
    assert_eq!(dropped, open_filter_reports::MAX_COUNT as f64);
    // Reports with the token count at once, up to the largest number that a filter counts to.
    hear(true, &mut std::iter::once("trusted".to_owned())).await;
    let (_, text) = get(&database, "/health/metrics").await;
    assert_eq!(value(&text, "gatelog_filter_dropped_records_total"), dropped + f64::from(u32::MAX));
}

#[tokio::test(flavor = "current_thread")]
async fn metrics_are_not_invented_when_the_database_is_down() {
    let (status, text) = get(&Down, "/health/metrics").await;
    assert_eq!(status, 200, "Prometheus would keep nothing of another status");
    let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let [info, ready] = samples[..] else { panic!("{text}") };
    assert!(
        info.starts_with("gatelog_build_info{version=\"") && info.ends_with("store=\"libsql\"} 1"),
        "{info}"
    );
    assert_eq!(ready, "gatelog_ready 0");
}

#[tokio::test(flavor = "current_thread")]
async fn ai_calls_are_shown_by_model_and_the_number_of_models_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let database = NativeSqlite::open(&folder.path().join("gatelog.db")).await.unwrap();
    let call = |model| AiCall {
        model: Some(model),
        tokens: [1_000, 200, 400, 0, 50],
        cost: Some((3_000_000, "USD")),
        first_token: Some(Duration::from_millis(400)),
    };
    // Each instance knows only its own models; the second reads in the database that there is no room for a third.
    for models in [&["a*", "b"][..], &["c", "a*"], &["d"]] {
        let instance = MetricsRecorder::new(true).max_models(2);
        models.iter().for_each(|model| instance.add_ai_call(&call(model)));
        instance.begin_flush().unwrap().flush(&database, &Still, "test").await;
    }
    let (_, text) = get(&database, "/health/metrics").await;
    for line in [
        "gatelog_ready 1",
        r#"gatelog_ai_calls_total{model="a*"} 2"#,
        r#"gatelog_ai_calls_total{model="b"} 1"#,
        r#"gatelog_ai_calls_total{model="other"} 2"#,
        r#"gatelog_ai_tokens_total{model="a*",type="cached"} 800"#,
        r#"gatelog_ai_tokens_total{model="other",type="input"} 2000"#,
        r#"gatelog_ai_cost_total{model="a*",currency="USD"} 0.006"#,
        r#"gatelog_ai_time_to_first_token_seconds_bucket{model="a*",le="0.25"} 0"#,
        r#"gatelog_ai_time_to_first_token_seconds_bucket{model="a*",le="0.5"} 2"#,
        r#"gatelog_ai_time_to_first_token_seconds_bucket{model="a*",le="+Inf"} 2"#,
        r#"gatelog_ai_time_to_first_token_seconds_sum{model="a*"} 0.8"#,
        r#"gatelog_ai_time_to_first_token_seconds_count{model="other"} 2"#,
    ] {
        assert!(text.lines().any(|found| found == line), "no {line} in\n{text}");
    }
    assert!(!text.contains("\"c\"") && !text.contains("\"d\""), "{text}");
}

#[tokio::test(flavor = "current_thread")]
async fn calls_that_could_not_be_added_are_added_later_once() {
    let folder = tempfile::tempdir().unwrap();
    let database = NativeSqlite::open(&folder.path().join("gatelog.db")).await.unwrap();
    let instance = MetricsRecorder::new(true);
    instance.add_ai_call(&AiCall { model: Some("a"), ..AiCall::default() });
    let flaky = Flaky { failures_left: Cell::new(2), database: &database };
    instance.begin_flush().unwrap().flush(&flaky, &Still, "test").await;
    assert_eq!(flaky.failures_left.get(), 0);
    let (_, text) = get(&database, "/health/metrics").await;
    assert!(text.contains("gatelog_ai_calls_total{model=\"a\"} 1\n"), "{text}");
}

/// A database whose first statements fail.
struct Flaky<'d> {
    failures_left: Cell<u32>,
    database: &'d NativeSqlite,
}

impl Executor for Flaky<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        match self.failures_left.get() {
            0 => self.database.run(statement).await,
            left => {
                self.failures_left.set(left - 1);
                Err(StorageError::Unavailable { reason: "not yet".into() })
            }
        }
    }
}

struct Still;

impl Environment for Still {
    fn now(&self) -> Timestamp {
        now()
    }

    fn ticks(&self) -> Duration {
        Duration::ZERO
    }

    fn fill_random(&self, _: &mut [u8]) {}

    async fn sleep(&self, _: Duration) {}
}

fn now() -> Timestamp {
    Timestamp::from_micros(1_769_860_800_123_456)
}

struct Down;

impl Executor for Down {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn run(&self, _: &Statement<'_>) -> Result<Rows, StorageError> {
        Err(StorageError::Unavailable { reason: "10.0.0.7 is down".into() })
    }
}

async fn get(database: &impl Executor, uri: &str) -> (u16, String) {
    let response = handle(Request::get(uri).body(()).unwrap(), &service(database), &failures(), now()).await;
    (response.status().as_u16(), String::from_utf8(response.body().as_bytes().to_vec()).unwrap())
}

fn service<D>(database: &D) -> Service<'_, D> {
    Service { database, store: "libsql", variables: Ok(()) }
}

fn failures() -> FailureLog {
    FailureLog::new("health", || Duration::ZERO)
}

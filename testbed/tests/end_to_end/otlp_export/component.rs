//! The ingest component that exports, and what tests ask of it.

use std::time::Duration;

use gatelog_testbed::client::Client;
use gatelog_testbed::functions::{Functions, Options};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// Limit of each wait.
const LIMIT: Duration = Duration::from_secs(60);

pub struct Exporting {
    pub functions: Functions,
    client: Client,
    _folder: TempDir,
}

impl Exporting {
    /// Starts the functions with an endpoint, and further variables of OTLP without their prefix.
    pub async fn to(endpoint: &str, delivery: &str, more: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let named = |(name, value): &(&str, &str)| (format!("otlp_{name}"), value.to_string());
        let mut variables: Vec<(String, String)> =
            [("endpoint", endpoint), ("delivery", delivery)].iter().map(named).collect();
        variables.extend(more.iter().map(named));
        let variables: Vec<(&str, &str)> =
            variables.iter().map(|(name, value)| (&**name, &**value)).collect();
        let options = Options::storing_in(&folder.path().join("gatelog.db")).variables(&variables);
        let functions = Functions::start(&options).await.unwrap();
        Self { functions, client: Client::default(), _folder: folder }
    }

    /// Posts records with the ids `first` to `last`.
    pub async fn post(&self, first: usize, last: usize) -> (StatusCode, Value) {
        let record = |number: usize| {
            json!({"record_id": format!("id-{number}"), "path": format!("/{number}"), "method": "GET",
                   "start_time": "2026-01-31T12:00:00Z", "response_code": 200, "instance_id": "gateway-1"})
        };
        self.send(&(first..=last).map(record).collect::<Vec<_>>().into()).await
    }

    /// Posts records.
    pub async fn send(&self, records: &Value) -> (StatusCode, Value) {
        self.push("/ingest", records).await
    }

    /// Posts a body in JSON.
    pub async fn push(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let url = format!("http://{}{path}", self.functions.address());
        let request = Request::post(url).header("content-type", "application/json");
        let answer = self.client.send(request.body(body.to_string()).unwrap()).await.unwrap();
        (answer.status(), serde_json::from_slice(answer.body()).unwrap())
    }

    /// The number of records in the database.
    pub async fn stored(&self) -> u64 {
        let url = format!("http://{}/query?page_size=1", self.functions.address());
        self.client.get_json(&url).await.unwrap()["total"].as_u64().unwrap()
    }

    /// Waits until the metrics count as many records as expected with each of these outcomes.
    pub async fn await_counted(&self, expected: &[(&str, usize)]) {
        let wanted = |(outcome, count): &(&str, usize)| {
            format!("gatelog_otlp_export_records_total{{outcome=\"{outcome}\"}} {count}\n")
        };
        let wanted: Vec<String> = expected.iter().map(wanted).collect();
        let deadline = Instant::now() + LIMIT;
        loop {
            let text = self.metrics().await;
            if wanted.iter().all(|line| text.contains(line)) {
                return;
            }
            let of_export: Vec<&str> = text.lines().filter(|line| line.starts_with("gatelog_otlp")).collect();
            assert!(Instant::now() < deadline, "{wanted:?}\n{of_export:#?}\n{}", self.functions.log());
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The sum of all records that the metrics count as lost or sent.
    pub async fn counted(&self) -> usize {
        let text = self.metrics().await;
        let counts = text.lines().filter(|line| line.starts_with("gatelog_otlp_export_records_total{"));
        counts.map(|line| line.rsplit_once(' ').unwrap().1.parse::<usize>().unwrap()).sum()
    }

    /// Waits until the log has a text.
    pub async fn await_log(&self, text: &str) {
        let deadline = Instant::now() + LIMIT;
        while !self.functions.log().contains(text) {
            assert!(Instant::now() < deadline, "no {text:?} in {}", self.functions.log());
            sleep(Duration::from_millis(20)).await;
        }
    }

    pub fn assert_no_instance_failed(&self) {
        let log = self.functions.log();
        let failed: Vec<&str> = log
            .lines()
            .filter(|line| line.contains("an instance failed") || line.contains("panicked"))
            .collect();
        assert!(failed.is_empty(), "{} failed, the first: {}", failed.len(), failed[0]);
    }

    async fn metrics(&self) -> String {
        let url = format!("http://{}/health/metrics", self.functions.address());
        let answer = self.client.send(Request::get(url).body("").unwrap()).await.unwrap();
        String::from_utf8(answer.body().to_vec()).unwrap()
    }
}

/// The ids of log records, in the order of arrival.
pub fn ids(records: &[Value]) -> Vec<String> {
    records.iter().map(|record| record["attributes"]["log.record.uid"].as_str().unwrap().to_owned()).collect()
}

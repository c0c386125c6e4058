//! An Envoy with the module, the functions that it pushes to, and an upstream: all that one test needs.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use gatelog_artifacts as artifacts;
use gatelog_testbed::client::Client;
use gatelog_testbed::envoy::{self, Envoy};
use gatelog_testbed::functions::{Functions, Options};
use gatelog_testbed::gateway_config::Gateway;
use gatelog_testbed::module_config::{Module, search_path};
use gatelog_testbed::upstream::Upstream;
use http::Request;
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// Time limit for a record to get from Envoy to a response of `/query`.
const ARRIVAL_LIMIT: Duration = Duration::from_secs(70);

/// Envoy, functions, upstream and client.
pub struct Site {
    pub envoy: Envoy,
    pub functions: Functions,
    pub upstream: Upstream,
    pub client: Client,
    pub directory: TempDir,
}

/// An Envoy with the module in `GATELOG_MODULE`'s place.
pub fn options() -> envoy::Options {
    options_for(artifacts::module().unwrap())
}

/// An Envoy with this module.
pub fn options_for(module: PathBuf) -> envoy::Options {
    let variables = vec![search_path(&module), ("POD_NAME".to_owned(), "gateway-pod-0".into())];
    envoy::Options { variables, ..envoy::Options::default() }
}

impl Site {
    pub async fn start(module: &Module) -> Self {
        Self::start_with(&options(), module, |_, _| {}).await
    }

    /// With these options of Envoy, and its configuration changed by `alter`, which also gets the address of the functions.
    pub async fn start_with(
        options: &envoy::Options,
        module: &Module,
        alter: impl FnOnce(&mut Value, &mut Module),
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let functions = functions(&directory, "gatelog.db").await;
        let upstream = Upstream::start().await.unwrap();
        let gateway = Gateway {
            upstream: upstream.address(),
            collector: functions.address(),
            filters: Vec::new(),
            access_log: Some(directory.path().join("access.log")),
        };
        let (mut bootstrap, mut module) = (gateway.bootstrap(), module.clone());
        let address = module.configuration.get_mut("collector_address");
        if let Some(address) = address {
            *address = functions.address().to_string().into();
        }
        alter(&mut bootstrap, &mut module);
        module.add_to(&mut bootstrap);
        let envoy = Envoy::start_with(options, &bootstrap).await.unwrap();
        Self { envoy, functions, upstream, client: Client::default(), directory }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.envoy.listener())
    }

    /// The file of the database.
    pub fn database(&self) -> PathBuf {
        self.directory.path().join("gatelog.db")
    }

    /// Sends a request with an id of its own, and returns whether it was answered with 200.
    pub async fn get(&self, id: &str) -> bool {
        let request = Request::get(self.url("/hello")).header("x-request-id", id).body("").unwrap();
        self.client.send(request).await.is_ok_and(|answer| answer.status() == 200)
    }

    pub async fn records(&self, count: usize) -> Vec<Value> {
        records(&self.functions, count, &self.envoy).await
    }

    /// The lines of Envoy's own log, once there are `count`.
    pub async fn access_log(&self, count: usize) -> Vec<Value> {
        let deadline = Instant::now() + ARRIVAL_LIMIT;
        loop {
            let text = std::fs::read_to_string(self.directory.path().join("access.log")).unwrap_or_default();
            let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
            if lines.len() >= count {
                return lines;
            }
            assert!(Instant::now() < deadline, "Envoy's access log is short:\n{text}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until a record of each of these request ids is stored. None may be stored twice, and at most `most` in
    /// total.
    pub async fn await_ids(&self, ids: &HashSet<String>, most: usize) {
        let deadline = Instant::now() + ARRIVAL_LIMIT;
        loop {
            let url = format!("http://{}/query?format=ndjson&fields=request_id", self.functions.address());
            let answer = self.client.send(Request::get(url).body("").unwrap()).await.unwrap();
            let lines = std::str::from_utf8(answer.body()).unwrap().lines();
            let stored: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
            let unique: HashSet<&str> =
                stored.iter().map(|record| record["request_id"].as_str().unwrap()).collect();
            assert_eq!(unique.len(), stored.len(), "a record is stored twice");
            assert!(stored.len() <= most, "{} records of {} requests", stored.len(), ids.len());
            let missing = ids.iter().filter(|id| !unique.contains(id.as_str())).count();
            if missing == 0 {
                return;
            }
            let said = self.envoy.log();
            assert!(
                Instant::now() < deadline,
                "{missing} of {} answered requests have no record; Envoy said:\n{said}",
                ids.len()
            );
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The sum of the metrics whose name ends in `name`.
    pub async fn metric(&self, name: &str) -> u64 {
        metric(&self.envoy, name).await
    }

    /// Waits until a metric is at least this.
    pub async fn await_metric(&self, name: &str, least: u64) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.metric(name).await < least {
            assert!(Instant::now() < deadline, "{name} is too small; Envoy said:\n{}", self.envoy.log());
            sleep(Duration::from_millis(50)).await;
        }
    }
}

pub async fn functions(directory: &TempDir, database: &str) -> Functions {
    Functions::start(&Options::storing_in(&directory.path().join(database))).await.unwrap()
}

/// The sum of the metrics whose name ends in `name`.
pub async fn metric(envoy: &Envoy, name: &str) -> u64 {
    let stats = envoy.stats(&format!("gatelogmodule.{name}$")).await.unwrap();
    stats.into_iter().map(|(_, value)| value).sum()
}

/// Every stored record, once there are `count`.
pub async fn records(functions: &Functions, count: usize, envoy: &Envoy) -> Vec<Value> {
    let deadline = Instant::now() + ARRIVAL_LIMIT;
    let url = format!("http://{}/query?page_size=100&sort_order=ASC", functions.address());
    loop {
        let answer = Client::default().get_json(&url).await.unwrap();
        let records = answer["logs"].as_array().unwrap().clone();
        if records.len() >= count {
            assert_eq!(records.len(), count, "more records than requests: {records:#?}");
            return records;
        }
        let found = records.len();
        assert!(Instant::now() < deadline, "{found} of {count} records; Envoy said:\n{}", envoy.log());
        sleep(Duration::from_millis(50)).await;
    }
}

//! The whole path, started for one test.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use gatelog_artifacts as artifacts;
use gatelog_testbed::arrival;
use gatelog_testbed::client::Client;
use gatelog_testbed::envoy::Envoy;
use gatelog_testbed::functions::{Functions, Options};
use gatelog_testbed::gateway_config::{Filter, Gateway};
use gatelog_testbed::upstream::Upstream;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// Client, Envoy, upstream, functions and database of one test.
pub struct Path {
    pub envoy: Envoy,
    pub functions: Functions,
    pub upstream: Upstream,
    pub client: Client,
    directory: TempDir,
}

impl Path {
    pub async fn start() -> Self {
        Self::with_filter(&json!({})).await
    }

    /// Starts with further keys of the filter's configuration.
    pub async fn with_filter(overrides: &Value) -> Self {
        Self::with(overrides, &[]).await
    }

    /// Starts with further keys of the filter's configuration, and values of the functions' variables.
    pub async fn with(overrides: &Value, variables: &[(&str, &str)]) -> Self {
        let wasm = artifacts::artifact("gatelog-filter").unwrap();
        Self::start_with(vec![Filter::gatelog(&wasm, overrides)], variables, &[], &[]).await
    }

    /// Starts with Envoy's own filters before and after gatelog's.
    pub async fn among(before: &[Value], after: &[Value]) -> Self {
        let wasm = artifacts::artifact("gatelog-filter").unwrap();
        Self::start_with(vec![Filter::gatelog(&wasm, &json!({}))], &[], before, after).await
    }

    /// Starts with only this configuration of the filter.
    pub async fn with_configuration(configuration: &Value) -> Self {
        let filter = Filter::gatelog(&artifacts::artifact("gatelog-filter").unwrap(), &json!({}));
        let filter = Filter { configuration: configuration.clone(), ..filter };
        Self::start_with(vec![filter], &[], &[], &[]).await
    }

    /// Starts with these proxy-wasm filters, in order.
    pub async fn with_filters(filters: Vec<Filter>) -> Self {
        Self::start_with(filters, &[], &[], &[]).await
    }

    async fn start_with(
        filters: Vec<Filter>,
        variables: &[(&str, &str)],
        before: &[Value],
        after: &[Value],
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("gatelog.db");
        let functions = Functions::start(&Options::storing_in(&database).variables(variables)).await.unwrap();
        let upstream = Upstream::start().await.unwrap();
        let gateway = Gateway {
            upstream: upstream.address(),
            collector: functions.address(),
            filters,
            access_log: Some(directory.path().join("access.log")),
        };
        let envoy = Envoy::start(&gateway.bootstrap_among(before, after), 1).await.unwrap();
        Self { envoy, functions, upstream, client: Client::default(), directory }
    }

    /// The URL of `path` at the gateway.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.envoy.listener())
    }

    pub async fn query(&self, parameters: &str) -> Value {
        self.client
            .get_json(&format!("http://{}/query?{parameters}", self.functions.address()))
            .await
            .unwrap()
    }

    /// The file of the database.
    pub fn database(&self) -> PathBuf {
        self.directory.path().join("gatelog.db")
    }

    /// The number of stored records, once there are `count`; more are an error.
    pub async fn await_total(&self, count: u64) {
        let deadline = Instant::now() + arrival::LIMIT;
        loop {
            let total = self.query("page_size=1").await["total"].as_u64().unwrap();
            assert!(total <= count, "{total} records of {count} requests");
            if total == count {
                return;
            }
            assert!(Instant::now() < deadline, "{total} of {count} records after {:?}", arrival::LIMIT);
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until a record of each of these request ids is stored. None may be stored twice, and at most `most` in
    /// total.
    pub async fn await_ids(&self, ids: &HashSet<String>, most: usize) {
        arrival::await_ids(&self.functions, &self.envoy, ids, most).await.unwrap();
    }

    /// Every stored record, once there are `count`.
    pub async fn records(&self, count: usize) -> Vec<Value> {
        arrival::records(&self.functions, &self.envoy, count).await.unwrap()
    }

    /// The lines of Envoy's own access log by request id, one for each of `count` requests.
    pub async fn access_log(&self, count: usize) -> HashMap<String, Value> {
        let lines = arrival::access_log(&self.directory.path().join("access.log"), count).await.unwrap();
        lines
            .into_iter()
            .map(|line| (line["request_id"].as_str().unwrap_or_default().to_owned(), line))
            .collect()
    }
}

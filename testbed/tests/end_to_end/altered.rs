//! The whole path with an Envoy whose configuration a test has altered.

use std::net::SocketAddr;
use std::path::PathBuf;

use gatelog_artifacts as artifacts;
use gatelog_testbed::arrival;
use gatelog_testbed::envoy::Envoy;
use gatelog_testbed::functions::{Functions, Options};
use gatelog_testbed::gateway_config::{Filter, Gateway};
use gatelog_testbed::upstream::Upstream;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The path of the first listener's connection manager.
pub const MANAGER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";

/// Envoy, functions and upstream of one test.
pub struct Altered {
    pub envoy: Envoy,
    pub functions: Functions,
    access_log: PathBuf,
    _upstream: Upstream,
    _directory: TempDir,
}

impl Altered {
    /// Starts with `upstream` instead of the testbed's, if given, and with Envoy's configuration changed by `alter`.
    pub async fn start(upstream: Option<SocketAddr>, alter: impl FnOnce(&mut Value)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let functions =
            Functions::start(&Options::storing_in(&directory.path().join("gatelog.db"))).await.unwrap();
        let own = Upstream::start().await.unwrap();
        let access_log = directory.path().join("access.log");
        let gateway = Gateway {
            upstream: upstream.unwrap_or(own.address()),
            collector: functions.address(),
            filters: vec![Filter::gatelog(&artifacts::artifact("gatelog-filter").unwrap(), &json!({}))],
            access_log: Some(access_log.clone()),
        };
        let mut bootstrap = gateway.bootstrap();
        alter(&mut bootstrap);
        let envoy = Envoy::start(&bootstrap, 1).await.unwrap();
        Self { envoy, functions, access_log, _upstream: own, _directory: directory }
    }

    /// All records by their request ids, as soon as there are `count`; one more is an error.
    pub async fn records(&self, count: usize) -> Vec<Value> {
        let mut records = arrival::records(&self.functions, &self.envoy, count).await.unwrap();
        records.sort_by_key(|record| record["request_id"].to_string());
        records
    }

    /// The lines of Envoy's own log by their request ids, once there are `count`.
    pub async fn lines(&self, count: usize) -> Vec<Value> {
        let mut lines = arrival::access_log(&self.access_log, count).await.unwrap();
        lines.sort_by_key(|line| line["request_id"].to_string());
        lines
    }
}

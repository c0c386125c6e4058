//! An Envoy with the module, the functions that it pushes to, and an upstream: all that one test needs.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use gatelog_artifacts as artifacts;
use gatelog_testbed::arrival;
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
        arrival::access_log(&self.directory.path().join("access.log"), count).await.unwrap()
    }

    /// Waits until a record of each of these request ids is stored. None may be stored twice, and at most `most` in
    /// total.
    pub async fn await_ids(&self, ids: &HashSet<String>, most: usize) {
        arrival::await_ids(&self.functions, &self.envoy, ids, most).await.unwrap();
    }

    /// The sum of the metrics whose name ends in `name`.
    pub async fn metric(&self, name: &str) -> u64 {
        metric(&self.envoy, name).await
    }

    /// Waits until a metric is at least this.
    pub async fn await_metric(&self, name: &str, least: u64) {
        let deadline = Instant::now() + Duration::from_secs(120);
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
    arrival::records(functions, envoy, count).await.unwrap()
}

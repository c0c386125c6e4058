//! One Envoy with the filter and the module side by side: each pushes to functions of its own, and every request makes the
//! same record in both.

use std::net::SocketAddr;

use gatelog_artifacts as artifacts;
use gatelog_testbed::client::Client;
use gatelog_testbed::envoy::{self, Envoy};
use gatelog_testbed::functions::Functions;
use gatelog_testbed::gateway_config::{Filter, Gateway};
use gatelog_testbed::module_config::Module;
use gatelog_testbed::upstream::Upstream;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::site::{functions, options, records};

/// The path of the first listener's connection manager.
pub const MANAGER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";

/// What differs by nature: the number of the row, ids, and what each measures by itself.
const OWN: [&str; 6] =
    ["id", "record_id", "start_time", "duration", "time_to_headers", "time_to_first_token"];

/// Envoy with both, and what each pushes to.
pub struct Both {
    pub envoy: Envoy,
    pub client: Client,
    _upstream: Upstream,
    of_filter: Functions,
    of_module: Functions,
    _directory: TempDir,
}

/// What a test asks for.
pub struct Wish {
    pub options: envoy::Options,
    /// Keys of both configurations.
    pub configuration: Value,
    /// The upstream in place of the testbed's.
    pub upstream: Option<SocketAddr>,
    /// Proxy-wasm filters after the two.
    pub others: Vec<Filter>,
    pub has_filter: bool,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            options: options(),
            configuration: json!({}),
            upstream: None,
            others: Vec::new(),
            has_filter: true,
        }
    }
}

impl Both {
    pub async fn start() -> Self {
        Self::start_with(Wish::default(), |_| {}).await
    }

    pub async fn start_with(wish: Wish, alter: impl FnOnce(&mut Value)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let of_filter = functions(&directory, "filter.db").await;
        let of_module = functions(&directory, "module.db").await;
        let upstream = Upstream::start().await.unwrap();
        let wasm = artifacts::artifact("gatelog-filter").unwrap();
        let mut filters = vec![Filter::gatelog(&wasm, &wish.configuration)];
        filters.extend(wish.others);
        let gateway = Gateway {
            upstream: wish.upstream.unwrap_or(upstream.address()),
            collector: of_filter.address(),
            filters,
            access_log: Some(directory.path().join("access.log")),
        };
        let mut bootstrap = gateway.bootstrap();
        let clusters = bootstrap["static_resources"]["clusters"].as_array_mut().unwrap();
        let mut cluster = clusters.iter().find(|each| each["name"] == "gatelog").unwrap().clone();
        cluster["name"] = json!("gatelog-module");
        cluster["load_assignment"]["cluster_name"] = json!("gatelog-module");
        let endpoint = cluster.pointer_mut(
            "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address/port_value",
        );
        *endpoint.unwrap() = json!(of_module.address().port());
        clusters.push(cluster);
        alter(&mut bootstrap);
        let mut module = Module::whole(&wish.configuration);
        module.has_filter = wish.has_filter;
        module.configuration["collector_cluster"] = json!("gatelog-module");
        module.add_to(&mut bootstrap);
        let envoy = Envoy::start_with(&wish.options, &bootstrap).await.unwrap();
        Self {
            envoy,
            client: Client::default(),
            _upstream: upstream,
            of_filter,
            of_module,
            _directory: directory,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.envoy.listener())
    }

    /// The records of both, each pair under its request id, once there are `count` in each.
    pub async fn pairs(&self, count: usize) -> Vec<[Value; 2]> {
        let mut all = [Vec::new(), Vec::new()];
        for (records_of, functions) in all.iter_mut().zip([&self.of_filter, &self.of_module]) {
            *records_of = records(functions, count, &self.envoy).await;
            records_of.sort_by_key(|record| {
                (
                    record["request_id"].to_string(),
                    record["response_code"].as_i64(),
                    record["path"].to_string(),
                )
            });
        }
        let [filter, module] = all;
        filter.into_iter().zip(module).map(<[Value; 2]>::from).collect()
    }

    /// Asserts that each pair is the same record, and returns the module's.
    pub async fn assert_same(&self, count: usize) -> Vec<Value> {
        let pairs = self.pairs(count).await;
        let mut differences = Vec::new();
        for [filter, module] in &pairs {
            let [same_filter, same_module] = [comparable(filter), comparable(module)];
            let keys = same_filter.as_object().unwrap().keys().chain(same_module.as_object().unwrap().keys());
            for key in keys {
                if same_filter.get(key) != same_module.get(key) {
                    let [one, other] = [same_filter.get(key), same_module.get(key)];
                    differences.push(format!("{} {key}: {one:?} but {other:?}", filter["request_id"]));
                }
            }
            assert_near(filter, module);
        }
        differences.dedup();
        assert!(differences.is_empty(), "the filter has, but the module:\n{}", differences.join("\n"));
        pairs.into_iter().map(|[_, module]| module).collect()
    }
}

fn comparable(record: &Value) -> Value {
    let mut record = record.clone();
    let members = record.as_object_mut().unwrap();
    OWN.iter().for_each(|key| drop(members.remove(*key)));
    if let Some(log) = members.get_mut("ai_log").and_then(Value::as_object_mut) {
        log.retain(|key, _| !key.contains("duration"));
    }
    record
}

/// What each measures by itself is there in both, and possible.
fn assert_near(filter: &Value, module: &Value) {
    let number = |record: &Value, key: &str| record.get(key).and_then(Value::as_i64);
    let whole = |record: &Value| number(record, "duration").unwrap();
    assert!((whole(filter) - whole(module)).abs() <= 10, "duration:\n{filter:#}\n{module:#}");
    for key in ["time_to_headers", "time_to_first_token"] {
        let [one, other] = [filter, module].map(|record| number(record, key));
        // Of a request that Envoy refuses before any filter has its headers, a proxy-wasm filter does not see the response.
        let is_unseen = filter["upstream_host"] == "" && one.is_none();
        assert!(is_unseen || one.is_some() == other.is_some(), "{key}:\n{filter:#}\n{module:#}");
        assert!(other.is_none_or(|time| (0..=whole(module)).contains(&time)), "{key}: {module:#}");
    }
}

//! The places that Prometheus watches in the test: one that stays well, and one for each kind of fault.

use std::net::SocketAddr;
use std::path::Path;

use gatelog_artifacts as artifacts;
use gatelog_databases::MariaDb;
use gatelog_testbed::access_loggers::{MANAGER, add_logger};
use gatelog_testbed::client::Client;
use gatelog_testbed::envoy::{self, Envoy};
use gatelog_testbed::functions::{Functions, Options};
use gatelog_testbed::gateway_config::{Filter, Gateway};
use gatelog_testbed::module_config::{Module, search_path};
use gatelog_testbed::upstream::Upstream;
use http::Request;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::{Duration, interval};

use crate::rules::Target;

/// Where nothing listens: the port for discarding.
const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9);
/// The token of the site whose filter's reports are believed.
const TOKEN: &str = "secret";

/// A gateway that pushes to functions, with traffic.
pub struct Healthy {
    pub envoy: Envoy,
    pub functions: Functions,
    _traffic: Traffic,
    _folder: TempDir,
}

impl Healthy {
    pub async fn start(upstream: &Upstream) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let functions = Functions::start(&Options::storing_in(&folder.path().join("db"))).await.unwrap();
        let filter = Filter::gatelog(&artifacts::artifact("gatelog-filter").unwrap(), &json!({}));
        let envoy = gateway(upstream, functions.address(), vec![filter], |_| {}).await;
        Self { _traffic: Traffic::to(&envoy), envoy, functions, _folder: folder }
    }

    pub fn targets(&self) -> [Target; 2] {
        [of_gateway("healthy", &self.envoy), of_functions("healthy", &self.functions)]
    }
}

/// A gateway with a small queue and OTLP access loggers, whose functions can be stopped.
pub struct Overloaded {
    pub envoy: Envoy,
    pub functions: Option<Functions>,
    pub address: SocketAddr,
    folder: TempDir,
}

impl Overloaded {
    /// Records that the queue holds.
    pub const QUEUE: u64 = 20;

    pub async fn start(upstream: &Upstream) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let functions = Functions::start(&options(folder.path())).await.unwrap();
        let queue = json!({ "max_entries": Self::QUEUE, "max_batch_size": 5, "max_coalescing_delay": 0.1, "max_retry_delay": 0.5 });
        let overrides = json!({ "collector_token": TOKEN, "queue": queue });
        let filter = Filter::gatelog(&artifacts::artifact("gatelog-filter").unwrap(), &overrides);
        let envoy = gateway(upstream, functions.address(), vec![filter], |bootstrap| {
            for stat_prefix in [None, Some("gatelog")] {
                add_logger(bootstrap, otlp_logger(stat_prefix));
            }
        })
        .await;
        let address = functions.address();
        Self { envoy, functions: Some(functions), address, folder }
    }

    pub async fn stop_collector(&mut self) {
        self.functions.take().unwrap().stop().await;
    }

    pub async fn start_collector(&mut self) {
        let again = options(self.folder.path()).at(self.address);
        self.functions = Some(Functions::start(&again).await.unwrap());
    }

    pub fn targets(&self) -> [Target; 2] {
        let functions = Target { job: "gatelog", site: "overloaded", address: self.address };
        [of_gateway("overloaded", &self.envoy), functions]
    }
}

fn options(folder: &Path) -> Options {
    Options::storing_in(&folder.join("db")).variables(&[("ingest_token", TOKEN)])
}

/// Envoy's own OTLP access logger. It has a statistic of its own name only with a `stat_prefix`.
fn otlp_logger(stat_prefix: Option<&str>) -> Value {
    let mut config = json!({
        "@type": "type.googleapis.com/envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig",
        "http_service": { "http_uri": { "uri": "http://nowhere/v1/logs", "cluster": "dead", "timeout": "1s" } },
        "log_name": stat_prefix.unwrap_or("plain"),
        "buffer_flush_interval": "0.2s",
    });
    if let Some(prefix) = stat_prefix {
        config["stat_prefix"] = prefix.into();
    }
    json!({ "name": "envoy.access_loggers.open_telemetry", "typed_config": config })
}

/// A gateway with traffic whose filter has failed for good.
pub async fn stopped(upstream: &Upstream) -> Trapping {
    Trapping::start(upstream, |_| {}).await
}

/// A gateway with traffic whose filter fails again and again and is started again, with Envoy's default pause.
pub async fn reloading(upstream: &Upstream) -> Trapping {
    Trapping::start(upstream, |config| {
        config.as_object_mut().unwrap().remove("fail_open");
        config["failure_policy"] = "FAIL_RELOAD".into();
    })
    .await
}

pub struct Trapping {
    pub envoy: Envoy,
    _traffic: Traffic,
}

impl Trapping {
    async fn start(upstream: &Upstream, alter: impl FnOnce(&mut Value)) -> Self {
        let filter = Filter::gatelog(&artifacts::artifact("gatelog-trap-filter").unwrap(), &json!({}));
        let envoy = gateway(upstream, NOWHERE, vec![filter], |bootstrap| {
            let config = format!("{MANAGER}/http_filters/0/typed_config/config");
            alter(bootstrap.pointer_mut(&config).unwrap());
        })
        .await;
        Self { _traffic: Traffic::to(&envoy), envoy }
    }
}

/// A gateway with a build of the module that panics for each record, with traffic.
pub struct Panicking {
    pub envoy: Envoy,
    _traffic: Traffic,
}

impl Panicking {
    pub async fn start(upstream: &Upstream, collector: SocketAddr) -> Self {
        let library = artifacts::panicking_module().unwrap();
        let variables =
            vec![search_path(&library), ("GATELOG_PANIC_IN".to_owned(), "access_logger_log".into())];
        let gateway =
            Gateway { upstream: upstream.address(), collector, filters: Vec::new(), access_log: None };
        let mut bootstrap = gateway.bootstrap();
        Module::whole(&json!({})).add_to(&mut bootstrap);
        // The namespace of deploy/envoy/module.yaml, with which the module's metrics have the filter's names.
        let text = bootstrap.to_string().replace("gatelogmodule", "wasmcustom");
        let options = envoy::Options { variables, ..envoy::Options::default() };
        let envoy = Envoy::start_with(&options, &serde_json::from_str(&text).unwrap()).await.unwrap();
        Self { _traffic: Traffic::to(&envoy), envoy }
    }
}

/// Functions with a wrong price table and a syslog receiver that is down, which no filter pushes to.
pub struct Misconfigured {
    pub functions: Functions,
    _folder: TempDir,
}

impl Misconfigured {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = NOWHERE.port().to_string();
        let variables = [("syslog_delivery", "at_least_once"), ("syslog_port", &port), ("prices", "{")];
        let options = Options::storing_in(&folder.path().join("db")).variables(&variables);
        Self { functions: Functions::start(&options).await.unwrap(), _folder: folder }
    }
}

/// Functions on a database server that can be slowed down and stopped.
pub struct OnMariaDb {
    pub functions: Functions,
    pub server: std::sync::Arc<MariaDb>,
    /// The name of the database.
    pub database: String,
    _folder: TempDir,
}

impl OnMariaDb {
    pub async fn start() -> Self {
        let server = tokio::task::spawn_blocking(|| MariaDb::start(&[])).await.unwrap().unwrap();
        let url = server.database().unwrap();
        let host = format!("127.0.0.1:{}", server.port());
        let folder = tempfile::tempdir().unwrap();
        let variables = [("store", "mysql"), ("mysql_url", &*url), ("mysql_host", &*host)];
        let options = Options::storing_in(&folder.path().join("unused")).variables(&variables);
        let functions = Functions::start(&options).await.unwrap();
        let database = url.rsplit('/').next().unwrap().to_owned();
        Self { functions, server: server.into(), database, _folder: folder }
    }

    /// Keeps others from writing to a table for some time.
    pub async fn lock(&self, table: &str, seconds: f32) {
        let (server, database) = (self.server.clone(), self.database.clone());
        let statements =
            format!("USE {database}; LOCK TABLES {table} READ; DO SLEEP({seconds}); UNLOCK TABLES");
        tokio::task::spawn_blocking(move || server.sql(&statements)).await.unwrap().unwrap();
    }

    pub async fn stop(&self) {
        let server = self.server.clone();
        tokio::task::spawn_blocking(move || server.stop()).await.unwrap().unwrap();
    }

    pub async fn start_again(&self) {
        let server = self.server.clone();
        tokio::task::spawn_blocking(move || server.start_again()).await.unwrap().unwrap();
    }
}

pub fn of_gateway(site: &'static str, envoy: &Envoy) -> Target {
    Target { job: "gatelog-gateway", site, address: envoy.admin() }
}

pub fn of_functions(site: &'static str, functions: &Functions) -> Target {
    Target { job: "gatelog", site, address: functions.address() }
}

async fn gateway(
    upstream: &Upstream,
    collector: SocketAddr,
    filters: Vec<Filter>,
    alter: impl FnOnce(&mut Value),
) -> Envoy {
    let gateway = Gateway { upstream: upstream.address(), collector, filters, access_log: None };
    let mut bootstrap = gateway.bootstrap();
    alter(&mut bootstrap);
    Envoy::start(&bootstrap, 1).await.unwrap()
}

/// Steady requests to a gateway, AI calls among them; they end when it is dropped.
struct Traffic(JoinHandle<()>);

impl Traffic {
    fn to(envoy: &Envoy) -> Self {
        let address = envoy.listener();
        Self(tokio::spawn(async move {
            let client = Client::default();
            let mut next = interval(Duration::from_millis(50));
            loop {
                next.tick().await;
                let get = Request::get(format!("http://{address}/hello")).body("".to_owned()).unwrap();
                // A gateway whose filter is started again refuses some.
                let _ = client.send(get).await;
                let _ = client.send(chat(address, "gpt-4o-mini", None)).await;
            }
        }))
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A streamed AI call, in an encoding that is only claimed if one is given.
pub fn chat(gateway: SocketAddr, model: &str, encoding: Option<&str>) -> Request<String> {
    let body =
        json!({ "model": model, "stream": true, "messages": [{ "role": "user", "content": "hello" }] });
    let request = Request::post(format!("http://{gateway}/v1/chat/completions"));
    let request = request.header("content-type", "application/json");
    let request = match encoding {
        Some(encoding) => request.header("content-encoding", encoding),
        None => request,
    };
    request.body(body.to_string()).unwrap()
}

/// Sends a push as a client without a filter, and returns its status.
pub async fn push(functions: &Functions, records: &Value) -> u16 {
    let url = format!("http://{}/ingest", functions.address());
    let request = Request::post(url).header("content-type", "application/json");
    Client::default().send(request.body(records.to_string()).unwrap()).await.unwrap().status().as_u16()
}

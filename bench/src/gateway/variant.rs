//! What is measured: Envoys that differ in what they log, and in nothing else.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use gatelog_artifacts as artifacts;
use gatelog_testbed::access_loggers::{add_logger, on_ai_route_alone, wasm_logger};
use gatelog_testbed::gateway_config::{Filter, Gateway};
use serde_json::{Value, json};

use super::collector::GRPC;
use super::native_loggers::{als, bootstrap_module, file, module_filter, module_logger, otlp};

/// The name of the variant that all others are compared with.
pub const NONE: &str = "none";
/// The name of the filter that does nothing.
pub const NOOP: &str = "wasm-noop";
/// The name of gatelog's filter.
pub const WASM: &str = "wasm";
/// The name of gatelog's filter as a logger, with the HTTP filter on AI routes.
pub const WASM_LOGGER: &str = "wasm-logger";

/// One Envoy configuration.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Its name in figures.
    pub name: String,
    /// How it logs.
    pub logging: Logging,
    /// What shows that it did.
    pub proof: Proof,
}

/// How an Envoy logs.
#[derive(Clone, Debug)]
pub enum Logging {
    /// Not at all.
    None,
    /// By an HTTP filter in a wasm file.
    Wasm(PathBuf),
    /// By a wasm file as access logger, with the HTTP filter on AI routes.
    WasmLogger(PathBuf),
    /// By a dynamic module as access logger; with the HTTP filter or without it.
    Module {
        /// The module.
        file: PathBuf,
        /// Whether its HTTP filter is in the chain.
        filter: bool,
    },
    /// By Envoy's own access log in a file.
    File,
    /// By Envoy's access log service over gRPC.
    Als,
    /// By Envoy's OpenTelemetry log over HTTP.
    Otlp,
}

/// What shows that each request was logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// There is nothing to show.
    None,
    /// A record at the collector.
    Record,
    /// A record at the collector, and in those of AI calls the tokens that the model used.
    RecordWithTokens,
    /// Envoy's count of the lines that it wrote.
    Line,
}

/// Where the parts of an Envoy find what is around it.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    /// The upstream.
    pub upstream: SocketAddr,
    /// The collector.
    pub collector: SocketAddr,
}

/// Every variant: `module` is the dynamic module, if there is one, `beside` are other builds of the wasm filter, and
/// `partial` are builds that leave work out.
///
/// # Errors
///
/// When a wasm file is not built.
pub fn all(module: Option<&Path>, beside: &[PathBuf], partial: &[PathBuf]) -> anyhow::Result<Vec<Variant>> {
    let gatelog = artifacts::artifact("gatelog-filter")?;
    let noop = artifacts::artifact("gatelog-noop-filter")?;
    let variant = |name: &str, logging, proof| Variant { name: name.to_owned(), logging, proof };
    let mut variants = vec![
        variant(NONE, Logging::None, Proof::None),
        // Two of the same: how much they differ is what a difference has to exceed.
        variant("none-again", Logging::None, Proof::None),
        variant(NOOP, Logging::Wasm(noop), Proof::None),
        variant(WASM, Logging::Wasm(gatelog.clone()), Proof::RecordWithTokens),
        variant(WASM_LOGGER, Logging::WasmLogger(gatelog), Proof::RecordWithTokens),
    ];
    let proven = beside.iter().map(|wasm| (wasm, Proof::RecordWithTokens));
    for (wasm, proof) in proven.chain(partial.iter().map(|wasm| (wasm, Proof::None))) {
        let name = wasm.file_stem().unwrap_or_default().to_string_lossy();
        variants.push(variant(&name, Logging::Wasm(wasm.clone()), proof.clone()));
        variants.push(variant(&format!("{name}-logger"), Logging::WasmLogger(wasm.clone()), proof));
    }
    if let Some(file) = module {
        let module = |filter| Logging::Module { file: file.to_owned(), filter };
        variants.push(variant("module-logger", module(false), Proof::Record));
        variants.push(variant("module", module(true), Proof::RecordWithTokens));
    }
    variants.push(variant("file-json", Logging::File, Proof::Line));
    variants.push(variant("als-grpc", Logging::Als, Proof::Record));
    variants.push(variant("otlp-http", Logging::Otlp, Proof::Record));
    Ok(variants)
}

impl Variant {
    /// Under which name the collector counts what it pushes.
    pub fn sender(&self) -> String {
        match self.logging {
            Logging::Als => GRPC.to_owned(),
            _ => format!("/push/{}", self.name),
        }
    }

    /// The bootstrap configuration.
    pub fn bootstrap(&self, around: Around) -> Value {
        let gateway = |filters| Gateway {
            upstream: around.upstream,
            collector: around.collector,
            filters,
            access_log: None,
        };
        let with = |wasm: &Path| Filter::gatelog(wasm, &json!({ "collector_path": self.sender() }));
        let plain = || gateway(Vec::new()).bootstrap();
        match &self.logging {
            Logging::None => plain(),
            Logging::Wasm(wasm) if self.name == NOOP => {
                let noop = Filter { name: NOOP.into(), wasm: wasm.clone(), configuration: json!({}) };
                gateway(vec![noop]).bootstrap()
            }
            Logging::Wasm(wasm) => gateway(vec![with(wasm)]).bootstrap(),
            Logging::WasmLogger(wasm) => {
                let filter = with(wasm);
                let mut bootstrap = gateway(vec![filter.clone()]).bootstrap();
                on_ai_route_alone(&mut bootstrap, &filter.name);
                add_logger(&mut bootstrap, wasm_logger(&filter));
                bootstrap
            }
            Logging::Module { file, filter } => {
                let configuration = with(file).configuration;
                let before: Vec<Value> = filter.then(|| module_filter(file)).into_iter().collect();
                let mut bootstrap = gateway(Vec::new()).bootstrap_among(&before, &[]);
                add_logger(&mut bootstrap, module_logger(file));
                if let Some(members) = bootstrap.as_object_mut() {
                    let extension = bootstrap_module(file, &configuration);
                    members.insert("bootstrap_extensions".into(), json!([extension]));
                }
                bootstrap
            }
            Logging::File => with_logger(plain(), file(Path::new("/dev/null"))),
            Logging::Otlp => with_logger(plain(), otlp(around.collector, &self.sender())),
            Logging::Als => {
                let (cluster, logger) = als(around.collector);
                let mut bootstrap = with_logger(plain(), logger);
                if let Some(Value::Array(clusters)) = bootstrap.pointer_mut("/static_resources/clusters") {
                    clusters.push(cluster);
                }
                bootstrap
            }
        }
    }
}

fn with_logger(mut bootstrap: Value, logger: Value) -> Value {
    add_logger(&mut bootstrap, logger);
    bootstrap
}

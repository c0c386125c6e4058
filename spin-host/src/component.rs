//! A component ready to be instantiated: compiled, linked to the host, with its permissions.

use std::path::Path;
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use tokio::sync::Semaphore;
use wasmtime::component::{Component, Linker};
use wasmtime::{
    Cache, CacheConfig, Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
};
use wasmtime_wasi::{FsPerms, WasiCtx};
use wasmtime_wasi_http::WasiHttpCtx;
use wasmtime_wasi_http::handler::Proxy;
use wasmtime_wasi_http::p3::bindings::ServicePre;

use super::bindings::{mysql, sqlite, variables};
use super::component_handle::ComponentHandle;
use super::files::ComponentFiles;
use super::logs::{LogSource, Logs};
use super::outbound::AllowedHosts;
use super::outbound_http::OutboundHttp;
use super::sockets;
use super::sqlite::ComponentDatabases;
use super::state::{SpinHost, State};
use super::variables::ComponentVariables;

/// How often a busy component yields its thread to others.
const YIELD_INTERVAL: Duration = Duration::from_millis(10);
/// Most instances of all components of a process together.
const MAX_INSTANCES: u32 = 1000;

/// Everything needed to create instances of a component.
pub(super) struct Template {
    pub(super) pre: ServicePre<State>,
    pub(super) handle: ComponentHandle,
    pub(super) logs: Logs,
    pub(super) variables: ComponentVariables,
    pub(super) databases: ComponentDatabases,
    pub(super) mysql_permits: Option<Arc<Semaphore>>,
    pub(super) allowed: Arc<AllowedHosts>,
    pub(super) environment: Vec<(String, String)>,
    pub(super) files: Option<ComponentFiles>,
}

impl Template {
    /// A new instance and its store.
    ///
    /// # Errors
    ///
    /// When there is no room for another instance, or its start traps.
    pub(super) async fn instantiate(&self) -> wasmtime::Result<(Store<State>, Proxy)> {
        let mut store = Store::new(self.pre.engine(), self.state()?);
        store.limiter(|state| &mut state.memory);
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        let service = self.pre.instantiate_async(&mut store).await?;
        Ok((store, Proxy::P3(service)))
    }

    fn state(&self) -> wasmtime::Result<State> {
        let mut wasi = WasiCtx::builder();
        wasi.envs(&self.environment)
            .stdout(self.logs.output(self.handle.name(), LogSource::Stdout))
            .stderr(self.logs.output(self.handle.name(), LogSource::Stderr));
        if let Some(files) = &self.files {
            wasi.preopened_dir(files.path(), "/", FsPerms::ReadOnly)?;
        }
        sockets::configure(&mut wasi, Arc::clone(&self.allowed));
        Ok(State {
            table: wasmtime::component::ResourceTable::new(),
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            outbound: OutboundHttp { allowed: Arc::clone(&self.allowed), component: self.handle.clone() },
            variables: self.variables.clone(),
            databases: self.databases.clone(),
            mysql_permits: self.mysql_permits.clone(),
            mysql_lock: Arc::default(),
            open_connections: 0,
            component: self.handle.clone(),
            memory: self.handle.memory_watch(),
        })
    }
}

/// Compiles a component, or takes it from the cache of an earlier run, and links it. An uncached component
/// takes a second or two.
///
/// # Errors
///
/// When the file is missing or not a component, or the component imports something that the host does not
/// offer.
pub(super) fn load(file: &Path) -> anyhow::Result<ServicePre<State>> {
    let engine = engine()?;
    let component = Component::from_file(engine, file)
        .map_err(|error| anyhow!("{error:#}"))
        .with_context(|| format!("{} is not a WebAssembly component", file.display()))?;
    let mut linker = Linker::new(engine);
    add_host(&mut linker).map_err(|error| anyhow!("{error:#}")).context("the host's functions")?;
    let instance = linker
        .instantiate_pre(&component)
        .map_err(|error| anyhow!("{error:#}"))
        .with_context(|| format!("{} needs what the local host does not offer", file.display()))?;
    ServicePre::new(instance).map_err(|error| anyhow!("{error:#}")).with_context(|| {
        format!(
            "{} answers no HTTP requests: it must export wasi:http/handler@0.3.0, as #[http_service] of spin-sdk 7 does",
            file.display()
        )
    })
}

fn add_host(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    wasmtime_wasi::p3::add_to_linker(linker)?;
    wasmtime_wasi_http::p3::add_to_linker(linker)?;
    mysql::add_to_linker::<State, SpinHost>(linker, |state| state)?;
    sqlite::add_to_linker::<State, SpinHost>(linker, |state| state)?;
    variables::add_to_linker::<State, SpinHost>(linker, |state| state)?;
    sockets::add_to_linker(linker)
}

/// The engine of this process. There is only one, because it reserves address space for all instances.
fn engine() -> anyhow::Result<&'static Engine> {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    static MAKING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    if let Some(engine) = ENGINE.get() {
        return Ok(engine);
    }
    let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(engine) = ENGINE.get() {
        return Ok(engine);
    }
    let engine = new_engine(true)
        // Where address space is limited, instances are created without a pool, which is a little slower.
        .or_else(|_| new_engine(false))
        .map_err(|error| anyhow!("{error:#}"))
        .context("WebAssembly cannot be run on this machine")?;
    start_ticking(&engine)?;
    Ok(ENGINE.get_or_init(|| engine))
}

fn new_engine(pool: bool) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config.wasm_component_model_async(true).epoch_interruption(true);
    // An unusable cache only costs time.
    config.cache(Cache::new(CacheConfig::new()).ok());
    if pool {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(MAX_INSTANCES)
            .total_core_instances(4 * MAX_INSTANCES)
            .total_tables(2 * MAX_INSTANCES)
            .total_memories(MAX_INSTANCES)
            .total_stacks(MAX_INSTANCES);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    Engine::new(&config)
}

/// Starts the clock that makes busy components yield. It is a separate thread, because such components may occupy
/// all others.
fn start_ticking(engine: &Engine) -> anyhow::Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new()
        .name("epoch".to_owned())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::park_timeout(YIELD_INTERVAL);
            }
        })
        .context("no thread for the clock of components")?;
    Ok(())
}

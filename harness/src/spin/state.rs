//! What one instance of a component has for itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, watch};
use wasmtime::ResourceLimiter;
use wasmtime::component::{Accessor, HasData, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::bindings::variables;
use super::logs::Logs;
use super::outbound_http::OutboundHttp;
use super::sqlite::ComponentDatabases;
use super::variables::ComponentVariables;

/// The data of an instance's store.
pub struct State {
    pub(super) table: ResourceTable,
    pub(super) wasi: WasiCtx,
    pub(super) http: WasiHttpCtx,
    pub(super) outbound: OutboundHttp,
    pub(super) variables: ComponentVariables,
    pub(super) databases: ComponentDatabases,
    pub(super) mysql_permits: Option<Arc<Semaphore>>,
    /// Connections to MySQL that are being opened.
    pub(super) opening_mysql: Arc<AtomicUsize>,
    pub(super) open_connections: usize,
    pub(super) component: ComponentHandle,
    pub(super) memory: MemoryWatch,
}

/// What the instances of a component share with the host: its name, its log, whether it hangs, and the most memory that
/// one of them took.
#[derive(Clone)]
pub struct ComponentHandle {
    name: Arc<str>,
    logs: Logs,
    hangs: watch::Sender<bool>,
    peak_memory_bytes: Arc<AtomicUsize>,
}

/// Sees the linear memories of an instance grow.
pub(super) struct MemoryWatch {
    bytes: usize,
    peak: Arc<AtomicUsize>,
}

/// Ties Spin's interfaces to [`State`].
pub struct SpinHost;

impl HasData for SpinHost {
    type Data<'a> = &'a mut State;
}

impl ComponentHandle {
    /// For the component of this name.
    pub(super) fn new(name: &str, logs: Logs) -> Self {
        Self { name: name.into(), logs, hangs: watch::Sender::new(false), peak_memory_bytes: Arc::default() }
    }

    /// The most linear memory that an instance has had so far, in bytes.
    pub fn peak_memory_bytes(&self) -> usize {
        self.peak_memory_bytes.load(Ordering::Relaxed)
    }

    /// For a new instance.
    pub(super) fn memory_watch(&self) -> MemoryWatch {
        MemoryWatch { bytes: 0, peak: Arc::clone(&self.peak_memory_bytes) }
    }

    /// The component's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A line about the component.
    pub(super) fn log(&self, text: impl std::fmt::Display) {
        self.logs.host(&self.name, text);
    }

    /// Whether the component hangs, see [`ComponentHandle::hang`].
    pub(super) fn hangs(&self) -> bool {
        *self.hangs.borrow()
    }

    /// Hangs the component, as Spin does when a call takes the thread that would have to do what the call waits for. No
    /// request to the component is answered any more. `cause` says what was called when, and what to do instead.
    pub(super) async fn hang<R>(&self, cause: impl std::fmt::Display) -> R {
        self.hangs.send_replace(true);
        self.log(format_args!("{cause}. Under Spin this blocks the component for ever, so it does here"));
        std::future::pending().await
    }
}

impl ResourceLimiter for MemoryWatch {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        self.bytes += desired.saturating_sub(current);
        self.peak.fetch_max(self.bytes, Ordering::Relaxed);
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.outbound }
    }
}

impl variables::Host for State {}

impl<T: Send + 'static> variables::HostWithStore<T> for SpinHost {
    async fn get(
        accessor: &Accessor<T, Self>,
        name: String,
    ) -> wasmtime::Result<Result<String, variables::Error>> {
        Ok(accessor.with(|mut access| access.get().variables.get(&name)))
    }
}

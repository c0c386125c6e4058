//! The data that one instance of a component owns.

use std::sync::Arc;

use tokio::sync::{Mutex, Semaphore};
use wasmtime::component::{Accessor, HasData, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::bindings::variables;
use super::component_handle::{ComponentHandle, MemoryWatch};
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
    /// Held while a MySQL connection is opened, and briefly by each statement.
    pub(super) mysql_lock: Arc<Mutex<()>>,
    pub(super) open_connections: usize,
    pub(super) component: ComponentHandle,
    pub(super) memory: MemoryWatch,
}

/// Ties Spin's interfaces to [`State`].
pub struct SpinHost;

impl HasData for SpinHost {
    type Data<'a> = &'a mut State;
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

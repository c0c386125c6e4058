//! What one instance of a component has for itself.

use std::sync::Arc;

use tokio::sync::watch;
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
    pub(super) open_connections: usize,
    pub(super) component: ComponentHandle,
}

/// What the instances of a component share with the host: its name, its log, and whether it hangs.
#[derive(Clone)]
pub struct ComponentHandle {
    name: Arc<str>,
    logs: Logs,
    hangs: watch::Sender<bool>,
}

/// Ties Spin's interfaces to [`State`].
pub struct SpinHost;

impl HasData for SpinHost {
    type Data<'a> = &'a mut State;
}

impl ComponentHandle {
    /// For the component of this name.
    pub(super) fn new(name: &str, logs: Logs) -> Self {
        Self { name: name.into(), logs, hangs: watch::Sender::new(false) }
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

    /// Hangs the component, as Spin does when `function` is called while rows are unread: there the call takes the
    /// thread that would have to read them. No request to the component is answered any more.
    pub(super) async fn hang<R>(&self, function: &str) -> R {
        self.hangs.send_replace(true);
        self.log(format_args!(
            "{function}() was called while rows of the last statement are unread. Under Spin this blocks the \
             component for ever, so it does here: read the rows to their end first"
        ));
        std::future::pending().await
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

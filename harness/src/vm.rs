//! A running VM: its plugins from configuration to shutdown, and its observable state. `clock.rs` adds time and callouts,
//! `steps.rs` and `exchange.rs` the streams.

use std::fmt;

use wasmtime::{Store, StoreLimitsBuilder, TypedFunc, WasmParams, WasmResults};

use super::abi::Callback;
use super::error::Error;
use super::gateway::{Gateway, Root};
use super::host_calls::HostCalls;
use super::logs::Logs;
use super::metrics::Metric;
use super::module::Exports;

/// One VM with its plugins, like that of one gateway worker. It runs only on request, on a clock that only
/// [`Vm::advance`] moves. When a test panics, the guest's log is printed.
pub struct Vm {
    pub(super) store: Store<Gateway>,
    pub(super) exports: Exports,
    failed: Option<Callback>,
    next_context: u32,
}

/// A plugin of a VM: the id of its root context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PluginId(pub(super) u32);

impl Vm {
    pub(super) fn new(store: Store<Gateway>, exports: Exports) -> Self {
        Self { store, exports, failed: None, next_context: 1 }
    }

    /// Starts another plugin in this VM, with its own configuration, as Envoy does for a second filter with the same
    /// `vm_id` and code.
    ///
    /// # Errors
    ///
    /// When a callback trapped, or the plugin refused its configuration.
    pub fn start_plugin(
        &mut self,
        root_id: &str,
        configuration: impl Into<Vec<u8>>,
    ) -> Result<PluginId, Error> {
        let plugin = self.create_root(root_id, configuration.into())?;
        self.configure(plugin)?;
        Ok(plugin)
    }

    /// Reconfigures a running plugin: calls `proxy_on_configure` again on its root context, as Envoy does when its own
    /// configuration changes. If the plugin refuses the configuration, it continues to run.
    ///
    /// # Errors
    ///
    /// When there is no such plugin, it refused the configuration, or the callback trapped.
    pub fn configure_again(
        &mut self,
        plugin: PluginId,
        configuration: impl Into<Vec<u8>>,
    ) -> Result<(), Error> {
        let configuration = configuration.into();
        self.with_root(plugin.0, |root| root.configuration = configuration)
            .ok_or(Error::NoPlugin(plugin.0))?;
        self.configure(plugin)
    }

    /// The plugin that was started first among those still present.
    ///
    /// # Errors
    ///
    /// When all plugins are shut down.
    pub fn plugin(&self) -> Result<PluginId, Error> {
        self.store.data().roots.keys().next().map(|id| PluginId(*id)).ok_or(Error::NoPlugin(0))
    }

    /// Shuts down all plugins: `proxy_on_done`, then `proxy_on_delete` for those that returned true. The others stay
    /// active, with their ticks and callouts, until they call `proxy_done`. Returns whether all are gone.
    ///
    /// # Errors
    ///
    /// When a callback trapped.
    pub fn shutdown(&mut self) -> Result<bool, Error> {
        let roots = self.store.data().roots.iter().filter(|(_, root)| !root.draining);
        let roots: Vec<u32> = roots.map(|(id, _)| *id).collect();
        for root in roots {
            let done = self.exports.on_done.clone();
            if self.call(Callback::Done, root, done, root, 1)? == 0 {
                self.with_root(root, |root| root.draining = true);
            } else {
                self.delete_root(root)?;
            }
        }
        Ok(self.is_shut_down())
    }

    /// Whether every plugin is gone.
    pub fn is_shut_down(&self) -> bool {
        self.store.data().roots.is_empty()
    }

    /// The guest's log since the start, or since [`Vm::take_logs`].
    pub fn logs(&self) -> &Logs {
        &self.store.data().logs
    }

    /// Takes the guest's log out of the VM.
    pub fn take_logs(&mut self) -> Logs {
        std::mem::take(&mut self.store.data_mut().logs)
    }

    /// The metric that a guest defined with this name.
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.store.data().metrics.named(name)
    }

    /// All metrics with their names.
    pub fn metrics(&self) -> impl Iterator<Item = (String, &Metric)> {
        self.store.data().metrics.iter()
    }

    /// How often the guest called each host function since the start.
    pub fn host_calls(&self) -> &HostCalls {
        &self.store.data().host_calls
    }

    /// Calls a function beyond the ABI that has no parameters and returns a number, such as a counter that a guest
    /// exports for tests.
    ///
    /// # Errors
    ///
    /// When the guest exports no such function, or it trapped.
    pub fn read_number(&mut self, export: &'static str) -> Result<u32, Error> {
        let Self { store, exports, .. } = self;
        let failed = |cause: wasmtime::Error| Error::Number { export, cause: format!("{cause:#}") };
        let function = exports.instance.get_typed_func::<(), u32>(&mut *store, export).map_err(failed)?;
        function.call(store, ()).map_err(failed)
    }

    /// Limits the guest's memory to this many bytes from now on; larger allocations fail.
    pub fn limit_memory(&mut self, bytes: usize) {
        self.store.data_mut().limits = StoreLimitsBuilder::new().memory_size(bytes).build();
    }

    /// The size of the guest's memory, which never shrinks.
    pub fn memory_bytes(&self) -> usize {
        self.store.data().guest.as_ref().map_or(0, |guest| guest.memory.data_size(&self.store))
    }

    pub(super) fn initialize(&mut self) -> Result<(), Error> {
        self.store.data_mut().restricted = Some("while the module initialises");
        let (initialize, start, main) =
            (self.exports.initialize.clone(), self.exports.start.clone(), self.exports.main.clone());
        if initialize.is_some() {
            self.call(Callback::Initialize, 0, initialize, (), ())?;
            self.call(Callback::Initialize, 0, main, (0, 0), 0)?;
        } else {
            self.call(Callback::Initialize, 0, start, (), ())?;
        }
        self.store.data_mut().restricted = None;
        Ok(())
    }

    pub(super) fn start_first_plugin(&mut self, root_id: &str, configuration: Vec<u8>) -> Result<(), Error> {
        let plugin = self.create_root(root_id, configuration)?;
        let size = size(self.store.data().settings.vm_configuration.len());
        let start = self.exports.on_vm_start.clone();
        if self.call(Callback::VmStart, plugin.0, start, (plugin.0, size), 1)? == 0 {
            return Err(Error::Refused { callback: Callback::VmStart, logs: self.take_logs() });
        }
        self.configure(plugin)
    }

    pub(super) fn next_context(&mut self) -> u32 {
        let id = self.next_context;
        self.next_context += 1;
        id
    }

    /// Calls the guest for a context, then deletes a plugin that called `proxy_done`. A function that the guest does not
    /// export returns `default`.
    pub(super) fn call<P: WasmParams, R: WasmResults>(
        &mut self,
        callback: Callback,
        context: u32,
        func: Option<TypedFunc<P, R>>,
        params: P,
        default: R,
    ) -> Result<R, Error> {
        if let Some(callback) = self.failed {
            return Err(Error::Failed { callback });
        }
        let Some(func) = func else { return Ok(default) };
        self.store.data_mut().current = context;
        let result = func.call(&mut self.store, params).map_err(|cause| {
            self.failed = Some(callback);
            Error::Trap { callback, context, cause: format!("{cause:?}"), logs: self.logs().clone() }
        })?;
        self.delete_done()?;
        Ok(result)
    }

    /// Deletes the plugin that called `proxy_done`.
    fn delete_done(&mut self) -> Result<(), Error> {
        let done = self.store.data().roots.iter().find(|(_, root)| root.done).map(|(id, _)| *id);
        done.map_or(Ok(()), |root| self.delete_root(root))
    }

    fn create_root(&mut self, root_id: &str, configuration: Vec<u8>) -> Result<PluginId, Error> {
        let id = self.next_context();
        let root = Root { root_id: root_id.to_owned(), configuration, ..Root::default() };
        self.store.data_mut().roots.insert(id, root);
        let create = self.exports.on_context_create.clone();
        self.call(Callback::ContextCreate, id, create, (id, 0), ())?;
        Ok(PluginId(id))
    }

    fn configure(&mut self, plugin: PluginId) -> Result<(), Error> {
        self.with_root(plugin.0, |root| root.configuring = true);
        let size = size(self.store.data().roots.get(&plugin.0).map_or(0, |root| root.configuration.len()));
        let configure = self.exports.on_configure.clone();
        let accepted = self.call(Callback::Configure, plugin.0, configure, (plugin.0, size), 1)?;
        self.with_root(plugin.0, |root| root.configuring = false);
        if accepted == 0 {
            return Err(Error::Refused { callback: Callback::Configure, logs: self.logs().clone() });
        }
        Ok(())
    }

    /// Deletes a root context; its callouts are cancelled silently.
    fn delete_root(&mut self, root: u32) -> Result<(), Error> {
        self.with_root(root, |root| root.done = false);
        let delete = self.exports.on_delete.clone();
        self.call(Callback::Delete, root, delete, root, ())?;
        let gateway = self.store.data_mut();
        gateway.roots.remove(&root);
        gateway.callouts.pending.retain(|_, callout| callout.root_context != root);
        Ok(())
    }

    pub(super) fn with_root<T>(&mut self, root: u32, change: impl FnOnce(&mut Root) -> T) -> Option<T> {
        self.store.data_mut().roots.get_mut(&root).map(change)
    }
}

impl fmt::Debug for Vm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vm")
            .field("now_ns", &self.now_ns())
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("log of the guest:\n{}", self.logs());
        }
    }
}

/// A size as the ABI passes it.
pub(super) fn size(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

//! The settings that a test makes before a VM starts.

use wasmtime::{Store, StoreLimitsBuilder};

use super::abi::{Callback, Level};
use super::attributes::{Attributes, Value};
use super::callouts::Callouts;
use super::error::Error;
use super::gateway::{Gateway, Settings};
use super::host_calls::HostCalls;
use super::module::{Exports, Module, guest_memory};
use super::table;
use super::vm::Vm;

/// Most memory of a guest, as in Envoy.
const MAX_MEMORY_BYTES: usize = 1 << 30;
/// Midnight of 1 January 2026 UTC, in nanoseconds since 1970.
const DEFAULT_TIME_NS: u64 = 1_767_225_600_000_000_000;

/// Starts a [`Vm`]; created by [`Vm::builder`].
#[derive(Debug)]
pub struct VmBuilder<'m> {
    module: &'m Module,
    root_id: String,
    plugin_configuration: Vec<u8>,
    settings: Settings,
    time_ns: u64,
    random_seed: u64,
    clusters: Option<Vec<String>>,
    unhealthy_clusters: Vec<String>,
}

impl Vm {
    /// Prepares a VM of a module.
    pub fn builder(module: &Module) -> VmBuilder<'_> {
        VmBuilder::new(module)
    }
}

impl<'m> VmBuilder<'m> {
    fn new(module: &'m Module) -> Self {
        Self {
            module,
            root_id: String::new(),
            plugin_configuration: Vec::new(),
            settings: Settings {
                plugin_name: String::new(),
                vm_id: String::new(),
                vm_configuration: Vec::new(),
                log_level: Level::Info,
                attributes: Attributes::default(),
            },
            time_ns: DEFAULT_TIME_NS,
            random_seed: 0,
            clusters: None,
            unhealthy_clusters: Vec::new(),
        }
    }

    /// The plugin's configuration; empty by default.
    pub fn plugin_configuration(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.plugin_configuration = bytes.into();
        self
    }

    /// The VM's configuration; empty by default.
    pub fn vm_configuration(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.settings.vm_configuration = bytes.into();
        self
    }

    /// The id of the plugin's root context; empty by default.
    pub fn root_id(mut self, id: &str) -> Self {
        self.root_id = id.to_owned();
        self
    }

    /// The VM's id; empty by default.
    pub fn vm_id(mut self, id: &str) -> Self {
        self.settings.vm_id = id.to_owned();
        self
    }

    /// The plugin's name; empty by default.
    pub fn plugin_name(mut self, name: &str) -> Self {
        self.settings.plugin_name = name.to_owned();
        self
    }

    /// The lowest level that is kept in the log; `Info` by default.
    pub fn log_level(mut self, level: Level) -> Self {
        self.settings.log_level = level;
        self
    }

    /// An attribute that every context can read, such as `xds.node`. The names of `path` are joined by `.`.
    pub fn attribute(mut self, path: &str, value: impl Into<Value>) -> Self {
        self.settings.attributes.set(path, value.into());
        self
    }

    /// The start time of both clocks, in nanoseconds since 1970; the first moment of 2026 by default.
    pub fn time_ns(mut self, time_ns: u64) -> Self {
        self.time_ns = time_ns;
        self
    }

    /// The seed of the guest's random bytes; 0 by default.
    pub fn random_seed(mut self, seed: u64) -> Self {
        self.random_seed = seed;
        self
    }

    /// The clusters that callouts can name; any by default.
    pub fn clusters<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.clusters = Some(names.into_iter().map(str::to_owned).collect());
        self
    }

    /// Clusters without a healthy host, for which a callout is refused with `InternalFailure`; none by default.
    pub fn unhealthy_clusters<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.unhealthy_clusters = names.into_iter().map(str::to_owned).collect();
        self
    }

    /// Instantiates the module and starts the plugin: `_initialize` or `_start`, then for the root context
    /// `proxy_on_context_create`, `proxy_on_vm_start`, `proxy_on_configure`.
    ///
    /// # Errors
    ///
    /// When the module lacks an export, a callback trapped, or the plugin refused to start or refused its
    /// configuration.
    pub fn start(self) -> Result<Vm, Error> {
        let gateway = Gateway {
            settings: self.settings,
            guest: None,
            limits: StoreLimitsBuilder::new().memory_size(MAX_MEMORY_BYTES).build(),
            now_ns: self.time_ns,
            wall_ahead_ns: 0,
            random: self.random_seed,
            roots: Default::default(),
            streams: Default::default(),
            current: 0,
            restricted: None,
            host_calls: HostCalls::none(table::names()),
            logs: Default::default(),
            metrics: Default::default(),
            callouts: Callouts::new(self.clusters, self.unhealthy_clusters),
        };
        let pre = &self.module.pre;
        let mut store = Store::new(pre.module().engine(), gateway);
        store.limiter(|gateway| &mut gateway.limits);
        let instance = pre.instantiate(&mut store).map_err(|cause| Error::Trap {
            callback: Callback::Initialize,
            context: 0,
            cause: format!("{cause:?}"),
            logs: store.data().logs.clone(),
        })?;
        let guest = guest_memory(&self.module.name, &instance, &mut store)?;
        store.data_mut().guest = Some(guest);
        let exports = Exports::find(&self.module.name, &instance, &mut store)?;
        let mut vm = Vm::new(store, exports);
        vm.initialize()?;
        vm.start_first_plugin(&self.root_id, self.plugin_configuration)?;
        Ok(vm)
    }
}

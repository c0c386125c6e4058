//! A compiled plugin, and the functions that it exports.

use std::{fmt, path::Path};

use wasmtime::{
    Config, Engine, Instance, InstancePre, Linker, Memory, Store, TypedFunc, WasmParams, WasmResults,
};

use super::error::Error;
use super::gateway::{Gateway, GuestMemory};
use super::table;

/// A plugin compiled for this host. Any number of [`Vm`](super::Vm)s start from one module.
#[derive(Clone)]
pub struct Module {
    pub(super) name: String,
    pub(super) pre: InstancePre<Gateway>,
}

impl Module {
    /// Reads and compiles a plugin.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, does not compile, or imports functions that Envoy does not offer.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        Self::compile(&path.display().to_string(), &bytes)
    }

    /// Compiles a plugin from its binary or text format; `name` is used in messages.
    ///
    /// # Errors
    ///
    /// When the bytes do not compile, or import functions that Envoy does not offer.
    pub fn compile(name: &str, bytes: &[u8]) -> Result<Self, Error> {
        let failed =
            |cause: wasmtime::Error| Error::Compile { name: name.to_owned(), cause: format!("{cause:#}") };
        let engine = Engine::new(&Config::new()).map_err(failed)?;
        let module = wasmtime::Module::new(&engine, bytes).map_err(failed)?;
        let mut linker = Linker::new(&engine);
        table::register(&mut linker).map_err(failed)?;
        table::register_others(&mut linker, &module).map_err(failed)?;
        let imports: Vec<_> = module
            .imports()
            .filter(|import| !table::is_offered(import.name()))
            .map(|import| format!("{}.{}", import.module(), import.name()))
            .collect();
        if !imports.is_empty() {
            return Err(Error::Imports { name: name.to_owned(), imports });
        }
        let pre = linker.instantiate_pre(&module).map_err(failed)?;
        Ok(Self { name: name.to_owned(), pre })
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Module").field(&self.name).finish()
    }
}

type Func<P, R> = Option<TypedFunc<P, R>>;

/// The functions of a plugin that the gateway calls; functions that the plugin does not export are skipped.
pub(super) struct Exports {
    pub(super) instance: Instance,
    pub(super) initialize: Func<(), ()>,
    pub(super) start: Func<(), ()>,
    pub(super) main: Func<(u32, u32), u32>,
    pub(super) on_context_create: Func<(u32, u32), ()>,
    pub(super) on_vm_start: Func<(u32, u32), u32>,
    pub(super) on_configure: Func<(u32, u32), u32>,
    pub(super) on_tick: Func<u32, ()>,
    pub(super) on_http_call_response: Func<(u32, u32, u32, u32, u32), ()>,
    pub(super) on_request_headers: Func<(u32, u32, u32), u32>,
    pub(super) on_request_body: Func<(u32, u32, u32), u32>,
    pub(super) on_request_trailers: Func<(u32, u32), u32>,
    pub(super) on_response_headers: Func<(u32, u32, u32), u32>,
    pub(super) on_response_body: Func<(u32, u32, u32), u32>,
    pub(super) on_response_trailers: Func<(u32, u32), u32>,
    pub(super) on_log: Func<u32, ()>,
    pub(super) on_done: Func<u32, u32>,
    pub(super) on_delete: Func<u32, ()>,
}

impl Exports {
    pub(super) fn find(name: &str, instance: &Instance, store: &mut Store<Gateway>) -> Result<Self, Error> {
        let mut find = Finder { name, instance, store };
        Ok(Self {
            instance: *instance,
            initialize: find.func("_initialize")?,
            start: find.func("_start")?,
            main: find.func("main")?,
            on_context_create: find.func("proxy_on_context_create")?,
            on_vm_start: find.func("proxy_on_vm_start")?,
            on_configure: find.func("proxy_on_configure")?,
            on_tick: find.func("proxy_on_tick")?,
            on_http_call_response: find.func("proxy_on_http_call_response")?,
            on_request_headers: find.func("proxy_on_request_headers")?,
            on_request_body: find.func("proxy_on_request_body")?,
            on_request_trailers: find.func("proxy_on_request_trailers")?,
            on_response_headers: find.func("proxy_on_response_headers")?,
            on_response_body: find.func("proxy_on_response_body")?,
            on_response_trailers: find.func("proxy_on_response_trailers")?,
            on_log: find.func("proxy_on_log")?,
            on_done: find.func("proxy_on_done")?,
            on_delete: find.func("proxy_on_delete")?,
        })
    }
}

/// The memory and the allocator of an instance, which every plugin has; as in Envoy, `malloc` is preferred.
pub(super) fn guest_memory(
    name: &str,
    instance: &Instance,
    store: &mut Store<Gateway>,
) -> Result<GuestMemory, Error> {
    let missing = |export| Error::Export { name: name.to_owned(), export };
    let abi = ["proxy_abi_version_0_2_1", "proxy_abi_version_0_2_0"];
    if abi.iter().all(|export| instance.get_func(&mut *store, export).is_none()) {
        return Err(missing("proxy_abi_version_0_2_1"));
    }
    let memory: Memory = instance.get_memory(&mut *store, "memory").ok_or_else(|| missing("memory"))?;
    let mut find = Finder { name, instance, store };
    let allocate = match find.func("malloc")? {
        Some(malloc) => Some(malloc),
        None => find.func("proxy_on_memory_allocate")?,
    };
    let allocate = allocate.ok_or_else(|| missing("malloc or proxy_on_memory_allocate"))?;
    Ok(GuestMemory { memory, allocate })
}

/// Looks up the functions of an instance.
struct Finder<'a> {
    name: &'a str,
    instance: &'a Instance,
    store: &'a mut Store<Gateway>,
}

impl Finder<'_> {
    /// A function, if it is exported; an error if its type differs from the ABI.
    fn func<P: WasmParams, R: WasmResults>(&mut self, export: &'static str) -> Result<Func<P, R>, Error> {
        let Some(func) = self.instance.get_func(&mut *self.store, export) else { return Ok(None) };
        let typed = func.typed(&*self.store);
        typed.map(Some).map_err(|_| Error::Signature { name: self.name.to_owned(), export })
    }
}

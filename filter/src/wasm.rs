//! The shell around the filter: proxy-wasm callbacks in, host calls out; it decides nothing.
//!
//! It speaks the ABI itself: an SDK serves any filter, with callbacks for connections, gRPC and queues that this one never
//! gets, and a gateway pays with memory for code that nobody runs.
//!
//! - [`callbacks`]: the functions that the gateway calls.
//! - [`abi`]: the functions that the gateway has; [`numbers`]: what the two sides call by number.
//! - [`gateway`]: the filter's view of the gateway, over [`abi`].
//!
//! Callbacks always continue the stream. Nothing here can fail: a callback without a configuration does nothing, and
//! what the gateway refuses is absent.

use std::cell::RefCell;

use crate::by_id::ById;
use crate::exchange::Exchange;
use crate::plugin::Plugin;
use crate::random::Random;

mod abi;
mod callbacks;
mod gateway;
mod numbers;

use gateway::Gateway;
use numbers::{Buffer, LogLevel};

/// Smaller and faster than the standard library's, whose largest function is twice as large as any of the filter's own:
/// a gateway pays for large functions with memory when it compiles them.
#[cfg(feature = "allocator")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

thread_local! {
    /// A VM has one thread, so that this is a plain static.
    static VM: RefCell<Vm> = const { RefCell::new(Vm { roots: Vec::new(), streams: ById::new() }) };
}

/// The contexts of this VM.
struct Vm {
    /// A VM has few of them: one for each configuration that the gateway runs in it.
    roots: Vec<Root>,
    streams: ById<Stream>,
}

/// The context of one configuration.
struct Root {
    id: u32,
    configured: Option<Configured>,
}

struct Configured {
    plugin: Plugin,
    gateway: Gateway,
}

struct Stream {
    root: u32,
    exchange: Exchange,
}

/// Runs `job` with the contexts. The gateway runs one callback of a VM at a time; if it ever ran one inside another, the
/// inner one would be skipped.
fn with_vm<R>(job: impl FnOnce(&mut Vm) -> R) -> Option<R> {
    VM.with(|vm| Some(job(&mut *vm.try_borrow_mut().ok()?)))
}

/// Runs `job` with the filter of a root context.
fn with_root<R>(root: u32, job: impl FnOnce(&mut Configured) -> R) -> Option<R> {
    with_vm(|vm| vm.configured(root).map(job)).flatten()
}

/// Runs `job` with a stream and the filter of its root context.
fn with_stream(context: u32, job: impl FnOnce(&mut Exchange, &mut Configured)) {
    with_vm(|vm| {
        if let Some((exchange, configured)) = vm.stream(context) {
            job(exchange, configured);
        }
    });
}

impl Vm {
    fn create(&mut self, context: u32, root: u32) {
        if root == 0 {
            self.roots.push(Root { id: context, configured: None });
        } else {
            self.streams.insert(context, Stream { root, exchange: Exchange::default() });
        }
    }

    fn delete(&mut self, context: u32) {
        if self.streams.remove(context).is_none() {
            self.roots.retain(|root| root.id != context);
        }
    }

    fn configured(&mut self, root: u32) -> Option<&mut Configured> {
        self.roots.iter_mut().find(|each| each.id == root)?.configured.as_mut()
    }

    fn stream(&mut self, context: u32) -> Option<(&mut Exchange, &mut Configured)> {
        let Stream { root, exchange } = self.streams.get_mut(context)?;
        let root = self.roots.iter_mut().find(|each| each.id == *root)?;
        Some((exchange, root.configured.as_mut()?))
    }

    /// False when there is no such root context, or its configuration is refused; an older one stays.
    fn configure(&mut self, context: u32, size: usize) -> bool {
        let Some(root) = self.roots.iter_mut().find(|root| root.id == context) else { return false };
        let text = abi::buffer(Buffer::PluginConfiguration, 0, size).unwrap_or_default();
        let done = match &mut root.configured {
            Some(Configured { plugin, gateway }) => plugin.configure_again(&text, gateway),
            none => {
                // A gateway without random numbers still has a clock.
                let seed = abi::random_seed().unwrap_or_else(abi::wall_time);
                let plugin = Plugin::new(&text, Random::seeded(seed));
                plugin.map(|plugin| *none = Some(Configured { plugin, gateway: Gateway::new() }))
            }
        };
        if let Err(error) = done {
            abi::log(LogLevel::Error, &format!("gatelog: {error}"));
            return false;
        }
        if let Some(Configured { plugin, .. }) = &root.configured {
            abi::set_tick_period(plugin.tick_period());
        }
        true
    }
}

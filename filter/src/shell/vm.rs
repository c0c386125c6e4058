//! The contexts of a VM: one for each configuration and one for each stream, by the ids that the gateway gives them.

use std::cell::RefCell;

use crate::plugin::Plugin;
use crate::rng::Rng;
use crate::shell::stream_map::IdMap;
use crate::stream::Stream;

use super::abi;
use super::abi_constants::{Buffer, LogLevel};
use super::gateway::Gateway;

thread_local! {
    /// A VM has one thread, so this is a plain static.
    static VM: RefCell<Vm> = const { RefCell::new(Vm { roots: Vec::new(), streams: IdMap::new() }) };
}

/// The contexts of this VM.
pub struct Vm {
    /// A VM has few of them: one for each configuration that the gateway runs in it.
    roots: Vec<Root>,
    streams: IdMap<StreamContext>,
}

/// The context of one configuration.
struct Root {
    id: u32,
    configured: Option<Configured>,
}

/// A configuration that runs, with the gateway as it sees it.
pub struct Configured {
    /// The filter.
    pub plugin: Plugin,
    /// The gateway, with the ids of the metrics.
    pub gateway: Gateway,
}

struct StreamContext {
    root: u32,
    stream: Stream,
}

/// Runs `job` with the contexts. The gateway runs one callback of a VM at a time; if it ever ran one inside another, the
/// inner one would be skipped.
pub fn with_vm<R>(job: impl FnOnce(&mut Vm) -> R) -> Option<R> {
    VM.with(|vm| Some(job(&mut *vm.try_borrow_mut().ok()?)))
}

/// Runs `job` with the filter of a root context.
pub fn with_root<R>(root: u32, job: impl FnOnce(&mut Configured) -> R) -> Option<R> {
    with_vm(|vm| vm.configured(root).map(job)).flatten()
}

/// Runs `job` with a stream and the filter of its root context.
pub fn with_stream(context: u32, job: impl FnOnce(&mut Stream, &mut Configured)) {
    with_vm(|vm| {
        if let Some((stream, configured)) = vm.stream(context) {
            job(stream, configured);
        }
    });
}

impl Vm {
    /// Adds a context; one without a root is a root itself. Envoy creates a root once more before the first exchange that it
    /// logs as access logger.
    pub fn create(&mut self, context: u32, root: u32) {
        if self.roots.iter().any(|each| each.id == context) {
            return;
        }
        if root == 0 {
            self.roots.push(Root { id: context, configured: None });
        } else {
            self.streams.insert(context, StreamContext { root, stream: Stream::default() });
        }
    }

    /// Forgets a context.
    pub fn delete(&mut self, context: u32) {
        if self.streams.remove(context).is_none() {
            self.roots.retain(|root| root.id != context);
        }
    }

    fn configured(&mut self, root: u32) -> Option<&mut Configured> {
        self.roots.iter_mut().find(|each| each.id == root)?.configured.as_mut()
    }

    fn stream(&mut self, context: u32) -> Option<(&mut Stream, &mut Configured)> {
        let StreamContext { root, stream } = self.streams.get_mut(context)?;
        let root = self.roots.iter_mut().find(|each| each.id == *root)?;
        Some((stream, root.configured.as_mut()?))
    }

    /// False when there is no such root context, or its configuration is refused; an older one stays.
    pub fn configure(&mut self, context: u32, size: usize) -> bool {
        let Some(root) = self.roots.iter_mut().find(|root| root.id == context) else { return false };
        let text = abi::buffer(Buffer::PluginConfiguration, 0, size).unwrap_or_default();
        let done = match &mut root.configured {
            Some(Configured { plugin, gateway }) => plugin.configure_again(&text, gateway),
            none => {
                // A gateway without random numbers still has a clock.
                let seed = abi::random_seed().unwrap_or_else(abi::wall_time);
                let plugin = Plugin::new(&text, Rng::seeded(seed));
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

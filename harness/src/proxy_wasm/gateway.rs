//! The gateway behind one VM: everything that host functions read and change.

use std::collections::BTreeMap;

use wasmtime::{Memory, StoreLimits, TypedFunc};

use super::abi::Level;
use super::attributes::Attributes;
use super::callouts::{Callouts, Reply};
use super::host_calls::HostCalls;
use super::logs::Logs;
use super::metrics::Metrics;
use super::shared::{SharedData, SharedQueues};
use super::streams::Stream;

/// What the embedder fixes before the VM starts.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) plugin_name: String,
    pub(super) vm_id: String,
    pub(super) vm_configuration: Vec<u8>,
    /// `KEY=VALUE`, as WASI's `environ_get` gives them.
    pub(super) environment: Vec<String>,
    pub(super) log_level: Level,
    /// Attributes that every context can read.
    pub(super) attributes: Attributes,
}

/// The guest's memory and its allocator.
#[derive(Clone)]
pub(super) struct GuestMemory {
    pub(super) memory: Memory,
    pub(super) allocate: TypedFunc<u32, u32>,
}

/// One configured plugin.
#[derive(Debug, Default)]
pub(super) struct Root {
    pub(super) root_id: String,
    pub(super) configuration: Vec<u8>,
    /// Whether `proxy_on_configure` runs: only then can the configuration be read.
    pub(super) configuring: bool,
    /// Nanoseconds between ticks; 0 for none.
    pub(super) tick_period_ns: u64,
    /// When the next tick is due.
    pub(super) tick_due_ns: Option<u64>,
    /// The answer that `proxy_on_http_call_response` can read now.
    pub(super) reply: Option<Reply>,
    /// What `proxy_get_status` answers.
    pub(super) status: (u32, &'static str),
    /// Whether `proxy_on_done` answered false and `proxy_done` is awaited.
    pub(super) draining: bool,
    /// Whether `proxy_done` was called, so that the context is deleted after this callback.
    pub(super) done: bool,
}

/// The data of a VM's store.
pub(super) struct Gateway {
    pub(super) settings: Settings,
    pub(super) guest: Option<GuestMemory>,
    pub(super) limits: StoreLimits,
    /// The time, in nanoseconds since 1970, that every clock of the guest shows.
    pub(super) now_ns: u64,
    pub(super) random: u64,
    pub(super) roots: BTreeMap<u32, Root>,
    pub(super) streams: BTreeMap<u32, Stream>,
    /// The context whose callback runs; 0 while the module starts.
    pub(super) current: u32,
    /// The context that the guest chose with `proxy_set_effective_context`; 0 for none.
    pub(super) effective: u32,
    /// Why `proxy_*` functions other than `proxy_log` must not be called now.
    pub(super) restricted: Option<&'static str>,
    pub(super) host_calls: HostCalls,
    pub(super) logs: Logs,
    pub(super) metrics: Metrics,
    pub(super) shared_data: SharedData,
    pub(super) queues: SharedQueues,
    pub(super) callouts: Callouts,
}

impl Gateway {
    /// The context that host functions act for.
    pub(super) fn context(&self) -> u32 {
        if self.effective != 0 && self.has_context(self.effective) { self.effective } else { self.current }
    }

    pub(super) fn has_context(&self, context: u32) -> bool {
        self.roots.contains_key(&context) || self.streams.contains_key(&context)
    }

    /// The stream that host functions act for; `None` in a root context.
    pub(super) fn current_stream(&self) -> Option<&Stream> {
        self.streams.get(&self.context())
    }

    pub(super) fn current_stream_mut(&mut self) -> Option<&mut Stream> {
        let context = self.context();
        self.streams.get_mut(&context)
    }

    /// The id of the root context that host functions act for, directly or through one of its streams.
    pub(super) fn current_root_id(&self) -> u32 {
        self.current_stream().map_or_else(|| self.context(), |stream| stream.root)
    }

    pub(super) fn current_root(&self) -> Option<&Root> {
        self.roots.get(&self.current_root_id())
    }

    pub(super) fn current_root_mut(&mut self) -> Option<&mut Root> {
        let root = self.current_root_id();
        self.roots.get_mut(&root)
    }

    /// Fills `bytes` from the embedder's seed (SplitMix64): the same seed gives the same bytes.
    pub(super) fn fill_random(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = self.random;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^= word >> 31;
            for (byte, random) in chunk.iter_mut().zip(word.to_le_bytes()) {
                *byte = random;
            }
        }
    }
}

//! The gateway of one VM: all state that host functions read and change.

use std::collections::BTreeMap;

use wasmtime::{Memory, StoreLimits, TypedFunc};

use super::abi::Level;
use super::attributes::Attributes;
use super::callouts::{Callouts, Reply};
use super::host_calls::HostCalls;
use super::logs::Logs;
use super::metrics::Metrics;
use super::stream::Stream;

/// The settings that the test makes before the VM starts.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) plugin_name: String,
    pub(super) vm_id: String,
    pub(super) vm_configuration: Vec<u8>,
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
    /// The response that `proxy_on_http_call_response` can read now.
    pub(super) reply: Option<Reply>,
    /// Whether `proxy_on_done` returned false and `proxy_done` is expected.
    pub(super) draining: bool,
    /// Whether `proxy_done` was called, so that the context is deleted after this callback.
    pub(super) done: bool,
}

/// The data of a VM's store.
pub(super) struct Gateway {
    pub(super) settings: Settings,
    pub(super) guest: Option<GuestMemory>,
    pub(super) limits: StoreLimits,
    /// The monotonic clock, in nanoseconds; the test moves it.
    pub(super) now_ns: u64,
    /// The difference from that clock to the time of day, in nanoseconds.
    pub(super) wall_ahead_ns: i64,
    pub(super) random: u64,
    pub(super) roots: BTreeMap<u32, Root>,
    pub(super) streams: BTreeMap<u32, Stream>,
    /// The context whose callback is running; 0 while the module starts.
    pub(super) current: u32,
    /// Why `proxy_*` functions other than `proxy_log` must not be called now.
    pub(super) restricted: Option<&'static str>,
    pub(super) host_calls: HostCalls,
    pub(super) logs: Logs,
    pub(super) metrics: Metrics,
    pub(super) callouts: Callouts,
}

impl Gateway {
    /// The time of day, in nanoseconds since 1970.
    pub(super) fn wall_ns(&self) -> u64 {
        self.now_ns.saturating_add_signed(self.wall_ahead_ns)
    }

    /// The stream that host functions act for; `None` in a root context.
    pub(super) fn current_stream(&self) -> Option<&Stream> {
        self.streams.get(&self.current)
    }

    /// The id of the root context that host functions act for, directly or through one of its streams.
    pub(super) fn current_root_id(&self) -> u32 {
        self.current_stream().map_or(self.current, |stream| stream.root)
    }

    pub(super) fn current_root(&self) -> Option<&Root> {
        self.roots.get(&self.current_root_id())
    }

    pub(super) fn current_root_mut(&mut self) -> Option<&mut Root> {
        let root = self.current_root_id();
        self.roots.get_mut(&root)
    }

    /// Fills `bytes` from the test's seed (SplitMix64): the same seed gives the same bytes.
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

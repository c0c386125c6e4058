//! What the instances of a component share with the host.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;
use wasmtime::ResourceLimiter;

use super::logs::Logs;

/// What the instances of a component share with the host: its name, its log, whether it hangs, and the most memory that
/// one instance has used.
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

    /// Hangs the component, as Spin does when a call blocks the thread that would have to do the work the call waits
    /// for. No request to the component is answered any more. `cause` says which call hung it, in which situation, and
    /// what to do instead.
    pub(super) async fn hang<R>(&self, cause: impl std::fmt::Display) -> R {
        self.hangs.send_replace(true);
        self.log(format_args!("{cause}. Spin would block the component forever, and so does this host"));
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

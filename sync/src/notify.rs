//! Wakes one task each time it waits.

use std::cell::Cell;
use std::fmt;

use crate::oneshot;

/// Wakes the task that waits on it. A call while no task waits has no effect, so a task checks its condition before it
/// waits; with one thread, nothing can happen in between.
#[derive(Default)]
pub struct Notify {
    sender: Cell<Option<oneshot::Sender>>,
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notify").field("is_waiting", &self.is_waiting()).finish()
    }
}

impl Notify {
    /// Waits for [`Notify::notify`]. When a second task starts to wait, the first is woken spuriously.
    pub async fn notified(&self) {
        let (sender, receiver) = oneshot::channel();
        self.sender.set(Some(sender));
        let _waiting = Waiting(self);
        receiver.wait().await;
    }

    /// Wakes the task that waits, if there is one.
    pub fn notify(&self) {
        if let Some(sender) = self.sender.take() {
            sender.send();
        }
    }

    /// Whether a task waits.
    pub fn is_waiting(&self) -> bool {
        let sender = self.sender.take();
        let is_waiting = sender.is_some();
        self.sender.set(sender);
        is_waiting
    }
}

/// A task that waits. When it is dropped, no task is left to wake.
struct Waiting<'n>(&'n Notify);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.sender.take();
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn a_task_waits_until_it_is_notified() {
        let notify = Notify::default();
        notify.notify();
        let mut waiting = pin!(notify.notified());
        assert!((&mut waiting).now_or_never().is_none() && notify.is_waiting());
        notify.notify();
        assert!((&mut waiting).now_or_never().is_some() && !notify.is_waiting());
    }

    #[test]
    fn a_dropped_task_does_not_wait() {
        let notify = Notify::default();
        assert!(notify.notified().now_or_never().is_none());
        assert!(!notify.is_waiting());
    }
}

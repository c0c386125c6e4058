//! Wakes one task, as often as it waits.

use std::cell::Cell;
use std::fmt;

use crate::oneshot;

/// Wakes the task that waits on it. A call while nobody waits has no effect, so the task looks at what it waits for before
/// it waits: with one thread, nothing happens in between.
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
    /// Waits for [`Notify::notify`]. Of two tasks that wait, the first is woken for nothing.
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

/// A task that waits. When it goes away, nobody is left to wake.
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
    fn a_task_that_goes_away_does_not_wait() {
        let notify = Notify::default();
        assert!(notify.notified().now_or_never().is_none());
        assert!(!notify.is_waiting());
    }
}

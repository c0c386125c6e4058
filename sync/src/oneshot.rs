//! One request of an instance wakes another, once.
//!
//! Under Spin each request is a task of the component model, and the waker of a task serves that task alone: the component
//! runtime traps when another request uses it. The runtime's own feature for this (`inter-task-wakeup` of wit-bindgen 0.57)
//! traps in wasmtime 48, because it cancels a read that a waitable set still watches. A request therefore waits by reading
//! a stream of the component model, and the request that wakes it drops the other end; the host then wakes the reader.

#[cfg(not(target_family = "wasm"))]
use native as imp;
#[cfg(target_family = "wasm")]
use spin as imp;

#[cfg(target_family = "wasm")]
mod spin;

/// Wakes the task that waits; so does dropping it.
#[derive(Debug)]
pub struct Sender(imp::Sender);

/// The waiting task's end.
#[derive(Debug)]
pub struct Receiver(imp::Receiver);

/// Both ends.
pub fn channel() -> (Sender, Receiver) {
    let (sender, receiver) = imp::channel();
    (Sender(sender), Receiver(receiver))
}

impl Sender {
    /// Wakes the task that waits, if there is one.
    pub fn send(self) {
        drop(self.0);
    }
}

impl Receiver {
    /// Waits until the other end is used or gone.
    pub async fn wait(self) {
        imp::wait(self.0).await;
    }
}

#[cfg(not(target_family = "wasm"))]
mod native {
    use futures::channel::oneshot;

    pub(super) type Sender = oneshot::Sender<()>;
    pub(super) type Receiver = oneshot::Receiver<()>;

    pub(super) fn channel() -> (Sender, Receiver) {
        oneshot::channel()
    }

    pub(super) async fn wait(receiver: Receiver) {
        let _ = receiver.await;
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn a_task_that_waits_is_woken_when_the_other_end_is_used_or_dropped() {
        let ends: [fn(Sender); 2] = [Sender::send, drop];
        for end in ends {
            let (sender, receiver) = channel();
            let mut waiting = pin!(receiver.wait());
            assert!(waiting.as_mut().now_or_never().is_none());
            end(sender);
            assert!(waiting.now_or_never().is_some());
        }
    }
}

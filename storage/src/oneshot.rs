//! One request of an instance wakes another, once.
//!
//! Under Spin each request is a task of the component model, whose waker serves that task alone: the runtime of components
//! traps when another request uses it, and its feature for that (`inter-task-wakeup` of wit-bindgen 0.57) traps in wasmtime
//! 48, which does not let it take back a read that a set of waitables still watches. So a request that waits reads a stream
//! of the component model, and whoever wakes it drops the other end: then it is the host that wakes it.

#[cfg(target_family = "wasm")]
use crate::driver::spin_oneshot as imp;
#[cfg(not(target_family = "wasm"))]
use native as imp;

/// Wakes the one who waits. Dropping it does so too.
#[derive(Debug)]
pub struct Sender(imp::Sender);

/// The one who waits.
#[derive(Debug)]
pub struct Receiver(imp::Receiver);

/// Both ends.
pub fn channel() -> (Sender, Receiver) {
    let (sender, receiver) = imp::channel();
    (Sender(sender), Receiver(receiver))
}

impl Sender {
    /// Wakes the one who waits, if anybody does.
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
    fn who_waits_is_woken_by_the_other_end_and_by_its_going_away() {
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

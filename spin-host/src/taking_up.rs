//! Tracks which instances are accepting a request. While an instance accepts one, it has no room for another request,
//! which then gets a new instance; so a test that depends on which instance serves a request waits until the others are
//! ready.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::watch;

/// Turns of an instance's event loop until it has room again: one until the request waits for something, and one in which
/// the handler notices this.
const TURNS: u8 = 2;

/// The instances of an application that are accepting a request.
#[derive(Clone, Default)]
pub(super) struct TakingUp(watch::Sender<usize>);

/// One instance's part in it.
#[derive(Clone)]
pub(super) struct Turns {
    left: Arc<AtomicU8>,
    all: TakingUp,
}

impl TakingUp {
    /// For a new instance.
    pub(super) fn instance(&self) -> Turns {
        Turns { left: Arc::default(), all: self.clone() }
    }

    /// Waits until no instance is accepting a request.
    pub(super) async fn none(&self) {
        // The sender lives as long as this, so the wait cannot fail.
        let _ = self.0.subscribe().wait_for(|instances| *instances == 0).await;
    }
}

impl Turns {
    /// The instance gets a request.
    pub(super) fn begin(&self) {
        if self.left.swap(TURNS, Ordering::Relaxed) == 0 {
            self.all.0.send_modify(|instances| *instances += 1);
        }
    }

    /// The event loop has made a turn and waits; returns whether another turn is needed.
    pub(super) fn turn(&self) -> bool {
        match self.left.load(Ordering::Relaxed) {
            0 => false,
            1 => {
                self.end();
                false
            }
            left => {
                self.left.store(left - 1, Ordering::Relaxed);
                true
            }
        }
    }

    /// The instance is ready, or gone.
    pub(super) fn end(&self) {
        if self.left.swap(0, Ordering::Relaxed) > 0 {
            self.all.0.send_modify(|instances| *instances -= 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_instance_is_ready_after_two_turns_or_when_it_is_gone() {
        let all = TakingUp::default();
        let (one, other) = (all.instance(), all.instance());
        one.begin();
        assert!(one.turn());
        one.begin();
        assert!(one.turn() && !one.turn() && !one.turn());
        other.begin();
        assert_eq!(*all.0.borrow(), 1);
        other.end();
        other.end();
        all.none().await;
    }
}

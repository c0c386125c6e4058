//! Keeps connections to the collector open with empty pushes.
//!
//! A gateway that shuts down writes to the connections that are open and opens no other. So one more connection
//! should be open than there are pushes in flight. The gateway opens a connection when all others are busy, and keeps
//! it: an empty push beside `n` others leaves `n + 1` open connections. Empty pushes also report the queue to the
//! collector when there are no records to push, and reveal a wrong token or path before the first record does.

use std::time::Duration;

use crate::host::{CallId, Instant};
use crate::rng::Rng;

/// An estimate of the open connections, and the empty pushes that keep them open.
#[derive(Debug)]
pub struct KeepAlive {
    /// `keep_alive_ms`; none when no connections are kept open.
    period: Option<Duration>,
    /// Connections that should be open; none while the collector does not answer.
    open: Option<usize>,
    next: Instant,
    calls: Vec<(CallId, Instant)>,
}

/// Connections that are kept open without any push in flight: the collector may have closed one.
const SPARE: usize = 2;

impl KeepAlive {
    /// Nothing is open yet.
    pub fn new(period: Option<Duration>) -> Self {
        Self { period, open: None, next: Instant::default(), calls: Vec::new() }
    }

    /// How many empty pushes are due, with `busy` pushes of records in flight. They count as planned: a second call
    /// returns fewer.
    pub fn due(&mut self, busy: usize, now: Instant, rng: &mut Rng) -> usize {
        let Some(period) = self.period else { return 0 };
        self.calls.retain(|(_, sent)| now.since(*sent) < period);
        if now >= self.next {
            // Jitter keeps gateways apart.
            self.next = now.plus(rng.equal_jitter(period));
            self.open = self.open.map(|_| SPARE.max(busy + 1));
            return SPARE.saturating_sub(busy).max(1);
        }
        match &mut self.open {
            Some(open) if busy >= *open => {
                *open = busy + 1;
                1
            }
            _ => 0,
        }
    }

    /// An empty push was sent.
    pub fn on_sent(&mut self, call: CallId, now: Instant) {
        self.calls.push((call, now));
    }

    /// Takes the answer to a call; false when the call was no empty push.
    pub fn take_answered(&mut self, call: CallId) -> bool {
        let known = self.calls.iter().position(|(sent, _)| *sent == call);
        known.map(|index| self.calls.swap_remove(index)).is_some()
    }

    /// Sets whether the collector answers. When it does not, connections may be gone, and none are opened.
    pub fn set_reachable(&mut self, answers: bool) {
        self.open = if answers { self.open.or(Some(1)) } else { None };
    }

    /// Connections that should be free while `busy` pushes are in flight; at least one is assumed.
    pub fn free(&self, busy: usize) -> usize {
        self.open.unwrap_or(0).saturating_sub(busy + self.calls.len()).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::mock::MockHost;

    const PERIOD: Duration = Duration::from_secs(30);
    const NOW: Instant = MockHost::BOOTED;

    /// Two connections are open, and nothing is in flight.
    fn opened() -> (KeepAlive, Rng) {
        let (mut kept, mut rng) = (KeepAlive::new(Some(PERIOD)), Rng::seeded(1));
        let wanted = kept.due(0, NOW, &mut rng);
        assert_eq!(wanted, 2, "at the start");
        for call in [1, 2] {
            kept.on_sent(CallId(call), NOW);
        }
        assert_eq!(kept.due(0, NOW, &mut rng), 0, "before anything is answered");
        for call in [1, 2] {
            assert!(kept.take_answered(CallId(call)) && !kept.take_answered(CallId(call)));
            kept.set_reachable(true);
        }
        (kept, rng)
    }

    #[test]
    fn there_is_one_connection_more_than_pushes_under_way() {
        let (mut kept, mut rng) = opened();
        for (busy, wanted) in [(0, 0), (1, 1), (1, 0), (2, 1), (1, 0), (0, 0), (3, 1), (3, 0)] {
            assert_eq!(kept.due(busy, NOW, &mut rng), wanted, "{busy}");
        }
        assert_eq!((kept.free(0), kept.free(1), kept.free(9)), (4, 3, 1));
    }

    #[test]
    fn connections_are_used_once_in_a_period_whether_or_not_there_is_traffic() {
        let (mut kept, mut rng) = opened();
        assert_eq!(kept.due(0, NOW.plus(PERIOD / 2 - Duration::from_millis(1)), &mut rng), 0);
        assert_eq!(kept.due(0, NOW.plus(PERIOD), &mut rng), 2);
        assert_eq!(kept.due(3, NOW.plus(PERIOD * 2), &mut rng), 1);
    }

    #[test]
    fn a_collector_that_does_not_answer_is_asked_again_after_a_period_and_no_sooner() {
        let (mut kept, mut rng) = opened();
        kept.set_reachable(false);
        assert_eq!((kept.due(4, NOW, &mut rng), kept.free(0)), (0, 1));
        assert_eq!(kept.due(0, NOW.plus(PERIOD), &mut rng), 2);
        kept.set_reachable(true);
        assert_eq!(kept.due(1, NOW.plus(PERIOD), &mut rng), 1);
    }

    #[test]
    fn empty_pushes_that_are_answered_slowly_do_not_beget_others() {
        let (mut kept, mut rng) = opened();
        let wanted: Vec<usize> = (3..100)
            .map(|call| {
                let wanted = kept.due(4, NOW, &mut rng);
                (0..wanted).for_each(|_| kept.on_sent(CallId(call), NOW));
                wanted
            })
            .collect();
        assert_eq!(wanted.iter().sum::<usize>(), 1);
    }

    #[test]
    fn nothing_is_sent_when_nothing_is_to_be_kept_open() {
        assert_eq!(KeepAlive::new(None).due(3, NOW, &mut Rng::seeded(1)), 0);
    }

    #[test]
    fn an_empty_push_that_is_never_answered_is_forgotten() {
        let (mut kept, mut rng) = opened();
        kept.on_sent(CallId(3), NOW);
        kept.due(0, NOW.plus(PERIOD), &mut rng);
        assert!(!kept.take_answered(CallId(3)));
    }
}

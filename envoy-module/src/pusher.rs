//! The one delivery of the process: it collects what workers made, and pushes it by whatever means the thread that runs it
//! has.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use gatelog_filter::config::sink::Destination;
use gatelog_filter::context::Core;
use gatelog_filter::deliver::delivery::Delivery;
use gatelog_filter::host::{CallId, Host, Outbound};
use gatelog_filter::observe::metric::Metric;
use gatelog_filter::rng::Rng;

use crate::{document, guard, outbox};

/// The delivery, and what it counts.
#[derive(Debug)]
pub struct Pusher {
    core: Core,
    delivery: Delivery,
    /// Version of the documents that the delivery knows.
    version: u64,
    drain_timeout: Duration,
    end: End,
}

/// How the pusher ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It does not.
    Open,
    /// It waits for answers, and sends nothing more: another thread sends the rest.
    Answers,
    /// It sends what is left.
    Drain,
}

static PUSHER: Mutex<Option<Pusher>> = Mutex::new(None);

/// Runs `job` with the pusher. None when this thread does so already: Envoy may report the end of a call inside of the
/// function that makes it, which then says so as well.
pub fn with<R>(job: impl FnOnce(&mut Pusher) -> R) -> Option<R> {
    let mut place: MutexGuard<'_, Option<Pusher>> = match PUSHER.try_lock() {
        Ok(place) => place,
        Err(TryLockError::Poisoned(place)) => place.into_inner(),
        Err(TryLockError::WouldBlock) => return None,
    };
    Some(job(place.get_or_insert_with(Pusher::new)))
}

/// As [`with`], but waits for another thread that runs one.
pub fn wait_with<R>(job: impl FnOnce(&mut Pusher) -> R) -> R {
    let mut place = PUSHER.lock().unwrap_or_else(PoisonError::into_inner);
    job(place.get_or_insert_with(Pusher::new))
}

/// A source of random numbers, different for each call.
pub fn random() -> Rng {
    Rng::seeded(RandomState::new().hash_one(std::thread::current().id()))
}

impl Pusher {
    fn new() -> Self {
        let mut rng = random();
        let vm_id = format!("{:016x}", rng.next_u64());
        Self {
            core: Core::new(rng),
            delivery: Delivery::new(&[], Duration::ZERO, vm_id),
            version: 0,
            drain_timeout: Duration::ZERO,
            end: End::Open,
        }
    }

    /// How often [`Pusher::on_tick`] should be called.
    pub fn tick_period(&self) -> Duration {
        self.delivery.tick_period()
    }

    /// How long the last pushes may take.
    pub fn drain_timeout(&self) -> Duration {
        self.drain_timeout
    }

    /// Pushes what is due. True when it is ending, and done.
    pub fn on_tick(&mut self, host: &impl Outbound) -> bool {
        self.collect(host);
        match self.end {
            End::Open => {
                self.delivery.on_tick(&mut self.core, host);
                false
            }
            End::Answers => {
                self.report(host);
                self.is_answered(host)
            }
            End::Drain => self.delivery.on_tick(&mut self.core, host),
        }
    }

    /// Takes an answer. Returns the same as [`Pusher::on_tick`].
    pub fn on_answer(&mut self, call: CallId, host: &impl Outbound) -> bool {
        self.collect(host);
        if self.end == End::Answers {
            self.delivery.take_answer(call, &mut self.core, host);
            return self.is_answered(host);
        }
        self.delivery.on_answer(call, &mut self.core, host)
    }

    /// Envoy begins to end, while its workers still answer requests.
    ///
    /// Where every collector has an address, the rest is sent after the last request ([`Pusher::begin_last`]), and this only
    /// waits for answers. Otherwise nobody can send anything later, so this sends until nothing is left, or
    /// `drain_timeout_ms` are over.
    pub fn begin_end(&mut self, host: &impl Outbound) {
        self.collect(host);
        let has_addresses = self.delivery.has_addresses();
        self.delivery.begin_drain(&mut self.core, host.monotonic());
        self.end = if has_addresses { End::Answers } else { End::Drain };
    }

    /// Envoy has ended: `is_new_caller` when its calls ended with it. False when nothing is left, or nobody can send it, which
    /// is then counted and logged.
    pub fn begin_last(&mut self, host: &impl Host, is_new_caller: bool) -> bool {
        self.collect(host);
        if is_new_caller {
            self.delivery.forget_calls(&mut self.core);
        }
        self.end = End::Drain;
        self.delivery.begin_drain(&mut self.core, host.monotonic());
        if self.delivery.is_idle() {
            return false;
        }
        let can_send = self.delivery.has_addresses();
        if !can_send {
            self.delivery.give_up(&mut self.core, host, host.monotonic());
        }
        can_send
    }

    fn is_answered(&self, host: &impl Host) -> bool {
        self.delivery.sent() == 0 || self.delivery.is_over(host.monotonic())
    }

    fn report(&mut self, host: &impl Host) {
        self.delivery.report(&mut self.core, host, host.monotonic(), false);
    }

    /// Takes what workers made and counted, and new configurations.
    fn collect(&mut self, host: &impl Host) {
        self.core.metrics.add(Metric::Panics, guard::take_panics());
        self.follow_documents(host);
        for waiting in outbox::take_all() {
            let outbox::Waiting { records, mut metrics, mut log, .. } = waiting;
            metrics.hand_over(&mut self.core.metrics);
            log.hand_over(&mut self.core.log);
            for bundle in records {
                let Some(destination) = bundle.document.destinations.get(bundle.destination) else {
                    continue;
                };
                let heir = self.delivery.heir(destination);
                let mut cx = self.core.context(host, host.monotonic());
                self.delivery.add_all(heir, bundle.queue, &mut cx);
            }
        }
    }

    fn follow_documents(&mut self, host: &impl Host) {
        let version = document::version();
        if version == self.version {
            return;
        }
        self.version = version;
        let documents = document::in_use();
        let mut destinations: Vec<Destination> = Vec::new();
        // The newest first: it takes what an older one with the same collector leaves.
        for destination in documents.iter().rev().flat_map(|each| &each.destinations) {
            if !destinations.contains(destination) {
                destinations.push(destination.clone());
            }
        }
        // The last ones serve what is left of them.
        if destinations.is_empty() {
            return;
        }
        if let Some(verbosity) = documents.iter().map(|each| each.verbosity).min() {
            self.core.log.set_verbosity(verbosity);
        }
        self.drain_timeout = documents.iter().map(|each| each.drain_timeout).max().unwrap_or_default();
        if destinations != self.delivery.destinations() {
            let mut cx = self.core.context(host, host.monotonic());
            self.delivery.reconfigure(&destinations, self.drain_timeout, &mut cx);
        }
    }
}

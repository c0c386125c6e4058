//! Forwarding to one receiver, or what takes its place when the receiver is configured wrongly.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::LocalBoxFuture;
use gatelog_forward::{Destination, Forwarder, Guarantee, Runtime};
use gatelog_functions_shared::http::failure::Receiver;
use gatelog_functions_shared::log::{self, Level, Throttle};
use gatelog_functions_shared::metrics::Family;
use gatelog_functions_shared::{Environment, Failure, MetricsRecorder};
use gatelog_record::{AccessRecord, Timestamp};

use super::setup::Setup;
use super::sink::Sink;
use crate::group_commit::RecordOutcome;
use crate::log::FUNCTION;

/// A receiver with what an operator can see of it.
pub trait Observed {
    /// What the receiver is for the forwarder.
    type Destination: Destination;

    /// Its name.
    const RECEIVER: Receiver;
    /// The family of metrics that counts records under `misconfigured` when the configuration is wrong.
    const MISCONFIGURED: &'static Family;

    /// The forwarder of the instance.
    fn forwarder(&self) -> &Forwarder<Self::Destination>;

    /// The counters.
    fn counts(&self) -> Vec<Count>;

    /// Writes lines that came up while records were forwarded.
    fn write_lines(&self, _now: Duration) {}
}

/// A counter: its family, its value of the family's label, and its number since the instance began.
pub type Count = (&'static Family, &'static str, u64);

/// Forwarding of one instance to one receiver.
pub struct Forwarding<O: Observed> {
    state: State<O>,
    /// The counters when they were last added to the function's.
    counted: RefCell<BTreeMap<(&'static str, &'static str), u64>>,
    /// Lines about failed attempts.
    failures: Throttle,
}

enum State<O> {
    Works(Box<O>),
    Wrong(Wrong),
}

/// Replaces the receiver when its configuration is wrong.
#[derive(Debug)]
struct Wrong {
    problems: String,
    guarantee: Guarantee,
    /// When the problems were last written to the log.
    told: Cell<Option<Duration>>,
}

/// Interval at which an instance logs that the configuration is wrong.
const TELL_AGAIN: Duration = Duration::from_secs(60);
/// The number of lines about failed attempts that an instance writes in one [`Throttle::INTERVAL`].
const FAILURE_LINES: u32 = 5;

impl<O: Observed> Forwarding<O> {
    /// The configured forwarding, which `start` begins; `None` when there is none.
    pub fn new<C>(setup: Setup<C>, start: impl FnOnce(C) -> O) -> Option<Self> {
        let state = match setup {
            Setup::Off { .. } => return None,
            Setup::On(config) => State::Works(Box::new(start(*config))),
            Setup::Wrong { problems, guarantee } => {
                State::Wrong(Wrong { problems: problems.join("; "), guarantee, told: Cell::new(None) })
            }
        };
        let failures = Throttle::of_several(Throttle::INTERVAL, FAILURE_LINES);
        Some(Self { state, counted: RefCell::default(), failures })
    }

    /// Adds the counts, and writes lines to the log.
    fn report(&self, now: Duration, recorder: &MetricsRecorder) {
        let State::Works(observed) = &self.state else { return };
        observed.write_lines(now);
        let mut counted = self.counted.borrow_mut();
        for (family, value, count) in observed.counts() {
            let before = counted.insert((family.name, value), count).unwrap_or_default();
            let new = usize::try_from(count.saturating_sub(before)).unwrap_or(usize::MAX);
            recorder.add(family, value, new);
        }
    }
}

impl<O: Observed> fmt::Debug for Forwarding<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forwarding").field("receiver", &O::RECEIVER).finish_non_exhaustive()
    }
}

impl<O: Observed, H: Environment> Sink<H> for Forwarding<O> {
    fn forward<'s>(
        &'s self,
        records: &'s [AccessRecord<'s>],
        outcomes: &'s [RecordOutcome],
        host: &'s H,
        recorder: &'s MetricsRecorder,
    ) -> LocalBoxFuture<'s, Result<(), Failure>> {
        let guarantee = match &self.state {
            State::Works(observed) => observed.forwarder().guarantee(),
            State::Wrong(wrong) => wrong.guarantee,
        };
        let goes_on = move |outcome: &RecordOutcome| match outcome {
            RecordOutcome::New => true,
            RecordOutcome::Duplicate => guarantee == Guarantee::AtLeastOnce,
            RecordOutcome::Refused(_) => false,
        };
        let stored = records
            .iter()
            .zip(outcomes)
            .filter(move |(_, outcome)| goes_on(outcome))
            .map(|(record, _)| record);
        async move {
            match &self.state {
                State::Works(observed) => {
                    let runtime = HostRuntime { host, failures: &self.failures };
                    let outcome = observed.forwarder().forward(stored, host.now(), &runtime).await;
                    self.report(host.ticks(), recorder);
                    outcome.map_err(|error| Failure::NotForwarded {
                        receiver: O::RECEIVER,
                        reason: error.to_string(),
                    })
                }
                State::Wrong(wrong) => {
                    let records = stored.count();
                    recorder.add(O::MISCONFIGURED, "misconfigured", records);
                    wrong.refuse(O::RECEIVER, host.ticks())
                }
            }
        }
        .boxed_local()
    }

    fn has_pending(&self) -> bool {
        match &self.state {
            State::Works(observed) => observed.forwarder().has_pending(),
            State::Wrong(_) => false,
        }
    }

    fn send<'s>(&'s self, host: &'s H, recorder: &'s MetricsRecorder) -> LocalBoxFuture<'s, ()> {
        async move {
            if let State::Works(observed) = &self.state {
                observed.forwarder().send(&HostRuntime { host, failures: &self.failures }).await;
            }
            self.report(host.ticks(), recorder);
        }
        .boxed_local()
    }
}

impl Wrong {
    fn refuse(&self, receiver: Receiver, now: Duration) -> Result<(), Failure> {
        if self.told.get().is_none_or(|told| now.saturating_sub(told) >= TELL_AGAIN) {
            self.told.set(Some(now));
            let problems = &self.problems;
            let what = format_args!(
                "records are stored but not forwarded, {receiver} is configured wrongly: {problems}"
            );
            log::write(Level::Error, FUNCTION, what);
        }
        match self.guarantee {
            Guarantee::BestEffort => Ok(()),
            Guarantee::AtLeastOnce => Err(Failure::ForwardMisconfigured { receiver }),
        }
    }
}

/// The environment in the forwarder's form.
struct HostRuntime<'h, H> {
    host: &'h H,
    failures: &'h Throttle,
}

impl<H: Environment> Runtime for HostRuntime<'_, H> {
    fn ticks(&self) -> Duration {
        self.host.ticks()
    }

    fn now(&self) -> Timestamp {
        self.host.now()
    }

    fn random(&self) -> u8 {
        let mut byte = [0];
        self.host.fill_random(&mut byte);
        let [byte] = byte;
        byte
    }

    fn delivery_failed(&self, what: &dyn fmt::Display) {
        self.failures.write(Level::Warn, FUNCTION, self.host.ticks(), what);
    }

    async fn sleep(&self, duration: Duration) {
        self.host.sleep(duration).await;
    }
}

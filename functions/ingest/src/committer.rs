//! Group commit: while one insert is under way the requests that arrive wait together, and the next insert stores the
//! records of all of them. Who comes alone does not wait for company: without an insert under way, and without others of
//! late, a request's begins at once.
//!
//! Whoever has the turn leads: it stores its own records and those that wait, and hands everyone what became of theirs.
//! Then it calls the next one, the last that came, which has the most time left for an insert; the records are taken in
//! the order of coming. A leader whose client hangs up leaves; what it had taken goes back to the queue, and the next one
//! leads. Records whose clients have all gone are left for [`Committer::drain`].

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures::future::{Either, select};
use gatelog_functions_shared::Host;
use gatelog_record::AccessRecord;
use gatelog_storage::{Executor, StorageError};
use gatelog_sync::Notify;

pub use crate::store::{Fate, Outcome, Refusal};
use crate::store::{Search, store};

/// How long after an insert of several small requests more of them are expected.
const CROWDED: Duration = Duration::from_millis(30);
/// Records up to which a request is small: for larger ones, one insert more is little beside the work on the rows.
const SMALL: usize = 8;
/// How long a request that expects others lets them come. Instances take turns at the database, so that fewer and larger
/// inserts gain more than the rest loses; `cargo xtask bench ingest` tells.
const GATHER: Duration = Duration::from_millis(2);

/// Stores the records of concurrent requests together.
pub struct Committer {
    limits: GroupLimits,
    queue: RefCell<VecDeque<Job>>,
    /// Whether a request leads.
    taken: Cell<bool>,
    /// When the last insert of several small requests ended, in the host's ticks.
    crowded_at: Cell<Option<Duration>>,
}

/// Bounds of what is stored together. A request that is larger than a group is stored alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupLimits {
    /// Most records in the insert of several requests.
    pub max_records: usize,
    /// Most bytes of texts in the insert of several requests.
    pub max_bytes: usize,
    /// Most requests that wait in an instance; beyond, they are told to try again later.
    pub max_waiting: usize,
    /// Longest time for a request, waiting for others and for the database included.
    pub max_wait: Duration,
}

/// The records of a request that waits.
struct Job {
    records: Vec<AccessRecord<'static>>,
    bytes: usize,
    /// Who waits for the outcome. A client may have hung up, as a gateway does that has ended: its records are whole, will
    /// not come again, and are stored all the same.
    waiter: Rc<Waiter>,
}

#[derive(Default)]
struct Waiter {
    outcome: Cell<Option<Outcome>>,
    /// Wakes it when it has its outcome, or may lead.
    notify: Notify,
    /// It still lets others come, and does not lead.
    gathers: Cell<bool>,
    /// Nobody waits any more.
    gone: Cell<bool>,
    /// Its time was over, and its client will send the records again.
    late: Cell<bool>,
}

/// What ends the wait of a request.
enum Called<'c> {
    Answered(Outcome),
    Leads(Turn<'c>),
}

impl std::fmt::Debug for Committer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Committer").field("waiting", &self.queue.borrow().len()).finish_non_exhaustive()
    }
}

impl Committer {
    /// A committer for one instance.
    pub fn new(limits: GroupLimits) -> Self {
        Self { limits, queue: RefCell::default(), taken: Cell::new(false), crowded_at: Cell::new(None) }
    }

    /// Stores the records of one request and answers when they are committed.
    ///
    /// # Errors
    ///
    /// The database's, that too many requests wait, or that the time is over. Whatever happened, the same records may be
    /// sent again.
    pub async fn commit(
        &self,
        database: &impl Executor,
        host: &impl Host,
        records: &[AccessRecord<'_>],
    ) -> Outcome {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let waiter = Rc::<Waiter>::default();
        let outcome = {
            let work = pin!(self.commit_at_last(database, host, records, &waiter));
            let limit = pin!(host.sleep(self.limits.max_wait));
            match select(work, limit).await {
                Either::Left((outcome, _)) => Some(outcome),
                Either::Right(((), _)) => None,
            }
        };
        outcome.unwrap_or_else(|| {
            waiter.late.set(true);
            self.queue.borrow_mut().retain(|job| !Rc::ptr_eq(&job.waiter, &waiter));
            let limit = self.limits.max_wait.as_millis();
            let reason = format!("no answer within {limit} ms, the wait for other requests included");
            Err(StorageError::Unavailable { reason })
        })
    }

    /// Whether records wait of which no client is left to store them. Whoever is told so must run [`Committer::drain`].
    pub fn wants_drain(&self) -> bool {
        let queue = self.queue.borrow();
        !self.taken.get() && !queue.is_empty() && queue.iter().all(|job| job.waiter.gone.get())
    }

    /// Stores what waits, unless a request does.
    pub async fn drain(&self, database: &impl Executor, host: &impl Host) {
        while !self.queue.borrow().is_empty()
            && let Some(_turn) = self.take_turn()
        {
            self.lead(database, host, None).await;
        }
    }

    async fn commit_at_last(
        &self,
        database: &impl Executor,
        host: &impl Host,
        records: &[AccessRecord<'_>],
        waiter: &Rc<Waiter>,
    ) -> Outcome {
        let gathers = records.len() <= SMALL && self.is_crowded(host);
        if !gathers && let Some(_turn) = self.take_turn() {
            return self.lead(database, host, Some(records)).await.unwrap_or_else(unanswered);
        }
        let _place = self.wait_in_line(records, waiter)?;
        if gathers {
            waiter.gathers.set(true);
            let others = pin!(host.sleep(GATHER));
            if let Either::Left((Called::Answered(outcome), _)) =
                select(pin!(self.called(waiter)), others).await
            {
                return outcome;
            }
            waiter.gathers.set(false);
        }
        loop {
            match self.called(waiter).await {
                Called::Answered(outcome) => return outcome,
                // Groups are bounded, so the own records may not be in the first.
                Called::Leads(_turn) => self.lead(database, host, None).await,
            };
        }
    }

    /// Waits for the outcome or, unless the request still gathers others, for the turn.
    async fn called(&self, waiter: &Waiter) -> Called<'_> {
        loop {
            if let Some(outcome) = waiter.outcome.take() {
                return Called::Answered(outcome);
            }
            if !waiter.gathers.get()
                && let Some(turn) = self.take_turn()
            {
                return Called::Leads(turn);
            }
            waiter.notify.notified().await;
        }
    }

    fn is_crowded(&self, host: &impl Host) -> bool {
        self.crowded_at.get().is_some_and(|at| host.ticks().saturating_sub(at) < CROWDED)
    }

    fn take_turn(&self) -> Option<Turn<'_>> {
        (!self.taken.replace(true)).then(|| Turn(self))
    }

    /// Wakes the one that is to lead next, if it is anybody's turn.
    fn call_next(&self) {
        if self.taken.get() {
            return;
        }
        let may_lead = |waiter: &&Rc<Waiter>| !waiter.gathers.get() && waiter.notify.is_waiting();
        // The borrow ends before the waiter is woken, which may come back here.
        let next = self.queue.borrow().iter().rev().map(|job| &job.waiter).find(may_lead).cloned();
        if let Some(waiter) = next {
            waiter.notify.notify();
        }
    }

    fn wait_in_line<'c>(
        &'c self,
        records: &[AccessRecord<'_>],
        waiter: &'c Rc<Waiter>,
    ) -> Result<Place<'c>, StorageError> {
        let mut queue = self.queue.borrow_mut();
        if queue.len() >= self.limits.max_waiting {
            let reason = format!("{} requests wait for it already", queue.len());
            return Err(StorageError::Unavailable { reason });
        }
        // They leave the request that they borrow from.
        let records: Vec<_> = records.iter().cloned().map(AccessRecord::into_owned).collect();
        let bytes = content_bytes(&records);
        queue.push_back(Job { records, bytes, waiter: Rc::clone(waiter) });
        Ok(Place { committer: self, waiter })
    }

    /// Stores the leader's records, if it has not handed them to the queue, and as many of those that wait as the group
    /// has room for. Answers what became of the leader's.
    async fn lead(
        &self,
        database: &impl Executor,
        host: &impl Host,
        own: Option<&[AccessRecord<'_>]>,
    ) -> Option<Outcome> {
        let mut group = Group { committer: self, jobs: self.take(own.unwrap_or_default()) };
        let waiting = group.jobs.iter().map(|job| job.records.as_slice());
        let parts: Vec<&[AccessRecord<'_>]> = own.into_iter().chain(waiting).collect();
        let search = Search { host, until: host.ticks().saturating_add(self.limits.max_wait / 2) };
        let mut outcomes = store(database, &search, &parts).await.into_iter();
        if parts.len() > 1 && parts.iter().all(|part| part.len() <= SMALL) {
            self.crowded_at.set(Some(host.ticks()));
        }
        let of_leader = own.and_then(|_| outcomes.next());
        for (job, outcome) in group.jobs.drain(..).zip(outcomes) {
            job.waiter.outcome.set(Some(outcome));
            job.waiter.notify.notify();
        }
        of_leader
    }

    fn take(&self, own: &[AccessRecord<'_>]) -> VecDeque<Job> {
        let mut queue = self.queue.borrow_mut();
        let (mut records, mut bytes) = (own.len(), if queue.is_empty() { 0 } else { content_bytes(own) });
        let mut taken = VecDeque::new();
        while let Some(job) = queue.pop_front() {
            records += job.records.len();
            bytes += job.bytes;
            let is_first = own.is_empty() && taken.is_empty();
            if !is_first && (records > self.limits.max_records || bytes > self.limits.max_bytes) {
                queue.push_front(job);
                break;
            }
            taken.push_back(job);
        }
        taken
    }
}

/// The right to lead. When it is dropped, the next one is called.
struct Turn<'c>(&'c Committer);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.taken.set(false);
        self.0.call_next();
    }
}

/// The place of a request in the queue. Who leaves it may have been called, and then calls another.
struct Place<'c> {
    committer: &'c Committer,
    waiter: &'c Waiter,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.waiter.gone.set(true);
        self.committer.call_next();
    }
}

/// What a leader has taken from the queue. What it leaves without an answer goes back.
struct Group<'c> {
    committer: &'c Committer,
    jobs: VecDeque<Job>,
}

impl Drop for Group<'_> {
    fn drop(&mut self) {
        let mut queue = self.committer.queue.borrow_mut();
        while let Some(job) = self.jobs.pop_back() {
            if !job.waiter.late.get() {
                queue.push_front(job);
            }
        }
    }
}

fn content_bytes(records: &[AccessRecord<'_>]) -> usize {
    records.iter().map(AccessRecord::content_bytes).sum()
}

fn unanswered() -> Outcome {
    Err(StorageError::Unavailable { reason: "the insert was given up".to_owned() })
}

//! Group commit. While one insert is running, arriving requests queue; the next insert stores the records of all of them.
//! A request that finds no insert running, and no other recent requests, inserts at once.
//!
//! The request that has the turn is the leader: it stores its own records and the queued ones, and gives each request the
//! outcome of its records. Then it wakes the next leader: the request that arrived last, which has the most time left for
//! an insert. Records are taken in order of arrival. When the client of a leader hangs up, the records that the leader had
//! taken return to the queue, and the next request leads. Records whose clients have all hung up are left for
//! [`GroupCommit::drain`].
//!
//! - `insert`: the insert of several requests, and the bisection that finds the records that the database
//!   refuses.
//! - [`outcome`]: the outcome of a commit for each record.

mod insert;
pub mod outcome;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures::future::{Either, select};
use gatelog_functions_shared::Environment;
use gatelog_record::AccessRecord;
use gatelog_storage::{Executor, StorageError};
use gatelog_sync::Notify;

use self::insert::{Search, store};
pub use self::outcome::{CommitResult, RecordOutcome, Refusal};

/// For this long after an insert of several small requests, more of them are expected.
const CROWDED: Duration = Duration::from_millis(30);
/// Most records of a small request. For a larger one, the cost of its rows exceeds that of one more insert.
const SMALL: usize = 8;
/// How long a request that expects others waits for them. Instances take turns at the database, so fewer and larger
/// inserts gain more than the wait costs; `cargo xtask bench ingest` measures this.
const GATHER: Duration = Duration::from_millis(2);

/// Stores the records of concurrent requests together.
pub struct GroupCommit {
    limits: GroupLimits,
    queue: RefCell<VecDeque<Job>>,
    /// Whether there is a leader.
    has_leader: Cell<bool>,
    /// When the last insert of several small requests ended, in the host's ticks.
    crowded_at: Cell<Option<Duration>>,
}

/// Bounds of a group. A request that is larger than a group is stored alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupLimits {
    /// Most records in the insert of several requests.
    pub max_records: usize,
    /// Most bytes of text in the insert of several requests.
    pub max_bytes: usize,
    /// Most requests that wait in an instance; further requests are told to retry later.
    pub max_waiting: usize,
    /// Longest time for a request, including the wait for others and for the database.
    pub max_wait: Duration,
}

/// The records of a waiting request.
struct Job {
    records: Vec<AccessRecord<'static>>,
    bytes: usize,
    /// The request that waits for the outcome. Its client may have hung up, as a gateway does when it shuts down: the
    /// records are complete, will not be sent again, and are still stored.
    waiter: Rc<Waiter>,
}

#[derive(Default)]
struct Waiter {
    outcome: Cell<Option<CommitResult>>,
    /// Wakes the request when it has its outcome or may lead.
    notify: Notify,
    /// The request still waits for others to join, and does not lead.
    gathers: Cell<bool>,
    /// Nobody waits any more.
    gone: Cell<bool>,
    /// Its time ran out, and its client will send the records again.
    late: Cell<bool>,
}

/// The end of a request's wait.
enum Woken<'c> {
    Answered(CommitResult),
    Leads(Leadership<'c>),
}

impl std::fmt::Debug for GroupCommit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GroupCommit").field("waiting", &self.queue.borrow().len()).finish_non_exhaustive()
    }
}

impl GroupCommit {
    /// A group commit for one instance.
    pub fn new(limits: GroupLimits) -> Self {
        Self { limits, queue: RefCell::default(), has_leader: Cell::new(false), crowded_at: Cell::new(None) }
    }

    /// Stores the records of one request and returns when they are committed.
    ///
    /// # Errors
    ///
    /// The database's error, too many waiting requests, or a time-out. In every case, the same records may be sent
    /// again.
    pub async fn commit(
        &self,
        database: &impl Executor,
        host: &impl Environment,
        records: &[AccessRecord<'_>],
    ) -> CommitResult {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let waiter = Rc::<Waiter>::default();
        let outcome = {
            let work = pin!(self.commit_untimed(database, host, records, &waiter));
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
            let reason = format!("no response within {limit} ms, including the wait for other requests");
            Err(StorageError::Unavailable { reason })
        })
    }

    /// Whether all waiting records were abandoned by their clients, so that [`GroupCommit::drain`] must store
    /// them.
    pub fn has_abandoned(&self) -> bool {
        let queue = self.queue.borrow();
        !self.has_leader.get() && !queue.is_empty() && queue.iter().all(|job| job.waiter.gone.get())
    }

    /// Stores waiting records, unless a request does.
    pub async fn drain(&self, database: &impl Executor, host: &impl Environment) {
        while !self.queue.borrow().is_empty()
            && let Some(_leadership) = self.try_lead()
        {
            self.lead(database, host, None).await;
        }
    }

    async fn commit_untimed(
        &self,
        database: &impl Executor,
        host: &impl Environment,
        records: &[AccessRecord<'_>],
        waiter: &Rc<Waiter>,
    ) -> CommitResult {
        let gathers = records.len() <= SMALL && self.is_crowded(host);
        if !gathers && let Some(_leadership) = self.try_lead() {
            return self.lead(database, host, Some(records)).await.unwrap_or_else(unanswered);
        }
        let _place = self.enqueue(records, waiter)?;
        if gathers {
            waiter.gathers.set(true);
            let others = pin!(host.sleep(GATHER));
            if let Either::Left((Woken::Answered(outcome), _)) =
                select(pin!(self.outcome_or_lead(waiter)), others).await
            {
                return outcome;
            }
            waiter.gathers.set(false);
        }
        loop {
            match self.outcome_or_lead(waiter).await {
                Woken::Answered(outcome) => return outcome,
                // Groups are bounded, so the request's own records may not be in the first.
                Woken::Leads(_leadership) => self.lead(database, host, None).await,
            };
        }
    }

    /// Waits for the outcome or, unless the request still waits for others, for the right to lead.
    async fn outcome_or_lead(&self, waiter: &Waiter) -> Woken<'_> {
        loop {
            if let Some(outcome) = waiter.outcome.take() {
                return Woken::Answered(outcome);
            }
            if !waiter.gathers.get()
                && let Some(leadership) = self.try_lead()
            {
                return Woken::Leads(leadership);
            }
            waiter.notify.notified().await;
        }
    }

    fn is_crowded(&self, host: &impl Environment) -> bool {
        self.crowded_at.get().is_some_and(|at| host.ticks().saturating_sub(at) < CROWDED)
    }

    fn try_lead(&self) -> Option<Leadership<'_>> {
        (!self.has_leader.replace(true)).then(|| Leadership(self))
    }

    /// Wakes the next leader, unless there is one.
    fn wake_next_leader(&self) {
        if self.has_leader.get() {
            return;
        }
        let may_lead = |waiter: &&Rc<Waiter>| !waiter.gathers.get() && waiter.notify.is_waiting();
        // The borrow ends before the waiter is woken, because waking may re-enter this code.
        let next = self.queue.borrow().iter().rev().map(|job| &job.waiter).find(may_lead).cloned();
        if let Some(waiter) = next {
            waiter.notify.notify();
        }
    }

    fn enqueue<'c>(
        &'c self,
        records: &[AccessRecord<'_>],
        waiter: &'c Rc<Waiter>,
    ) -> Result<Place<'c>, StorageError> {
        let mut queue = self.queue.borrow_mut();
        if queue.len() >= self.limits.max_waiting {
            let reason = format!("{} requests wait for it already", queue.len());
            return Err(StorageError::Unavailable { reason });
        }
        // Owned copies, because the records outlive the request that they borrow from.
        let records: Vec<_> = records.iter().cloned().map(AccessRecord::into_owned).collect();
        let bytes = content_bytes(&records);
        queue.push_back(Job { records, bytes, waiter: Rc::clone(waiter) });
        Ok(Place { group_commit: self, waiter })
    }

    /// Stores the leader's records, if it has not queued them, and as many waiting records as fit in the group. Returns
    /// the outcome of the leader's records.
    async fn lead(
        &self,
        database: &impl Executor,
        host: &impl Environment,
        own: Option<&[AccessRecord<'_>]>,
    ) -> Option<CommitResult> {
        let mut group = Group { group_commit: self, jobs: self.take(own.unwrap_or_default()) };
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

/// The right to lead. When it is dropped, the next leader is woken.
struct Leadership<'c>(&'c GroupCommit);

impl Drop for Leadership<'_> {
    fn drop(&mut self) {
        self.0.has_leader.set(false);
        self.0.wake_next_leader();
    }
}

/// The place of a request in the queue. A request that leaves the queue may have been woken to lead, so it wakes
/// another.
struct Place<'c> {
    group_commit: &'c GroupCommit,
    waiter: &'c Waiter,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.waiter.gone.set(true);
        self.group_commit.wake_next_leader();
    }
}

/// The records that a leader has taken from the queue. Those without an outcome return to the queue.
struct Group<'c> {
    group_commit: &'c GroupCommit,
    jobs: VecDeque<Job>,
}

impl Drop for Group<'_> {
    fn drop(&mut self) {
        let mut queue = self.group_commit.queue.borrow_mut();
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

fn unanswered() -> CommitResult {
    Err(StorageError::Unavailable { reason: "the insert was given up".to_owned() })
}

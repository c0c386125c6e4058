//! Group commit: while one insert is under way the requests that arrive wait together, and the next insert stores the
//! records of all of them. Who comes alone does not wait for company: without an insert under way, and without others of
//! late, a request's begins at once.
//!
//! Whoever has the turn leads: it stores its own records and those that wait, and hands everyone what became of theirs.
//! A leader whose client hangs up leaves; what it had taken goes back to the queue, and the next one leads.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use gatelog_function::Host;
use gatelog_record::AccessRecord;
use gatelog_storage::{Executor, StorageError, insert};

/// Bounds of the rest between two looks of a request that waits. Requests of one instance cannot wake each other: the
/// runtime of Spin's components lets a request be woken by its host only, so they wait by the clock.
const LOOK_AGAIN: (Duration, Duration) = (Duration::from_micros(100), Duration::from_millis(5));
/// How long after an insert of several small requests more of them are expected.
const CROWDED: Duration = Duration::from_millis(30);
/// Records up to which a request is small: for larger ones, one insert more is little beside the work on the rows.
const SMALL: usize = 8;
/// Least rest of a request that expects others. Instances take turns at the database, so that fewer and larger inserts gain
/// more than the rest loses; `cargo xtask bench ingest` tells.
const GATHER: Duration = Duration::from_millis(2);

/// Most records of one request that are looked for one by one among those that the database refuses.
const MAX_REFUSED: usize = 100;

/// Stores the records of concurrent requests together.
pub struct Committer {
    limits: GroupLimits,
    queue: RefCell<VecDeque<Job>>,
    /// Whether a request leads.
    taken: Cell<bool>,
    /// How long the last insert took.
    last: Cell<Duration>,
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
}

/// What became of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is stored now.
    New,
    /// Its `record_id` was stored before, or by another request, or earlier in its own.
    Duplicate,
    /// The database does not accept one of its values, and says this.
    Refused(String),
}

/// The fate of each record of a request, in order; or why none is known.
pub type Outcome = Result<Vec<Fate>, StorageError>;

/// The records of a request that waits.
struct Job {
    records: Vec<AccessRecord<'static>>,
    bytes: usize,
    /// Where the outcome is put, for who waits. A client may have hung up, as a gateway does that has ended: its records
    /// are whole, will not come again, and are stored all the same.
    outcome: Rc<Cell<Option<Outcome>>>,
}

impl std::fmt::Debug for Committer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Committer").field("waiting", &self.queue.borrow().len()).finish_non_exhaustive()
    }
}

impl Committer {
    /// A committer for one instance.
    pub fn new(limits: GroupLimits) -> Self {
        let (queue, taken, last) = (RefCell::default(), Cell::new(false), Cell::default());
        Self { limits, queue, taken, last, crowded_at: Cell::new(None) }
    }

    /// Stores the records of one request and answers when they are committed.
    ///
    /// # Errors
    ///
    /// The database's, or that too many requests wait. Whatever happened, the same records may be sent again.
    pub async fn commit(
        &self,
        database: &impl Executor,
        host: &impl Host,
        records: &[AccessRecord<'_>],
    ) -> Outcome {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let gathers = records.len() <= SMALL && self.is_crowded(host);
        if !gathers && let Some(_turn) = Turn::take(&self.taken) {
            return self.lead(database, host, Some(records)).await.unwrap_or_else(unanswered);
        }
        let outcome = self.wait_in_line(records)?;
        let (shortest, longest) = LOOK_AGAIN;
        let (first, shortest) = if gathers { (GATHER, GATHER / 2) } else { (shortest, shortest) };
        let mut rest = self.last.get().clamp(first, longest);
        loop {
            host.sleep(rest).await;
            rest = (self.last.get() / 4).clamp(shortest, longest);
            if let Some(outcome) = outcome.take() {
                return outcome;
            }
            let Some(_turn) = Turn::take(&self.taken) else { continue };
            // Groups are bounded, so the own records may not be in the first.
            loop {
                self.lead(database, host, None).await;
                if let Some(outcome) = outcome.take() {
                    return outcome;
                }
            }
        }
    }

    fn is_crowded(&self, host: &impl Host) -> bool {
        self.crowded_at.get().is_some_and(|at| host.ticks().saturating_sub(at) < CROWDED)
    }

    fn wait_in_line(&self, records: &[AccessRecord<'_>]) -> Result<Rc<Cell<Option<Outcome>>>, StorageError> {
        let mut queue = self.queue.borrow_mut();
        if queue.len() >= self.limits.max_waiting {
            let reason = format!("{} requests wait for it already", queue.len());
            return Err(StorageError::Unavailable { reason });
        }
        // They leave the request that they borrow from.
        let records: Vec<_> = records.iter().cloned().map(AccessRecord::into_owned).collect();
        let bytes = content_bytes(&records);
        let outcome = Rc::default();
        queue.push_back(Job { records, bytes, outcome: Rc::clone(&outcome) });
        Ok(outcome)
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
        let start = host.ticks();
        let mut outcomes = store(database, &parts).await.into_iter();
        let end = host.ticks();
        self.last.set(end.saturating_sub(start));
        if parts.len() > 1 && parts.iter().all(|part| part.len() <= SMALL) {
            self.crowded_at.set(Some(end));
        }
        let of_leader = own.and_then(|_| outcomes.next());
        for (job, outcome) in group.jobs.drain(..).zip(outcomes) {
            job.outcome.set(Some(outcome));
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

/// The right to lead, given back when dropped.
struct Turn<'c>(&'c Cell<bool>);

impl<'c> Turn<'c> {
    fn take(taken: &'c Cell<bool>) -> Option<Self> {
        (!taken.replace(true)).then(|| Self(taken))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.set(false);
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
            queue.push_front(job);
        }
    }
}

/// Stores the records of several requests in one insert. When it fails because of some of them, each request is stored
/// by itself.
async fn store<'r>(database: &impl Executor, parts: &[&[AccessRecord<'r>]]) -> Vec<Outcome> {
    let all: Vec<&AccessRecord<'r>> = parts.iter().copied().flatten().collect();
    match insert::insert_each(database, &all).await {
        Ok(new) => {
            let mut new = new.into_iter().map(fate);
            parts.iter().map(|part| Ok(new.by_ref().take(part.len()).collect())).collect()
        }
        Err(error) if parts.len() > 1 && may_be_of_one(&error) || is_refused(&error) => {
            let mut outcomes = Vec::with_capacity(parts.len());
            for part in parts {
                outcomes.push(store_what_can_be(database, part).await);
            }
            outcomes
        }
        Err(error) => vec![Err(error); parts.len()],
    }
}

/// Stores the records of one request, all but those that the database refuses, which are found by halving.
async fn store_what_can_be(database: &impl Executor, records: &[AccessRecord<'_>]) -> Outcome {
    let mut fates = Vec::with_capacity(records.len());
    let mut refused = 0;
    // The next part is the last.
    let mut rest = vec![records];
    while let Some(part) = rest.pop() {
        match insert::insert_each(database, part).await {
            Ok(new) => fates.extend(new.into_iter().map(fate)),
            Err(StorageError::Refused { reason }) if part.len() == 1 && refused < MAX_REFUSED => {
                refused += 1;
                fates.push(Fate::Refused(reason));
            }
            Err(StorageError::Refused { .. }) if part.len() > 1 => {
                let (first, second) = part.split_at(part.len() / 2);
                rest.extend([second, first]);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(fates)
}

fn fate(new: bool) -> Fate {
    if new { Fate::New } else { Fate::Duplicate }
}

fn is_refused(error: &StorageError) -> bool {
    matches!(error, StorageError::Refused { .. })
}

/// Whether the records of one request may have caused the failure. A database that is down or full is so for all.
fn may_be_of_one(error: &StorageError) -> bool {
    !matches!(
        error,
        StorageError::Unavailable { .. } | StorageError::Misconfigured { .. } | StorageError::Full { .. }
    )
}

fn content_bytes(records: &[AccessRecord<'_>]) -> usize {
    records.iter().map(AccessRecord::content_bytes).sum()
}

fn unanswered() -> Outcome {
    Err(StorageError::Unavailable { reason: "the insert was given up".to_owned() })
}

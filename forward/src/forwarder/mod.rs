//! Records in, batches out. Both wait within bounds and are sent one batch at a time, so that records that arrive
//! meanwhile share the next batch.
//!
//! Under `best_effort` no caller waits: records are queued, a task writes and sends them, and records for which there is
//! no room are counted. Under `at_least_once` a call writes its records and ends when they have been sent; one of the
//! waiting calls sends for all. A call that finds no room waits for some.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::pin::pin;
use std::rc::Rc;

use futures::future::{Either, select};
use gatelog_record::{AccessRecord, Timestamp};
use gatelog_sync::{Notify, Permit, Semaphore};

use crate::destination::{Batch, BrokenOff, Destination};
use crate::guarantee::Guarantee;
use crate::runtime::Runtime;

use backlog::{Backlog, QueuedRecord};
use pace::Pace;

mod backlog;
mod pace;

/// Forwards the records of one instance to one system: lives as long as the instance.
pub struct Forwarder<D: Destination> {
    destination: D,
    bounds: Bounds,
    /// Under `best_effort`, records that are not written yet.
    backlog: RefCell<Backlog<D>>,
    waiting: RefCell<Waiting<D>>,
    /// Records and bytes of the batch that is being sent.
    sending: Cell<(usize, usize)>,
    /// The turn to send, held by one task at a time.
    turn: Semaphore,
}

/// Bounds on what waits in one instance, in addition to one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The most records.
    pub max_records: usize,
    /// The most bytes of records and written records.
    pub max_bytes: usize,
    /// Queued records are sent when they have this many bytes as written, or as many as may wait; the other records are kept
    /// meanwhile. A record can grow when it is written.
    pub batch_bytes: usize,
}

/// The next batch.
struct Waiting<D: Destination> {
    /// Distinguishes one batch from the next.
    number: u64,
    batch: D::Batch,
    /// Calls that wait for the batch's outcome.
    calls: Vec<Call<D>>,
}

impl<D: Destination> Waiting<D> {
    fn of_number(number: u64) -> Self {
        Self { number, batch: D::Batch::default(), calls: Vec::new() }
    }
}

type Outcome<D> = Result<(), <D as Destination>::Error>;

/// Receives a batch's outcome. Shared by the batch and the waiting call.
struct Answer<D: Destination> {
    outcome: Cell<Option<Outcome<D>>>,
    notify: Notify,
}

/// A call that waits for the outcome of a batch. When the task that sends the batch is cancelled, the batch is dropped
/// and the call learns of it.
struct Call<D: Destination>(Rc<Answer<D>>);

impl<D: Destination> Call<D> {
    fn answer(self, outcome: Outcome<D>) {
        self.0.outcome.set(Some(outcome));
    }
}

impl<D: Destination> Drop for Call<D> {
    fn drop(&mut self) {
        let outcome = self.0.outcome.take().unwrap_or_else(|| Err(BrokenOff.into()));
        self.0.outcome.set(Some(outcome));
        self.0.notify.notify();
    }
}

impl<D: Destination> Forwarder<D> {
    /// A forwarder that has sent nothing yet.
    pub fn new(destination: D, bounds: Bounds) -> Self {
        Self {
            destination,
            bounds,
            backlog: RefCell::default(),
            waiting: RefCell::new(Waiting::of_number(0)),
            sending: Cell::default(),
            turn: Semaphore::new(1),
        }
    }

    /// The system.
    pub fn destination(&self) -> &D {
        &self.destination
    }

    /// The delivery guarantee.
    pub fn guarantee(&self) -> Guarantee {
        self.destination.guarantee()
    }

    /// Bytes of waiting records, written or not, and of those being sent.
    pub fn queue_bytes(&self) -> usize {
        let waiting = self.waiting.borrow().batch.bytes().saturating_add(self.sending.get().1);
        waiting.saturating_add(self.backlog.borrow().bytes())
    }

    /// Records that wait, written or not, and those being sent.
    pub fn queue_records(&self) -> usize {
        let waiting = self.waiting.borrow().batch.records().saturating_add(self.sending.get().0);
        waiting.saturating_add(self.backlog.borrow().len())
    }

    /// Forwards the records of a request. Under [`Guarantee::AtLeastOnce`] the call ends when they have been sent and
    /// confirmed; under [`Guarantee::BestEffort`] the records wait for [`Self::send`]. `now` is used as the time of records
    /// without one.
    ///
    /// # Errors
    ///
    /// Under [`Guarantee::AtLeastOnce`], when records were not confirmed: they must be sent again. Under
    /// [`Guarantee::BestEffort`], never.
    pub async fn forward<'r>(
        &self,
        records: impl IntoIterator<Item = &'r AccessRecord<'r>>,
        now: Timestamp,
        runtime: &impl Runtime,
    ) -> Result<(), D::Error> {
        match self.guarantee() {
            Guarantee::AtLeastOnce => self.forward_and_confirm(records, now, runtime).await,
            Guarantee::BestEffort => {
                self.enqueue(records, now);
                Ok(())
            }
        }
    }

    /// Whether something waits that no task is sending, so that [`Self::send`] must be called.
    pub fn has_pending(&self) -> bool {
        self.turn.available() > 0 && !(self.is_empty() && self.backlog.borrow().len() == 0)
    }

    /// Writes and sends records that wait or arrive meanwhile, until none is left. Does nothing while another task
    /// sends.
    pub async fn send(&self, runtime: &impl Runtime) {
        let Some(_turn) = self.turn.try_acquire() else { return };
        loop {
            self.make_batch(runtime).await;
            if self.is_empty() {
                return;
            }
            self.send_batch(runtime).await;
        }
    }

    async fn forward_and_confirm<'r>(
        &self,
        records: impl IntoIterator<Item = &'r AccessRecord<'r>>,
        now: Timestamp,
        runtime: &impl Runtime,
    ) -> Outcome<D> {
        let (mut answers, mut batch) = (Vec::new(), None);
        let request = self.destination.begin(now);
        let mut pace = Pace::new(runtime);
        for record in records {
            let Some(choice) = self.destination.choose(record) else { continue };
            while !self.has_room() {
                self.join_batch(&mut batch, &mut answers);
                self.confirm(&mut answers, runtime).await?;
            }
            self.join_batch(&mut batch, &mut answers);
            self.destination.write(&mut self.waiting.borrow_mut().batch, record, choice, &request);
            pace.step(runtime).await;
        }
        self.confirm(&mut answers, runtime).await
    }

    /// Keeps the records that are sent, as far as there is room.
    fn enqueue<'r>(&self, records: impl IntoIterator<Item = &'r AccessRecord<'r>>, now: Timestamp) {
        let request = Rc::new(self.destination.begin(now));
        for record in records {
            let Some(choice) = self.destination.choose(record) else { continue };
            if self.has_room() {
                let (record, request) = (record.clone().into_owned(), Rc::clone(&request));
                self.backlog.borrow_mut().push(QueuedRecord { record, choice, request });
            } else {
                self.destination.count_dropped();
            }
        }
    }

    /// Writes kept records until there are enough for a batch. Only the task that has the turn may call this.
    async fn make_batch(&self, runtime: &impl Runtime) {
        let mut pace = Pace::new(runtime);
        while self.waiting.borrow().batch.bytes() < self.bounds.batch_bytes.min(self.bounds.max_bytes) {
            let Some(QueuedRecord { record, choice, request }) = self.backlog.borrow_mut().pop() else {
                return;
            };
            self.destination.write(&mut self.waiting.borrow_mut().batch, &record, choice, &request);
            pace.step(runtime).await;
        }
    }

    /// Waits for the outcomes, and sends when no other task does.
    async fn confirm(&self, answers: &mut Vec<Rc<Answer<D>>>, runtime: &impl Runtime) -> Outcome<D> {
        for answer in answers.drain(..) {
            loop {
                if let Some(outcome) = answer.outcome.take() {
                    break outcome?;
                }
                if let Some(_turn) = self.turn_or_answer(&answer).await {
                    self.send_batch(runtime).await;
                }
            }
        }
        Ok(())
    }

    /// Waits for the turn, or until the answer has an outcome.
    async fn turn_or_answer(&self, answer: &Answer<D>) -> Option<Permit<'_>> {
        if let Some(turn) = self.turn.try_acquire() {
            return Some(turn);
        }
        match select(pin!(answer.notify.notified()), pin!(self.turn.acquire())).await {
            Either::Left(_) => None,
            Either::Right((turn, _)) => Some(turn),
        }
    }

    /// Sends everything that is written as one batch. Only the task that has the turn may call this.
    async fn send_batch(&self, runtime: &impl Runtime) {
        let number = self.waiting.borrow().number.wrapping_add(1);
        let Waiting { batch, calls, .. } = self.waiting.replace(Waiting::of_number(number));
        let under_way = UnderWay(&self.sending);
        under_way.0.set((batch.records(), batch.bytes()));
        let outcome = self.destination.send(&batch, runtime).await;
        drop(under_way);
        for call in calls {
            call.answer(outcome.clone());
        }
    }

    fn is_empty(&self) -> bool {
        let waiting = self.waiting.borrow();
        waiting.batch.records() == 0 && waiting.calls.is_empty()
    }

    fn has_room(&self) -> bool {
        self.queue_bytes() < self.bounds.max_bytes && self.queue_records() < self.bounds.max_records
    }

    /// Makes sure that the outcome of the next batch will be among `answers`; `batch` is the batch whose outcome
    /// already is.
    fn join_batch(&self, batch: &mut Option<u64>, answers: &mut Vec<Rc<Answer<D>>>) {
        let mut waiting = self.waiting.borrow_mut();
        if *batch != Some(waiting.number) {
            let answer = Rc::new(Answer { outcome: Cell::new(None), notify: Notify::default() });
            waiting.calls.push(Call(Rc::clone(&answer)));
            answers.push(answer);
            *batch = Some(waiting.number);
        }
    }
}

/// Counts a batch as being sent until it is dropped.
struct UnderWay<'b>(&'b Cell<(usize, usize)>);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.set((0, 0));
    }
}

impl<D: Destination> fmt::Debug for Forwarder<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forwarder").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}

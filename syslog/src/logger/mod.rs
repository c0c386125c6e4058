//! Records in, messages out. Both wait within a bound and are sent one batch at a time, so that records that arrive
//! meanwhile share the next batch.
//!
//! Under `best_effort` no caller waits: records are queued, a task makes their messages and sends them, and records for
//! which there is no room get no message and are counted. Under `at_least_once` a call makes its messages and ends when
//! the receiver has confirmed them; one of the waiting calls sends for all. A call that finds no room waits for some.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::pin::pin;
use std::rc::Rc;

use futures::future::{Either, select};
use gatelog_record::{AccessRecord, Timestamp};
use gatelog_sync::{Notify, Permit, Semaphore};

use crate::config::SinkConfig;
use crate::delivery::{Delivery, DeliveryError};
use crate::guarantee::Guarantee;
use crate::kong::request_view::RequestView;
use crate::message::frame::Messages;
use crate::notes::Notes;
use crate::sink::Sink;
use crate::stats::Stats;
use crate::transport::Transport;

use backlog::{Backlog, QueuedRecord};
use pace::Pace;
pub use runtime::Runtime;

mod backlog;
mod pace;
mod runtime;

/// The whole sink: lives as long as the instance.
pub struct Logger<T: Transport> {
    sink: Sink,
    delivery: Delivery<T>,
    /// Under `best_effort`, records without a message yet.
    backlog: RefCell<Backlog>,
    waiting: RefCell<Waiting>,
    /// Bytes of the batch that is being sent.
    sending_bytes: Cell<usize>,
    /// The turn to send, held by one task at a time.
    turn: Semaphore,
    max_bytes: usize,
}

/// The next batch.
#[derive(Default)]
struct Waiting {
    /// Distinguishes one batch from the next.
    number: u64,
    messages: Messages,
    /// Calls that wait for the batch's outcome.
    calls: Vec<Call>,
}

type Outcome = Result<(), DeliveryError>;

/// Receives a batch's outcome. Shared by the batch and the waiting call.
#[derive(Default)]
struct Answer {
    outcome: Cell<Option<Outcome>>,
    notify: Notify,
}

/// A call that waits for the outcome of a batch. When the task that sends the batch is cancelled, the batch is dropped
/// and the call learns of it.
struct Call(Rc<Answer>);

impl Call {
    fn answer(self, outcome: Outcome) {
        self.0.outcome.set(Some(outcome));
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let outcome = self.0.outcome.take().unwrap_or(Err(DeliveryError::BrokenOff));
        self.0.outcome.set(Some(outcome));
        self.0.notify.notify();
    }
}

/// Messages of kept records are sent when they have this many bytes together, or as many as may wait; the other records
/// are kept meanwhile. A record can grow when it becomes a message, so this is in addition to the bound on what waits.
const BATCH_BYTES: usize = 256 * 1024;

impl<T: Transport> Logger<T> {
    /// A new logger, which has sent nothing.
    pub fn new(sink: Sink, options: &SinkConfig, transport: T) -> Self {
        Self {
            sink,
            delivery: Delivery::new(transport, options.promise),
            backlog: RefCell::default(),
            waiting: RefCell::default(),
            sending_bytes: Cell::new(0),
            turn: Semaphore::new(1),
            max_bytes: options.queue_max_bytes,
        }
    }

    /// The delivery guarantee.
    pub fn promise(&self) -> Guarantee {
        self.delivery.promise()
    }

    /// The counters.
    pub fn stats(&self) -> &Stats {
        &self.sink.stats
    }

    /// Bytes of waiting records and messages, and of messages being sent.
    pub fn queue_bytes(&self) -> usize {
        let waiting = self.waiting.borrow().messages.bytes().saturating_add(self.sending_bytes.get());
        waiting.saturating_add(self.backlog.borrow().bytes())
    }

    /// Messages from and about scripts, for the operator.
    pub fn notes(&self) -> &Notes {
        &self.sink.notes
    }

    /// Logs the records of a request. Under [`Guarantee::AtLeastOnce`] the call ends when their messages have been
    /// confirmed; under [`Guarantee::BestEffort`] it runs no script, and the records wait for [`Self::send`]. `now` is
    /// used as the time of records without one.
    ///
    /// # Errors
    ///
    /// Under [`Guarantee::AtLeastOnce`], when messages were not confirmed: the records must be sent again. Under
    /// [`Guarantee::BestEffort`], never.
    pub async fn log<'r>(
        &self,
        records: impl IntoIterator<Item = &'r AccessRecord<'r>>,
        now: Timestamp,
        runtime: &impl Runtime,
    ) -> Result<(), DeliveryError> {
        match self.promise() {
            Guarantee::AtLeastOnce => self.log_and_confirm(records, now, runtime).await,
            Guarantee::BestEffort => {
                self.enqueue(records, now);
                Ok(())
            }
        }
    }

    /// Whether something waits that no task is sending, so that [`Self::send`] must be called.
    pub fn has_pending(&self) -> bool {
        self.turn.available() > 0 && !(self.is_empty() && self.backlog.borrow().is_empty())
    }

    /// Makes and sends the messages of records that wait or arrive meanwhile, until none is left. Does nothing while
    /// another task sends.
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

    async fn log_and_confirm<'r>(
        &self,
        records: impl IntoIterator<Item = &'r AccessRecord<'r>>,
        now: Timestamp,
        runtime: &impl Runtime,
    ) -> Outcome {
        let (mut answers, mut batch) = (Vec::new(), None);
        let time = self.sink.script_time(now);
        let mut pace = Pace::new(runtime);
        for record in records {
            let view = RequestView::from_record(record);
            let Some(choice) = self.sink.choose(&view) else { continue };
            while !self.has_room() {
                self.join_batch(&mut batch, &mut answers);
                self.confirm(&mut answers, runtime).await?;
            }
            self.join_batch(&mut batch, &mut answers);
            self.sink.write(&mut self.waiting.borrow_mut().messages, &view, choice, &time);
            pace.step(runtime).await;
        }
        self.confirm(&mut answers, runtime).await
    }

    /// Keeps the records that get a message, as far as there is room.
    fn enqueue<'r>(&self, records: impl IntoIterator<Item = &'r AccessRecord<'r>>, now: Timestamp) {
        let time = Rc::new(self.sink.script_time(now));
        for record in records {
            let Some(choice) = self.sink.choose(&RequestView::from_record(record)) else { continue };
            if self.has_room() {
                let (record, time) = (record.clone().into_owned(), Rc::clone(&time));
                self.backlog.borrow_mut().push(QueuedRecord { record, choice, time });
            } else {
                self.stats().dropped.add(1);
            }
        }
    }

    /// Makes messages of kept records until there are enough for a batch. Only the task that has the turn may call
    /// this.
    async fn make_batch(&self, runtime: &impl Runtime) {
        let mut pace = Pace::new(runtime);
        while self.waiting.borrow().messages.bytes() < BATCH_BYTES.min(self.max_bytes) {
            let Some(QueuedRecord { record, choice, time }) = self.backlog.borrow_mut().pop() else { return };
            let view = RequestView::from_record(&record);
            self.sink.write(&mut self.waiting.borrow_mut().messages, &view, choice, &time);
            pace.step(runtime).await;
        }
    }

    /// Waits for the outcomes, and sends when no other task does.
    async fn confirm(&self, answers: &mut Vec<Rc<Answer>>, runtime: &impl Runtime) -> Outcome {
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
    async fn turn_or_answer(&self, answer: &Answer) -> Option<Permit<'_>> {
        if let Some(turn) = self.turn.try_acquire() {
            return Some(turn);
        }
        match select(pin!(answer.notify.notified()), pin!(self.turn.acquire())).await {
            Either::Left(_) => None,
            Either::Right((turn, _)) => Some(turn),
        }
    }

    /// Sends all waiting messages as one batch. Only the task that has the turn may call this.
    async fn send_batch(&self, runtime: &impl Runtime) {
        let number = self.waiting.borrow().number.wrapping_add(1);
        let Waiting { messages, calls, .. } = self.waiting.replace(Waiting { number, ..Waiting::default() });
        let under_way = UnderWay(&self.sending_bytes);
        under_way.0.set(messages.bytes());
        let outcome = self.delivery.deliver(&messages, || runtime.ticks(), self.stats()).await;
        drop(under_way);
        if let Err(error @ DeliveryError::Transport { .. }) = &outcome {
            runtime.delivery_failed(error);
        }
        for call in calls {
            call.answer(outcome.clone());
        }
    }

    fn is_empty(&self) -> bool {
        let waiting = self.waiting.borrow();
        waiting.messages.is_empty() && waiting.calls.is_empty()
    }

    fn has_room(&self) -> bool {
        self.queue_bytes() < self.max_bytes
    }

    /// Makes sure that the outcome of the next batch will be among `answers`; `batch` is the batch whose outcome
    /// already is.
    fn join_batch(&self, batch: &mut Option<u64>, answers: &mut Vec<Rc<Answer>>) {
        let mut waiting = self.waiting.borrow_mut();
        if *batch != Some(waiting.number) {
            let answer = Rc::<Answer>::default();
            waiting.calls.push(Call(Rc::clone(&answer)));
            answers.push(answer);
            *batch = Some(waiting.number);
        }
    }
}

/// Counts bytes as being sent until it is dropped.
struct UnderWay<'b>(&'b Cell<usize>);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.set(0);
    }
}

impl<T: Transport> fmt::Debug for Logger<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logger").field("sink", &self.sink).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

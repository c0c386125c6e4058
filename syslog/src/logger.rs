//! Records in, messages out: messages wait for the receiver within a bound and are sent one batch at a time, so that
//! records that come meanwhile share the next.
//!
//! Under `best_effort` nobody waits: some task sends what waits, and what finds the queue full gets no message and is
//! counted. Under `at_least_once` a call ends when the receiver has confirmed its messages; of the calls that wait, one
//! sends for all. When the queue is full it waits for room.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures::channel::oneshot;
use futures::future::{Either, select};
use futures::lock::Mutex;
use gatelog_record::{AccessRecord, Timestamp};

use crate::delivery::{DeliveryError, Promise};
use crate::exchange::Exchange;
use crate::transport::Transport;
use crate::{Delivery, Messages, Options, Sink, Stats};

/// The whole sink: lives as long as the instance.
pub struct Logger<T: Transport> {
    sink: Sink,
    delivery: Delivery<T>,
    waiting: RefCell<Waiting>,
    /// Bytes of the batch that is being sent.
    sending_bytes: Cell<usize>,
    /// Held by who sends.
    turn: Mutex<()>,
    max_bytes: usize,
}

/// What the logger asks of the program around it.
pub trait Surroundings {
    /// Time since some fixed moment, never going back.
    fn ticks(&self) -> Duration;

    /// Hears of each attempt to send that failed.
    fn failed(&self, error: &DeliveryError);
}

/// What the next batch will be.
#[derive(Default)]
struct Waiting {
    /// Tells one batch from the next.
    number: u64,
    messages: Messages,
    /// Calls that want to hear what became of it.
    calls: Vec<oneshot::Sender<Outcome>>,
}

type Outcome = Result<(), DeliveryError>;

/// After so many records other tasks get a turn; a message without scripts takes some ten microseconds to make.
const RECORDS_PER_TURN: usize = 32;

impl<T: Transport> Logger<T> {
    /// A logger that has sent nothing yet.
    pub fn new(sink: Sink, options: &Options, transport: T) -> Self {
        Self {
            sink,
            delivery: Delivery::new(transport, options.promise),
            waiting: RefCell::default(),
            sending_bytes: Cell::new(0),
            turn: Mutex::new(()),
            max_bytes: options.queue_max_bytes,
        }
    }

    /// What is promised.
    pub fn promise(&self) -> Promise {
        self.delivery.promise()
    }

    /// The counters.
    pub fn stats(&self) -> &Stats {
        &self.sink.stats
    }

    /// Bytes of messages that wait or are being sent.
    pub fn queue_bytes(&self) -> usize {
        self.waiting.borrow().messages.bytes().saturating_add(self.sending_bytes.get())
    }

    /// What the operator should read: one line for each script that failed for the first time.
    pub fn take_warnings(&self) -> Vec<String> {
        self.sink.take_warnings()
    }

    /// Makes the messages of the records. Under [`Promise::AtLeastOnce`] it ends when they have been confirmed; under
    /// [`Promise::BestEffort`] they wait for [`Self::send`]. `now` stands in for the time of records without one.
    ///
    /// # Errors
    ///
    /// Under [`Promise::AtLeastOnce`], when messages were not confirmed: the records have to come again. Under
    /// [`Promise::BestEffort`] never.
    pub async fn log<'r>(
        &self,
        records: impl IntoIterator<Item = &'r AccessRecord<'r>>,
        now: Timestamp,
        surroundings: &impl Surroundings,
    ) -> Result<(), DeliveryError> {
        let is_promised = self.promise() == Promise::AtLeastOnce;
        let mut answers = Vec::new();
        let mut batch = None;
        for (record, number) in records.into_iter().zip(1_usize..) {
            if number.is_multiple_of(RECORDS_PER_TURN) {
                give_way().await;
            }
            let exchange = Exchange::from_record(record);
            let Some(choice) = self.sink.choose(&exchange) else { continue };
            while is_promised && !self.has_room() {
                self.hear(&mut batch, &mut answers);
                self.confirm(&mut answers, surroundings).await?;
            }
            if !self.has_room() {
                self.stats().dropped.add(1);
                continue;
            }
            if is_promised {
                self.hear(&mut batch, &mut answers);
            }
            self.sink.write(&mut self.waiting.borrow_mut().messages, &exchange, choice, now);
        }
        self.confirm(&mut answers, surroundings).await
    }

    /// Whether messages wait and nobody sends: [`Self::send`] has to be called.
    pub fn wants_sending(&self) -> bool {
        !self.is_empty() && self.turn.try_lock().is_some()
    }

    /// Sends what waits, and what comes meanwhile, until nothing is left. Does nothing while somebody else sends.
    pub async fn send(&self, surroundings: &impl Surroundings) {
        let Some(_turn) = self.turn.try_lock() else { return };
        while !self.is_empty() {
            self.send_batch(surroundings).await;
        }
    }

    /// Waits for the outcomes, and sends when nobody else does.
    async fn confirm(
        &self,
        answers: &mut Vec<oneshot::Receiver<Outcome>>,
        surroundings: &impl Surroundings,
    ) -> Outcome {
        for mut answer in answers.drain(..) {
            let _turn = match select(&mut answer, pin!(self.turn.lock())).await {
                Either::Left((outcome, _)) => {
                    outcome.unwrap_or(Err(DeliveryError::BrokenOff))?;
                    continue;
                }
                Either::Right((turn, _)) => turn,
            };
            loop {
                match answer.try_recv() {
                    Ok(Some(outcome)) => break outcome?,
                    Ok(None) => self.send_batch(surroundings).await,
                    Err(oneshot::Canceled) => return Err(DeliveryError::BrokenOff),
                }
            }
        }
        Ok(())
    }

    /// Sends all that waits as one batch. Only who has the turn may call it.
    async fn send_batch(&self, surroundings: &impl Surroundings) {
        let number = self.waiting.borrow().number.wrapping_add(1);
        let Waiting { messages, calls, .. } = self.waiting.replace(Waiting { number, ..Waiting::default() });
        let under_way = UnderWay(&self.sending_bytes);
        under_way.0.set(messages.bytes());
        let outcome = self.delivery.deliver(&messages, || surroundings.ticks(), self.stats()).await;
        drop(under_way);
        if let Err(error @ DeliveryError::Transport { .. }) = &outcome {
            surroundings.failed(error);
        }
        for call in calls {
            // A call that is gone has no records to acknowledge.
            let _ = call.send(outcome.clone());
        }
    }

    fn is_empty(&self) -> bool {
        let waiting = self.waiting.borrow();
        waiting.messages.is_empty() && waiting.calls.is_empty()
    }

    fn has_room(&self) -> bool {
        self.queue_bytes() < self.max_bytes
    }

    /// Makes sure that the outcome of the next batch will be among `answers`; `batch` is the one that already is.
    fn hear(&self, batch: &mut Option<u64>, answers: &mut Vec<oneshot::Receiver<Outcome>>) {
        let mut waiting = self.waiting.borrow_mut();
        if *batch != Some(waiting.number) {
            let (call, answer) = oneshot::channel();
            waiting.calls.push(call);
            answers.push(answer);
            *batch = Some(waiting.number);
        }
    }
}

/// Bytes that are being sent, until it is dropped.
struct UnderWay<'b>(&'b Cell<usize>);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.set(0);
    }
}

/// Lets other tasks run.
async fn give_way() {
    let mut has_given = false;
    poll_fn(|context| {
        if std::mem::replace(&mut has_given, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl<T: Transport> fmt::Debug for Logger<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logger").field("sink", &self.sink).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

//! Records in, messages out: messages wait for the receiver within a bound and are sent one batch at a time, so that
//! records that come meanwhile share the next.
//!
//! Under `best_effort` nobody waits: some task sends what waits, and what finds the queue full gets no message and is
//! counted. Under `at_least_once` a call ends when the receiver has confirmed its messages; of the calls that wait, one
//! sends for all. When the queue is full it waits for room.
//!
//! Calls that wait for each other look again by the clock: Spin's components trap when one request wakes another.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

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
    /// Whether somebody sends.
    turn_is_taken: Cell<bool>,
    max_bytes: usize,
}

/// What the logger asks of the program around it.
#[expect(async_fn_in_trait, reason = "futures need not be Send: components are single-threaded")]
pub trait Surroundings {
    /// Time since some fixed moment, never going back.
    fn ticks(&self) -> Duration;

    /// Hears of each attempt to send that failed.
    fn failed(&self, error: &DeliveryError);

    /// Waits.
    async fn sleep(&self, duration: Duration);
}

/// What the next batch will be.
#[derive(Default)]
struct Waiting {
    /// Tells one batch from the next.
    number: u64,
    messages: Messages,
    /// Calls that want to hear what became of it.
    calls: Vec<Rc<Answer>>,
}

type Outcome = Result<(), DeliveryError>;

/// Where a batch's outcome is put. Held by the batch and by the call that waits.
type Answer = Cell<Option<Outcome>>;

/// Rest between two looks of a call that waits.
const LOOK_AGAIN: Duration = Duration::from_micros(500);
/// How long a call that makes many messages stands back for others.
const GIVE_WAY: Duration = Duration::from_micros(100);

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
            turn_is_taken: Cell::new(false),
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
                surroundings.sleep(GIVE_WAY).await;
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
        !self.is_empty() && !self.turn_is_taken.get()
    }

    /// Sends what waits, and what comes meanwhile, until nothing is left. Does nothing while somebody else sends.
    pub async fn send(&self, surroundings: &impl Surroundings) {
        let Some(_turn) = Turn::take(&self.turn_is_taken) else { return };
        while !self.is_empty() {
            self.send_batch(surroundings).await;
        }
    }

    /// Waits for the outcomes, and sends when nobody else does.
    async fn confirm(&self, answers: &mut Vec<Rc<Answer>>, surroundings: &impl Surroundings) -> Outcome {
        for answer in answers.drain(..) {
            loop {
                if let Some(outcome) = answer.take() {
                    break outcome?;
                }
                // Whoever sent the batch was cut off, and the batch with it.
                if Rc::strong_count(&answer) == 1 {
                    return Err(DeliveryError::BrokenOff);
                }
                match Turn::take(&self.turn_is_taken) {
                    Some(_turn) => self.send_batch(surroundings).await,
                    None => surroundings.sleep(LOOK_AGAIN).await,
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
            call.set(Some(outcome.clone()));
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
    fn hear(&self, batch: &mut Option<u64>, answers: &mut Vec<Rc<Answer>>) {
        let mut waiting = self.waiting.borrow_mut();
        if *batch != Some(waiting.number) {
            let answer = Rc::default();
            waiting.calls.push(Rc::clone(&answer));
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

/// The right to send, given back when dropped.
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

impl<T: Transport> fmt::Debug for Logger<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logger").field("sink", &self.sink).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

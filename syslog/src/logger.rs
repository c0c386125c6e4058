//! Records in, messages out: the syslog receiver as a destination of stored records.

use gatelog_forward::{Batch, Bounds, Destination, Forwarder, Guarantee, Runtime};
use gatelog_record::{AccessRecord, Timestamp};

use crate::config::SinkConfig;
use crate::delivery::{Delivery, DeliveryError};
use crate::kong::request_view::RequestView;
use crate::lua::ScriptTime;
use crate::message::frame::Messages;
use crate::notes::Notes;
use crate::sink::{Choice, Sink};
use crate::stats::Stats;
use crate::transport::Transport;

/// The whole sink: lives as long as the instance.
pub type Logger<T> = Forwarder<Receiver<T>>;

/// The receiver of messages, with the sink that makes them.
pub struct Receiver<T: Transport> {
    sink: Sink,
    delivery: Delivery<T>,
}

/// Messages of kept records are sent when they have this many bytes together.
const BATCH_BYTES: usize = 256 * 1024;

/// A new logger, which has sent nothing.
pub fn logger<T: Transport>(sink: Sink, options: &SinkConfig, transport: T) -> Logger<T> {
    let delivery = Delivery::new(transport, options.promise);
    let bounds =
        Bounds { max_records: usize::MAX, max_bytes: options.queue_max_bytes, batch_bytes: BATCH_BYTES };
    Forwarder::new(Receiver { sink, delivery }, bounds)
}

impl<T: Transport> Receiver<T> {
    /// The counters.
    pub fn stats(&self) -> &Stats {
        &self.sink.stats
    }

    /// Messages from and about scripts, for the operator.
    pub fn notes(&self) -> &Notes {
        &self.sink.notes
    }
}

impl<T: Transport> Destination for Receiver<T> {
    type Batch = Messages;
    type Choice = Choice;
    type Request = ScriptTime;
    type Error = DeliveryError;

    fn guarantee(&self) -> Guarantee {
        self.delivery.promise()
    }

    fn begin(&self, now: Timestamp) -> ScriptTime {
        self.sink.script_time(now)
    }

    fn choose(&self, record: &AccessRecord<'_>) -> Option<Choice> {
        self.sink.choose(&RequestView::from_record(record))
    }

    fn write(&self, batch: &mut Messages, record: &AccessRecord<'_>, choice: Choice, time: &ScriptTime) {
        self.sink.write(batch, &RequestView::from_record(record), choice, time);
    }

    fn count_dropped(&self) {
        self.stats().dropped.add(1);
    }

    async fn send(&self, batch: &Messages, runtime: &impl Runtime) -> Result<(), DeliveryError> {
        let outcome = self.delivery.deliver(batch, || runtime.ticks(), self.stats()).await;
        if let Err(error @ DeliveryError::Transport { .. }) = &outcome {
            runtime.delivery_failed(error);
        }
        outcome
    }
}

impl Batch for Messages {
    fn records(&self) -> usize {
        self.len()
    }

    fn bytes(&self) -> usize {
        Messages::bytes(self)
    }
}

#[cfg(test)]
mod tests;

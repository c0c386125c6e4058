//! Wakes a task through a stream of the component model, whose end the host signals.

use spin_sdk::wasip3::wit_bindgen::{StreamReader, StreamWriter};
use spin_sdk::wasip3::wit_stream;

pub(super) type Sender = StreamWriter<u8>;
pub(super) type Receiver = StreamReader<u8>;

pub(super) fn channel() -> (Sender, Receiver) {
    wit_stream::new()
}

/// Nothing is ever written, so the read ends when the writer is dropped.
pub(super) async fn wait(mut receiver: Receiver) {
    let _ = receiver.read(Vec::with_capacity(1)).await;
}

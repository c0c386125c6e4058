//! The seam to the network: a transport opens connections, a connection sends messages. Its implementations are the
//! only code of this crate that does I/O.

use std::fmt;

use thiserror::Error;

use crate::message::frame::Messages;

#[cfg(feature = "native")]
pub mod native;
pub mod target;
#[cfg(target_family = "wasm")]
pub mod wasi;

/// Datagrams that are sent without a pause, and the pause after them. A system keeps some 100 to 200 datagrams of one
/// kilobyte for a receiver that is busy, and drops the rest unseen; a batch is larger.
#[cfg(any(feature = "native", target_family = "wasm"))]
const BURST: (usize, std::time::Duration) = (64, std::time::Duration::from_millis(1));

/// Opens connections to the receiver.
#[expect(async_fn_in_trait, reason = "futures need not be Send: components are single-threaded")]
pub trait Transport {
    /// What it opens.
    type Connection: Connection;

    /// Opens a connection; gives up within a time that the transport bounds.
    ///
    /// # Errors
    ///
    /// When the receiver cannot be reached in that time.
    async fn connect(&self) -> Result<Self::Connection, TransportError>;
}

/// A way to the receiver; every call ends within a time that the transport bounds.
#[expect(async_fn_in_trait, reason = "futures need not be Send: components are single-threaded")]
pub trait Connection {
    /// Whether the receiver has not closed it, as far as is known now: it does not wait for news.
    async fn is_open(&mut self) -> bool;

    /// Hands the messages from the one at `first` on to the network, and tells how many of them the network refused
    /// one by one.
    ///
    /// # Errors
    ///
    /// When the connection broke; it is of no use then.
    async fn send(&mut self, messages: &Messages, first: usize) -> Result<usize, SendError>;

    /// Ends the connection and waits until the receiver has read everything. Transports that cannot know answer at
    /// once.
    ///
    /// # Errors
    ///
    /// When the receiver did not confirm it; it may have lost what was sent before.
    async fn finish(self) -> Result<(), TransportError>;
}

/// Why something could not be done with the network.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{doing}: {reason}")]
pub struct TransportError {
    /// What was tried, with the address.
    pub doing: String,
    /// What went wrong.
    pub reason: String,
}

/// A connection that broke while sending.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{error}")]
pub struct SendError {
    /// How many messages, counted from the first that was to be sent, had been handed over whole.
    pub sent: usize,
    /// What went wrong.
    pub error: TransportError,
}

impl TransportError {
    /// An error from its two texts.
    pub fn new(doing: impl fmt::Display, reason: impl fmt::Display) -> Self {
        Self { doing: doing.to_string(), reason: reason.to_string() }
    }
}

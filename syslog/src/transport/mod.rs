//! The interface to the network: a transport opens connections, a connection sends messages. The implementations
//! are the only code of this crate that does I/O.

use std::fmt;

use thiserror::Error;

use crate::message::frame::Messages;

#[cfg(feature = "native")]
pub mod native;
pub mod target;
#[cfg(target_family = "wasm")]
pub mod wasi;

/// The number of datagrams sent without a pause, and the pause after them. A system buffers some 100 to 200 datagrams
/// of one kilobyte for a busy receiver and silently drops the rest; a batch is larger.
#[cfg(any(feature = "native", target_family = "wasm"))]
const BURST: (usize, std::time::Duration) = (64, std::time::Duration::from_millis(1));

/// Opens connections to the receiver.
#[expect(async_fn_in_trait, reason = "futures need not be Send: components are single-threaded")]
pub trait Transport {
    /// The type of its connections.
    type Connection: Connection;

    /// Opens a connection within a time that the transport bounds.
    ///
    /// # Errors
    ///
    /// When the receiver cannot be reached within that time.
    async fn connect(&self) -> Result<Self::Connection, TransportError>;
}

/// A connection to the receiver; every call ends within a time that the transport bounds.
#[expect(async_fn_in_trait, reason = "futures need not be Send: components are single-threaded")]
pub trait Connection {
    /// Whether the receiver is not known to have closed the connection. This does not wait.
    async fn is_open(&mut self) -> bool;

    /// Hands the messages from `first` on to the network, and returns how many of them the network refused one by
    /// one.
    ///
    /// # Errors
    ///
    /// When the connection broke; it is then unusable.
    async fn send(&mut self, messages: &Messages, first: usize) -> Result<usize, SendError>;

    /// Ends the connection and waits until the receiver has read everything. Transports that cannot know this
    /// return at once.
    ///
    /// # Errors
    ///
    /// When the receiver did not confirm; it may have lost earlier messages.
    async fn finish(self) -> Result<(), TransportError>;
}

/// Why a network operation failed.
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
    /// The number of messages, from the first to be sent, that had been handed over completely.
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

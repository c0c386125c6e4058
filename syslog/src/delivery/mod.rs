//! Delivers messages: keeps and replaces connections, and resends or counts messages that fail.
//!
//! `best_effort` keeps connections open between batches. A batch whose connection breaks continues over a new one,
//! from the first message that was not handed over; messages that fail then are given up and counted. TCP hands bytes
//! to the network, not to the receiver, so messages can be lost unnoticed when a receiver stops.
//!
//! `at_least_once` ends the connection after each batch and waits for the receiver to close its side, which it does
//! when it has read everything. If anything fails before that, the whole batch has failed and the caller is told, so
//! that it can send the batch again; messages may then arrive twice. Two gaps remain: a receiver that closes the
//! connection during the round trip of the last bytes looks like one that has read them, and the receiver alone is
//! responsible for what it has read.
//!
//! After a batch has failed, nothing is tried until a pause of 100 ms to 10 s has passed, so that a receiver that is
//! absent or does not read does not delay every batch.

use std::cell::RefCell;
use std::time::Duration;

use gatelog_forward::{BrokenOff, Guarantee, Pause};
use thiserror::Error;

use crate::message::frame::Messages;
use crate::stats::Stats;
use crate::transport::{Connection, Transport, TransportError};

/// Sends messages over a transport.
#[derive(Debug)]
pub struct Delivery<T: Transport> {
    transport: T,
    promise: Guarantee,
    /// Open connections that no batch is using.
    idle: RefCell<Vec<T::Connection>>,
    /// After a failed batch, nothing is tried until its end.
    pause: Pause,
}

/// Messages that were not sent.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeliveryError {
    /// The receiver was not reached, or the connection broke.
    #[error("{failed} of {all} syslog messages were not delivered: {source}")]
    Transport {
        /// The number of messages that failed.
        failed: usize,
        /// The number of messages in the batch.
        all: usize,
        /// What went wrong.
        source: TransportError,
    },
    /// Not tried, because a batch failed shortly before.
    #[error("{all} syslog messages were not sent: the receiver has failed before, next attempt in {wait:?}")]
    Paused {
        /// The number of messages in the batch.
        all: usize,
        /// The rest of the pause.
        wait: Duration,
    },
    /// The task that was sending them ended early.
    #[error(transparent)]
    BrokenOff(#[from] BrokenOff),
}

/// Idle connections that are kept. Overlapping batches open more, which are closed after use.
const MAX_IDLE: usize = 2;

impl<T: Transport> Delivery<T> {
    /// A delivery that has not connected yet.
    pub fn new(transport: T, promise: Guarantee) -> Self {
        Self { transport, promise, idle: RefCell::new(Vec::new()), pause: Pause::default() }
    }

    /// The delivery guarantee.
    pub fn promise(&self) -> Guarantee {
        self.promise
    }

    /// Sends the messages. `now` is the time since any fixed moment. May be called while another call waits.
    ///
    /// # Errors
    ///
    /// The reason why messages were not sent; they have been counted. Under [`Guarantee::BestEffort`] the caller
    /// only logs it; under [`Guarantee::AtLeastOnce`] the caller must not acknowledge the records.
    pub async fn deliver(
        &self,
        messages: &Messages,
        now: impl Fn() -> Duration,
        stats: &Stats,
    ) -> Result<(), DeliveryError> {
        let all = messages.len();
        if all == 0 {
            return Ok(());
        }
        if let Some(wait) = self.pause.rest(now()) {
            stats.failed.add(all);
            return Err(DeliveryError::Paused { all, wait });
        }
        let result = match self.promise {
            Guarantee::BestEffort => self.send_and_keep(messages, stats).await,
            Guarantee::AtLeastOnce => self.send_and_confirm(messages, stats).await,
        };
        match result {
            Ok(0) => {
                self.pause.end();
                stats.sent.add(all);
                Ok(())
            }
            // Messages that the network refused one by one say nothing about the rest.
            Ok(failed) => {
                stats.failed.add(failed);
                stats.sent.add(all.saturating_sub(failed));
                let source = TransportError::new("sending", "the network refused messages");
                Err(DeliveryError::Transport { failed, all, source })
            }
            Err((failed, source)) => {
                self.pause.begin(now(), Duration::ZERO, 0);
                stats.failed.add(failed);
                stats.sent.add(all.saturating_sub(failed));
                Err(DeliveryError::Transport { failed, all, source })
            }
        }
    }

    /// Returns how many messages were refused one by one; an error says how many failed.
    async fn send_and_keep(
        &self,
        messages: &Messages,
        stats: &Stats,
    ) -> Result<usize, (usize, TransportError)> {
        let (all, mut first, mut may_retry) = (messages.len(), 0, true);
        loop {
            let mut connection = match self.idle_connection().await {
                Some(connection) => connection,
                None => self.connect(stats).await.map_err(|error| (all.saturating_sub(first), error))?,
            };
            match connection.send(messages, first).await {
                Ok(refused) => {
                    self.keep(connection);
                    return Ok(refused);
                }
                Err(error) => {
                    first += error.sent;
                    if !may_retry {
                        return Err((all.saturating_sub(first), error.error));
                    }
                    may_retry = false;
                    // Whatever broke one connection has most likely broken the others.
                    self.idle.borrow_mut().clear();
                }
            }
        }
    }

    /// Like the function above, but all messages fail together.
    async fn send_and_confirm(
        &self,
        messages: &Messages,
        stats: &Stats,
    ) -> Result<usize, (usize, TransportError)> {
        let failed = |error| (messages.len(), error);
        let mut connection = self.connect(stats).await.map_err(failed)?;
        connection.send(messages, 0).await.map_err(|error| failed(error.error))?;
        connection.finish().await.map_err(failed)?;
        Ok(0)
    }

    async fn idle_connection(&self) -> Option<T::Connection> {
        loop {
            let mut connection = self.idle.borrow_mut().pop()?;
            if connection.is_open().await {
                return Some(connection);
            }
        }
    }

    fn keep(&self, connection: T::Connection) {
        let mut idle = self.idle.borrow_mut();
        if idle.len() < MAX_IDLE {
            idle.push(connection);
        }
    }

    async fn connect(&self, stats: &Stats) -> Result<T::Connection, TransportError> {
        let connected = self.transport.connect().await;
        let counter = if connected.is_ok() { &stats.connects } else { &stats.connect_errors };
        counter.add(1);
        connected
    }
}

#[cfg(test)]
mod tests;

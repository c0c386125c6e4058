//! Passes the rows of a statement to the component.
//!
//! SQLite runs ahead of the component by one batch. The connection stays in use until the component has read all
//! but [`UNREAD_ROWS`] rows, because Spin's own host lets a statement end when only that many are unread.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};
use wasmtime::StoreContextMut;
use wasmtime::component::{Destination, StreamProducer, StreamResult, VecBuffer};

use super::lease::{Batch, Lease, stopped};
use crate::bindings::sqlite::{Error, RowResult};

/// Rows that may be unread when the statement counts as ended.
pub(super) const UNREAD_ROWS: usize = 4;

/// All rows of a statement.
pub(super) struct Rows {
    buffered: VecDeque<RowResult>,
    source: Source,
    outcome: Option<oneshot::Sender<Result<(), Error>>>,
}

/// The source of further rows.
enum Source {
    /// The statement is paused until the buffer is empty.
    Held(Lease),
    /// A thread is reading more.
    Fetching(JoinHandle<(Batch, Lease)>),
    /// There are none. When few enough rows are unread, the connection is returned and the outcome reported.
    Ended { lease: Option<Lease>, end: Option<Result<(), Error>> },
}

impl Rows {
    /// Rows that begin with this batch and continue from the connection, if it is still held.
    pub(super) fn new(batch: Batch, lease: Option<Lease>) -> Self {
        let mut rows = Self {
            buffered: VecDeque::new(),
            source: Source::Ended { lease: None, end: None },
            outcome: None,
        };
        rows.take_in(batch, lease);
        rows
    }

    /// The statement's outcome, reported when all but the last few rows are read.
    pub(super) fn outcome(&mut self) -> oneshot::Receiver<Result<(), Error>> {
        let (sender, receiver) = oneshot::channel();
        self.outcome = Some(sender);
        self.settle();
        receiver
    }

    fn take_in(&mut self, batch: Batch, lease: Option<Lease>) {
        self.buffered.extend(batch.rows);
        self.source = match (batch.end, lease) {
            (None, Some(lease)) => Source::Held(lease),
            (end, lease) => Source::Ended { lease, end },
        };
        self.settle();
        if let Source::Held(lease) | Source::Ended { lease: Some(lease), .. } = &self.source {
            lease.set_unread(true);
        }
    }

    /// Ends the statement if the component has read enough.
    fn settle(&mut self) {
        if let Source::Ended { lease, end } = &mut self.source
            && self.buffered.len() <= UNREAD_ROWS
        {
            drop(lease.take());
            if let Some(outcome) = self.outcome.take_if(|_| end.is_some())
                && let Some(end) = end.take()
            {
                // The component may have dropped the receiver.
                let _ = outcome.send(end);
            }
        }
    }

    /// Waits until a row is buffered; `false` when there are no more.
    fn poll_row(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        loop {
            if !self.buffered.is_empty() {
                return Poll::Ready(true);
            }
            let no_source = Source::Ended { lease: None, end: None };
            match std::mem::replace(&mut self.source, no_source) {
                ended @ Source::Ended { .. } => {
                    self.source = ended;
                    return Poll::Ready(false);
                }
                Source::Held(mut lease) => {
                    lease.set_unread(false);
                    self.source = Source::Fetching(spawn_blocking(move || (lease.batch(), lease)));
                }
                Source::Fetching(mut job) => {
                    let Poll::Ready(fetched) = Pin::new(&mut job).poll(cx) else {
                        self.source = Source::Fetching(job);
                        return Poll::Pending;
                    };
                    match fetched {
                        Ok((batch, lease)) => self.take_in(batch, Some(lease)),
                        Err(error) => self.take_in(Batch::failed(stopped(&error)), None),
                    }
                }
            }
        }
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        if let Some(outcome) = self.outcome.take() {
            let unread = Error::Io("the rows were dropped before they were read to their end".to_owned());
            let _ = outcome.send(Err(unread));
        }
    }
}

impl<D> StreamProducer<D> for Rows {
    type Item = RowResult;
    type Buffer = VecBuffer<RowResult>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut store: StoreContextMut<'a, D>,
        mut destination: Destination<'a, RowResult, VecBuffer<RowResult>>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let more = match self.poll_row(cx) {
            Poll::Pending if finish => return Poll::Ready(Ok(StreamResult::Cancelled)),
            poll => ready!(poll),
        };
        if !more {
            return Poll::Ready(Ok(StreamResult::Dropped));
        }
        let count = destination.remaining(&mut store).unwrap_or(usize::MAX).min(self.buffered.len());
        if count > 0 {
            let rows: Vec<RowResult> = self.buffered.drain(..count).collect();
            destination.set_buffer(VecBuffer::from(rows));
            self.settle();
        }
        let all_read = self.buffered.is_empty() && matches!(self.source, Source::Ended { .. });
        Poll::Ready(Ok(if all_read { StreamResult::Dropped } else { StreamResult::Completed }))
    }
}

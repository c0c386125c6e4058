//! Passes the rows of a statement to the component.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::sync::mpsc;
use wasmtime::StoreContextMut;
use wasmtime::component::{Destination, StreamProducer, StreamResult, VecBuffer};

use crate::bindings::mysql::DbValue;

/// Rows as the server sends them.
pub(super) struct Rows {
    rows: mpsc::Receiver<Vec<DbValue>>,
}

impl Rows {
    /// The rows sent to this receiver.
    pub(super) fn new(rows: mpsc::Receiver<Vec<DbValue>>) -> Self {
        Self { rows }
    }
}

impl<D> StreamProducer<D> for Rows {
    type Item = Vec<DbValue>;
    type Buffer = VecBuffer<Vec<DbValue>>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        _: StoreContextMut<'a, D>,
        mut destination: Destination<'a, Vec<DbValue>, VecBuffer<Vec<DbValue>>>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let next = match self.rows.poll_recv(cx) {
            Poll::Pending if finish => return Poll::Ready(Ok(StreamResult::Cancelled)),
            poll => ready!(poll),
        };
        Poll::Ready(Ok(match next {
            Some(row) => {
                destination.set_buffer(VecBuffer::from(vec![row]));
                StreamResult::Completed
            }
            None => StreamResult::Dropped,
        }))
    }
}

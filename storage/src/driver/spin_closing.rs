//! Decides when connections may be closed under Spin, whose MySQL host could otherwise deadlock.
//!
//! Spin's host holds a lock of the instance while it opens a connection, which never ends if the server hangs.
//! Statements that begin meanwhile queue for that lock, first come, first served, and need it only briefly. Closing a
//! connection waits for the lock too, but this wait blocks everything else in the instance, including the current and
//! the next holder of the lock. A connection is therefore kept until no call can hold or wait for the lock, and only
//! then closed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

/// The calls of an instance to the host, and the connections waiting to be closed.
#[derive(Debug)]
pub(crate) struct Closing<C> {
    /// The number of the next call.
    next: Cell<u64>,
    /// Calls that open a connection.
    opening: RefCell<BTreeSet<u64>>,
    /// Statements that may still wait for the lock.
    queued: RefCell<BTreeSet<u64>>,
    waiting: RefCell<Vec<C>>,
}

/// A call of the host. If it is dropped before it is done, its request was cancelled, and the host no longer runs
/// it.
#[derive(Debug)]
pub(crate) struct Call<'c, C> {
    closing: &'c Closing<C>,
    number: u64,
}

impl<C> Default for Closing<C> {
    fn default() -> Self {
        let (next, opening, queued, waiting) = Default::default();
        Self { next, opening, queued, waiting }
    }
}

impl<C> Closing<C> {
    /// Opens a connection with `call`.
    pub(crate) async fn opening<T>(&self, call: impl Future<Output = T>) -> T {
        let this = self.begin_opening();
        let answer = call.await;
        this.done();
        answer
    }

    /// Runs a statement with `call`.
    pub(crate) async fn statement<T>(&self, call: impl Future<Output = T>) -> T {
        let this = self.begin_statement();
        let answer = call.await;
        this.done();
        answer
    }

    /// Closes a connection, now or as soon as possible.
    pub(crate) fn close(&self, connection: C) {
        self.waiting.borrow_mut().push(connection);
        self.close_if_free();
    }

    fn begin_opening(&self) -> Call<'_, C> {
        let call = self.begin();
        self.opening.borrow_mut().insert(call.number);
        call
    }

    fn begin_statement(&self) -> Call<'_, C> {
        let is_free = self.is_free();
        let call = self.begin();
        // When the lock is free, the host takes and releases it before the call is first pending.
        if !is_free {
            self.queued.borrow_mut().insert(call.number);
        }
        call
    }

    fn begin(&self) -> Call<'_, C> {
        let number = self.next.get();
        self.next.set(number.wrapping_add(1));
        Call { closing: self, number }
    }

    fn is_free(&self) -> bool {
        self.opening.borrow().is_empty() && self.queued.borrow().is_empty()
    }

    fn close_if_free(&self) {
        if self.is_free() {
            // The borrow ends before the connections are closed.
            let connections = self.waiting.take();
            drop(connections);
        }
    }
}

impl<C> Call<'_, C> {
    /// The host has responded, so this call has had the lock, and so have the statements that queued before
    /// it.
    fn done(self) {
        self.closing.queued.borrow_mut().retain(|queued| *queued > self.number);
    }
}

impl<C> Drop for Call<'_, C> {
    fn drop(&mut self) {
        self.closing.opening.borrow_mut().remove(&self.number);
        self.closing.queued.borrow_mut().remove(&self.number);
        self.closing.close_if_free();
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use futures::FutureExt as _;

    use super::*;

    /// A connection, with an additional reference as long as it is open.
    fn connection() -> (Rc<()>, Rc<()>) {
        let connection = Rc::new(());
        (Rc::clone(&connection), connection)
    }

    fn is_open(held: &Rc<()>) -> bool {
        Rc::strong_count(held) > 1
    }

    #[test]
    fn a_connection_is_closed_at_once_when_the_running_statements_have_passed_the_lock() {
        let closing = Closing::default();
        let statement = closing.begin_statement();
        let (held, connection) = connection();
        closing.close(connection);
        assert!(!is_open(&held));
        statement.done();
    }

    #[test]
    fn calls_return_the_hosts_results_and_leave_the_lock_free() {
        let closing = Closing::<()>::default();
        assert_eq!(closing.opening(async { 1 }).now_or_never(), Some(1));
        assert_eq!(closing.opening(std::future::pending::<u8>()).now_or_never(), None);
        assert_eq!(closing.statement(async { 2 }).now_or_never(), Some(2));
        assert!(closing.is_free());
    }

    #[test]
    fn a_connection_stays_open_while_another_is_being_opened() {
        let closing = Closing::default();
        let (first, second) = (closing.begin_opening(), closing.begin_opening());
        let (held, connection) = connection();
        closing.close(connection);
        first.done();
        assert!(is_open(&held));
        drop(second);
        assert!(!is_open(&held));
    }

    #[test]
    fn a_statement_that_queued_behind_an_opening_keeps_connections_open_until_it_has_passed() {
        let closing = Closing::default();
        let opening = closing.begin_opening();
        let (first, second) = (closing.begin_statement(), closing.begin_statement());
        let (held, connection) = connection();
        closing.close(connection);
        drop(opening);
        assert!(is_open(&held), "the lock was handed to the first statement");
        let third = closing.begin_statement();
        first.done();
        assert!(is_open(&held), "and then to the second");
        third.done();
        assert!(!is_open(&held), "which the third shows to have passed");
        second.done();
    }

    #[test]
    fn a_cancelled_statement_no_longer_queues() {
        let closing = Closing::default();
        let opening = closing.begin_opening();
        let statement = closing.begin_statement();
        let (held, connection) = connection();
        closing.close(connection);
        opening.done();
        assert!(is_open(&held));
        drop(statement);
        assert!(!is_open(&held));
    }
}

//! Connections for the life of an instance of a component: kept, bounded in number and time, opened again when they
//! break. What a connection is, and how time passes, a [`Connect`] says.
//!
//! An instance serves many requests, several at once. Each connection is used by one request at a time. A connection
//! whose statement failed is closed, and so is one whose request was cut off; the next request opens a new one.

use std::cell::Cell;
use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use futures::lock::{Mutex, MutexGuard};

use crate::{Dialect, Executor, Rows, Statement, StorageError, schema};

/// Rest between two looks whether a connection is free.
const LOOK_AGAIN: Duration = Duration::from_micros(500);

/// How to reach a database.
#[expect(async_fn_in_trait, reason = "futures need not be Send: components are single-threaded")]
pub trait Connect {
    /// A connection, on which statements run one after the other.
    type Connection: Executor;

    /// The SQL that the database understands.
    fn dialect(&self) -> Dialect;

    /// Opens a connection and sets it up.
    ///
    /// # Errors
    ///
    /// When the database cannot be reached, or may not be used.
    async fn connect(&self) -> Result<Self::Connection, StorageError>;

    /// Waits.
    async fn sleep(&self, duration: Duration);
}

/// A database with at most `CONNECTIONS` connections.
#[derive(Debug)]
pub struct Pool<C: Connect, const CONNECTIONS: usize> {
    connect: C,
    time_limit: Duration,
    slots: [Mutex<Option<C::Connection>>; CONNECTIONS],
    schema_is_ready: Cell<bool>,
}

impl<C: Connect, const CONNECTIONS: usize> Pool<C, CONNECTIONS> {
    /// A database of which nothing is opened yet. A statement that has no answer after `time_limit`, the time for a
    /// connection and the schema included, fails.
    pub fn new(connect: C, time_limit: Duration) -> Self {
        Self {
            connect,
            time_limit,
            slots: [const { Mutex::new(None) }; CONNECTIONS],
            schema_is_ready: Cell::new(false),
        }
    }

    async fn run_on_a_connection(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        let mut slot = self.slot().await;
        // Taken out, so that a request that is cut off here takes the connection with it.
        if let Some(kept) = slot.take() {
            match kept.run(statement).await {
                // It broke while nobody used it, as when the server was restarted. Statements may be run again.
                Err(StorageError::Disconnected { .. }) => {}
                answer => return self.settle(&mut slot, kept, answer),
            }
        }
        let new = self.open().await?;
        let answer = new.run(statement).await;
        self.settle(&mut slot, new, answer)
    }

    /// Keeps a connection that answered.
    fn settle(
        &self,
        slot: &mut Option<C::Connection>,
        connection: C::Connection,
        answer: Result<Rows, StorageError>,
    ) -> Result<Rows, StorageError> {
        match &answer {
            Ok(_) => *slot = Some(connection),
            // The database may have been replaced: look at the schema again.
            Err(_) => self.schema_is_ready.set(false),
        }
        answer
    }

    async fn open(&self) -> Result<C::Connection, StorageError> {
        let connection = self.connect.connect().await?;
        if !self.schema_is_ready.get() {
            schema::ensure(&connection).await?;
            self.schema_is_ready.set(true);
        }
        Ok(connection)
    }

    /// A slot that nobody uses, one with a connection first.
    ///
    /// Requests of one instance cannot wake each other: only the host wakes them, so they wait by the clock.
    async fn slot(&self) -> MutexGuard<'_, Option<C::Connection>> {
        loop {
            let free = || self.slots.iter().filter_map(Mutex::try_lock);
            if let Some(slot) = free().find(|slot| slot.is_some()).or_else(|| free().next()) {
                return slot;
            }
            self.connect.sleep(LOOK_AGAIN).await;
        }
    }
}

impl<C: Connect, const CONNECTIONS: usize> Executor for Pool<C, CONNECTIONS> {
    fn dialect(&self) -> Dialect {
        self.connect.dialect()
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        let work = pin!(self.run_on_a_connection(statement));
        let limit = pin!(self.connect.sleep(self.time_limit));
        match select(work, limit).await {
            Either::Left((answer, _)) => answer,
            Either::Right(((), _)) => {
                self.schema_is_ready.set(false);
                let limit = self.time_limit.as_millis();
                Err(StorageError::Unavailable { reason: format!("no answer within {limit} ms") })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::future::pending;
    use std::rc::Rc;

    use super::*;

    /// What the connections do with each statement that follows, in order; `None` never answers.
    type Script = Rc<RefCell<Vec<Option<Result<(), StorageError>>>>>;

    struct Fake {
        script: Script,
        opened: Cell<usize>,
        time_passes: bool,
    }

    struct FakeConnection(Script);

    impl Connect for Fake {
        type Connection = FakeConnection;

        fn dialect(&self) -> Dialect {
            Dialect::Sqlite
        }

        async fn connect(&self) -> Result<FakeConnection, StorageError> {
            self.opened.set(self.opened.get() + 1);
            Ok(FakeConnection(Rc::clone(&self.script)))
        }

        async fn sleep(&self, _: Duration) {
            if !self.time_passes {
                pending::<()>().await;
            }
        }
    }

    impl Executor for FakeConnection {
        fn dialect(&self) -> Dialect {
            Dialect::Sqlite
        }

        async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
            if statement.sql().contains("gatelog_schema") {
                return Ok(vec![vec![crate::Value::Integer(schema::VERSION)]]);
            }
            let next = self.0.borrow_mut().remove(0);
            match next {
                Some(answer) => answer.map(|()| Rows::new()),
                None => pending().await,
            }
        }
    }

    fn pool(script: Vec<Option<Result<(), StorageError>>>, time_passes: bool) -> Pool<Fake, 2> {
        let fake = Fake { script: Rc::new(RefCell::new(script)), opened: Cell::new(0), time_passes };
        Pool::new(fake, Duration::from_millis(4_000))
    }

    fn broken() -> Option<Result<(), StorageError>> {
        Some(Err(StorageError::Disconnected { reason: "reset".to_owned() }))
    }

    fn statement() -> Statement<'static> {
        Statement::new("SELECT 1", Vec::new())
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_kept_connection_that_broke_is_replaced_and_the_statement_runs_again() {
        let pool = pool(vec![Some(Ok(())), Some(Ok(())), broken(), Some(Ok(()))], false);
        for _ in 0..3 {
            assert!(pool.run(&statement()).await.is_ok());
        }
        assert_eq!(pool.connect.opened.get(), 2);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_new_connection_that_breaks_is_an_error() {
        let pool = pool(vec![Some(Ok(())), broken(), broken(), Some(Ok(()))], false);
        assert!(pool.run(&statement()).await.is_ok());
        assert!(pool.run(&statement()).await.is_err());
        assert!(pool.run(&statement()).await.is_ok());
        assert_eq!(pool.connect.opened.get(), 3);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_statement_without_an_answer_fails_when_its_time_is_over_and_takes_its_connection_along() {
        let pool = pool(vec![None, Some(Ok(()))], true);
        let error = pool.run(&statement()).await.unwrap_err();
        assert_eq!(error.to_string(), "the database is unavailable: no answer within 4000 ms");
        assert!(pool.run(&statement()).await.is_ok());
        assert_eq!(pool.connect.opened.get(), 2);
    }
}

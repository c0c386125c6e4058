//! Connections for the life of an instance of a component: kept, bounded in number and time, opened again when they
//! break. A [`Connect`] defines what a connection is and how time passes.
//!
//! An instance serves many requests, several at once. Each connection is used by one request at a time, in the order of
//! asking. A connection whose statement failed is closed, unless the statement alone was to blame, and so is one whose
//! request was cut off; the next request opens a new one.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use gatelog_sync::Semaphore;

use crate::schema::Partitioning;
use crate::{Dialect, Executor, Rows, Statement, StorageError, schema};

/// How to reach a database.
#[expect(async_fn_in_trait, reason = "futures need not be Send: components are single-threaded")]
pub trait Connect {
    /// A connection, on which statements run one after the other.
    type Connection: Executor;

    /// The SQL that the database understands.
    fn dialect(&self) -> Dialect;

    /// As [`Executor::keeps_prepared`], of its connections.
    fn keeps_prepared(&self) -> bool {
        false
    }

    /// How the table of records is divided if it has to be created.
    fn partitioning(&self) -> Partitioning {
        Partitioning::None
    }

    /// Opens a connection and sets it up.
    ///
    /// # Errors
    ///
    /// When the database cannot be reached, or may not be used.
    async fn connect(&self) -> Result<Self::Connection, StorageError>;

    /// Waits.
    async fn sleep(&self, duration: Duration);

    /// Whether a new connection sees what `connection` has committed, by the question [`Statement::probe`]. A file can be
    /// deleted or replaced while connections have it open; they go on in the old one, which no name leads to. A server
    /// has no such trouble, and its driver leaves this alone.
    ///
    /// # Errors
    ///
    /// When the new connection fails.
    async fn sees(&self, connection: &Self::Connection, probe: &Statement<'_>) -> Result<bool, StorageError> {
        let _ = (connection, probe);
        Ok(true)
    }
}

/// A database with a bounded number of connections.
#[derive(Debug)]
pub struct Pool<C: Connect> {
    connect: C,
    time_limit: Duration,
    permits: Semaphore,
    idle: RefCell<Vec<C::Connection>>,
    schema: Cell<Schema>,
}

/// What is known about the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Schema {
    /// Nothing: the pool has not seen the database yet, or it may have been replaced.
    Unknown,
    /// They match this version.
    Ready,
    /// The database did not understand a statement, so its recorded version proves nothing.
    Doubtful,
}

impl<C: Connect> Pool<C> {
    /// A database without open connections, which will have at most `connections`. A statement that has no answer after
    /// `time_limit`, the time for a connection and the schema included, fails.
    pub fn new(connect: C, connections: usize, time_limit: Duration) -> Self {
        let permits = Semaphore::new(connections);
        Self { connect, time_limit, permits, idle: RefCell::default(), schema: Cell::new(Schema::Unknown) }
    }

    async fn run_on_a_connection(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        let _permit = self.permits.acquire().await;
        // Taken out, so that a request that is cut off here takes the connection with it.
        let kept = self.idle.borrow_mut().pop();
        if let Some(kept) = kept {
            match self.run_on(&kept, statement).await {
                // It broke while nobody used it, as when the server was restarted, or its file is gone. Statements may be
                // run again.
                Err(StorageError::Disconnected { .. }) => self.schema.set(Schema::Unknown),
                answer => return self.put_back(kept, answer),
            }
        }
        let new = self.open().await?;
        let answer = self.run_on(&new, statement).await;
        self.put_back(new, answer)
    }

    async fn run_on(
        &self,
        connection: &C::Connection,
        statement: &Statement<'_>,
    ) -> Result<Rows, StorageError> {
        let rows = connection.run(statement).await?;
        if let Some(probe) = statement.probe()
            && !self.connect.sees(connection, probe).await?
        {
            let reason = "new connections open another database: its file was deleted or replaced".to_owned();
            return Err(StorageError::Disconnected { reason });
        }
        Ok(rows)
    }

    /// Keeps a connection that can be used again.
    fn put_back(
        &self,
        connection: C::Connection,
        answer: Result<Rows, StorageError>,
    ) -> Result<Rows, StorageError> {
        match &answer {
            Err(error) if !error.leaves_the_connection_usable() => self.schema.set(match error {
                StorageError::UnexpectedAnswer { .. } => Schema::Doubtful,
                // The database may have been replaced: look at the schema again.
                _ => Schema::Unknown,
            }),
            _ => self.idle.borrow_mut().push(connection),
        }
        answer
    }

    async fn open(&self) -> Result<C::Connection, StorageError> {
        let connection = self.connect.connect().await?;
        match self.schema.get() {
            Schema::Ready => return Ok(connection),
            Schema::Unknown => schema::ensure_divided(&connection, self.connect.partitioning()).await?,
            Schema::Doubtful => schema::repair(&connection, self.connect.partitioning()).await?,
        }
        self.schema.set(Schema::Ready);
        Ok(connection)
    }
}

impl<C: Connect> Executor for Pool<C> {
    fn dialect(&self) -> Dialect {
        self.connect.dialect()
    }

    fn keeps_prepared(&self) -> bool {
        self.connect.keeps_prepared()
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        let work = pin!(self.run_on_a_connection(statement));
        let limit = pin!(self.connect.sleep(self.time_limit));
        match select(work, limit).await {
            Either::Left((answer, _)) => answer,
            Either::Right(((), _)) => {
                self.schema.set(Schema::Unknown);
                let limit = self.time_limit.as_millis();
                Err(StorageError::Unavailable { reason: format!("no answer within {limit} ms") })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::rc::Rc;

    use super::*;

    /// What the connections do with each statement that follows, in order; `None` never answers.
    type Script = Rc<RefCell<Vec<Option<Result<(), StorageError>>>>>;

    struct Fake {
        script: Script,
        opened: Cell<usize>,
        time_passes: bool,
        /// How many questions more find nothing.
        unseen: Cell<usize>,
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

        async fn sees(&self, _: &FakeConnection, _: &Statement<'_>) -> Result<bool, StorageError> {
            let unseen = self.unseen.get();
            self.unseen.set(unseen.saturating_sub(1));
            Ok(unseen == 0)
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

    fn pool(script: Vec<Option<Result<(), StorageError>>>, time_passes: bool) -> Pool<Fake> {
        let script = Rc::new(RefCell::new(script));
        let fake = Fake { script, opened: Cell::new(0), time_passes, unseen: Cell::new(0) };
        Pool::new(fake, 2, Duration::from_millis(4_000))
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

    #[tokio::test(flavor = "current_thread")]
    async fn a_refused_value_costs_no_connection() {
        let refused = || Some(Err(StorageError::Refused { reason: "NULL".to_owned() }));
        let large = || Some(Err(StorageError::TooLarge { reason: "packet".to_owned() }));
        let pool = pool(vec![refused(), large(), refused(), Some(Ok(()))], false);
        for _ in 0..3 {
            assert!(pool.run(&statement()).await.is_err());
        }
        assert!(pool.run(&statement()).await.is_ok());
        assert_eq!(pool.connect.opened.get(), 1);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_a_new_connection_does_not_see_is_stored_again_over_a_new_one() {
        let pool = pool(vec![Some(Ok(())), Some(Ok(())), Some(Ok(()))], false);
        let stored = || statement().with_probe(Statement::new("SELECT 2", Vec::new()));
        assert!(pool.run(&stored()).await.is_ok());
        pool.connect.unseen.set(1);
        assert!(pool.run(&stored()).await.is_ok());
        assert_eq!((pool.connect.opened.get(), pool.connect.script.borrow().len()), (2, 0));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_no_new_connection_sees_is_not_answered_as_stored() {
        let pool = pool(vec![Some(Ok(())), Some(Ok(()))], false);
        pool.connect.unseen.set(usize::MAX);
        let stored = statement().with_probe(Statement::new("SELECT 2", Vec::new()));
        let error = pool.run(&stored).await.unwrap_err();
        assert_eq!(error.class(), "database_unavailable");
    }
}

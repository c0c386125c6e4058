//! The seam between SQL and databases: a trait that runs statements.

use std::rc::Rc;

use crate::{Dialect, Rows, Statement, StorageError};

/// A database that runs statements.
///
/// There is no `Send` bound: a component is single-threaded, and tests drive handlers on one thread.
#[expect(async_fn_in_trait, reason = "futures need not be Send: components are single-threaded")]
pub trait Executor {
    /// The SQL that the database understands.
    fn dialect(&self) -> Dialect;

    /// Whether preparing a statement again costs nothing when one of the same text ran lately.
    fn keeps_prepared(&self) -> bool {
        false
    }

    /// Runs one statement to its end and answers its rows.
    ///
    /// When this answers, a changing statement has been committed. An error means that it is unknown whether it
    /// was; statements of this crate are safe to run again.
    ///
    /// # Errors
    ///
    /// [`StorageError`], which says whether trying again can help.
    async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError>;
}

impl<E: Executor> Executor for Rc<E> {
    fn dialect(&self) -> Dialect {
        E::dialect(self)
    }

    fn keeps_prepared(&self) -> bool {
        E::keeps_prepared(self)
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        E::run(self, statement).await
    }
}

impl<E: Executor> Executor for &E {
    fn dialect(&self) -> Dialect {
        E::dialect(self)
    }

    fn keeps_prepared(&self) -> bool {
        E::keeps_prepared(self)
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        E::run(self, statement).await
    }
}

/// How often a statement begins that the database undoes.
pub(crate) const ATTEMPTS: u32 = 10;

/// Runs a changing statement, and begins again when the database undoes it.
///
/// On one server statements that meet can wait for each other's locks, and the one that is undone begins again when the
/// others have theirs. On Galera they do not see each other's locks: of those that change the same row on several nodes
/// the first to commit is kept, and the others are undone when they commit. Each time one of them gets on, so a few
/// attempts are enough for as many as meet. What is undone has changed nothing, so that nothing is counted twice.
///
/// # Errors
///
/// The database's.
pub(crate) async fn run_again_when_rolled_back(
    executor: &impl Executor,
    statement: &Statement<'_>,
) -> Result<Rows, StorageError> {
    for _ in 1..ATTEMPTS {
        match executor.run(statement).await {
            Err(StorageError::RolledBack { .. }) => {}
            answer => return answer,
        }
    }
    executor.run(statement).await
}

/// How many rows a statement of [`Dialect::counting_changes`] has changed.
pub(crate) async fn changed_rows(
    executor: &impl Executor,
    statement: &Statement<'_>,
) -> Result<usize, StorageError> {
    let rows = run_again_when_rolled_back(executor, statement).await?;
    Ok(executor.dialect().changed_rows(&rows))
}

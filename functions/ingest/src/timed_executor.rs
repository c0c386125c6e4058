//! Measures the time of a database's statements.

use gatelog_functions_shared::metrics::WRITE_SECONDS;
use gatelog_functions_shared::{Environment, MetricsRecorder};
use gatelog_storage::{Dialect, Executor, Rows, Statement, StorageError};

/// Records the time of each statement that succeeds.
pub(crate) struct TimedExecutor<'a, E, H> {
    pub(crate) database: &'a E,
    pub(crate) host: &'a H,
    pub(crate) recorder: &'a MetricsRecorder,
}

impl<E: Executor, H: Environment> Executor for TimedExecutor<'_, E, H> {
    fn dialect(&self) -> Dialect {
        self.database.dialect()
    }

    fn keeps_prepared(&self) -> bool {
        self.database.keeps_prepared()
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        let start = self.host.ticks();
        let rows = self.database.run(statement).await?;
        self.recorder.observe(&WRITE_SECONDS, self.host.ticks().saturating_sub(start));
        Ok(rows)
    }
}

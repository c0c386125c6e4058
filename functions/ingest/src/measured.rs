//! A database whose statements are timed.

use gatelog_functions_shared::metrics::WRITE_SECONDS;
use gatelog_functions_shared::{Host, Tally};
use gatelog_storage::{Dialect, Executor, Rows, Statement, StorageError};

/// Notes in `tally` how long each statement took that succeeded.
pub(crate) struct Measured<'a, E, H> {
    pub(crate) database: &'a E,
    pub(crate) host: &'a H,
    pub(crate) tally: &'a Tally,
}

impl<E: Executor, H: Host> Executor for Measured<'_, E, H> {
    fn dialect(&self) -> Dialect {
        self.database.dialect()
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        let start = self.host.ticks();
        let rows = self.database.run(statement).await?;
        self.tally.observe(&WRITE_SECONDS, self.host.ticks().saturating_sub(start));
        Ok(rows)
    }
}

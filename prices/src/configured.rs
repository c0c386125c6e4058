//! The table that applies: the default one, with what the operator says.

use std::borrow::Cow;
use std::sync::{LazyLock, OnceLock};

use crate::read::{self, TableError};
use crate::table::Table;

/// The default table as text. `cargo xtask prices` makes it.
pub const DEFAULT: &str = include_str!("../data/default.json");

static DEFAULT_TABLE: LazyLock<Table> = LazyLock::new(|| read::table(DEFAULT).unwrap_or_default());

/// The default table, read when it is first asked for.
pub fn default_table() -> &'static Table {
    &DEFAULT_TABLE
}

/// The table that a variable configures, read when it is first asked for.
#[derive(Clone, Debug, Default)]
pub struct ConfiguredTable {
    variable: String,
    table: OnceLock<Result<Cow<'static, Table>, TableError>>,
}

impl ConfiguredTable {
    /// The table by the value of the variable: empty, or what [`read::over`] takes.
    pub fn new(variable: String) -> Self {
        Self { variable, table: OnceLock::new() }
    }

    /// The table.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the variable.
    pub fn table(&self) -> Result<&Table, &TableError> {
        let read = || match self.variable.as_str() {
            "" => Ok(Cow::Borrowed(default_table())),
            variable => read::over(default_table(), variable).map(Cow::Owned),
        };
        self.table.get_or_init(read).as_deref()
    }
}

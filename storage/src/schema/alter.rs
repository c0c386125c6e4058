//! The statements that change an existing table, in both dialects.

use gatelog_record::{FIELDS, Field, Kind};

use super::tables::TABLE;
use crate::Dialect;
use crate::dialect::ddl::{EXACT, Index, Partitioning};

/// A change of a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// A new column, by its definition.
    Add(String),
    /// A changed column, by its new definition.
    Modify(String),
    /// A removed index, by its name.
    DropIndex(String),
}

impl Dialect {
    /// The definition of a column that is added to a table with rows.
    pub(super) fn added_column(self, field: &Field) -> String {
        let (name, kind) = (field.name, self.own_type(field));
        match (self, name) {
            // Existing rows get their ids next.
            (_, "record_id") => format!("{name} {kind} NULL"),
            // The log-collector's table has it. For a table without it, any time would be a guess.
            (Self::Sqlite, "start_time") => {
                format!("{name} {kind} NOT NULL DEFAULT '1970-01-02T00:00:00.000000Z'")
            }
            (Self::Mysql, "start_time") => self.column(field),
            _ if field.kind == Kind::Integer => self.column(field),
            _ => format!("{name} {kind}"),
        }
    }

    /// The type of a field's column in a table with options that differ from gatelog's.
    pub(super) fn own_type(self, field: &Field) -> String {
        let kind = self.column_type(field);
        match (self, field.kind) {
            (Self::Mysql, Kind::Text(_) | Kind::Json(_)) if field.name != "record_id" => {
                format!("{kind} CHARACTER SET utf8mb4 {EXACT}")
            }
            _ => kind,
        }
    }

    /// The definition of the column for the time at which a row was stored, for a table with rows.
    pub(super) fn added_created_at(self) -> &'static str {
        match self {
            // SQLite cannot add a column whose default must be computed.
            Self::Sqlite => "created_at TEXT",
            Self::Mysql => self.created_at_column(),
        }
    }

    /// The changes as statements: on MySQL a single one, so that the rows are copied once.
    pub(super) fn alter(self, changes: Vec<Change>) -> Vec<String> {
        let mut clauses: Vec<String> = Vec::new();
        for change in changes {
            let clause = match change {
                Change::Add(column) => format!("ADD COLUMN {column}"),
                Change::Modify(column) => format!("MODIFY COLUMN {column}"),
                Change::DropIndex(name) => format!("DROP INDEX {name}"),
            };
            // One index may conflict with two columns.
            if !clauses.contains(&clause) {
                clauses.push(clause);
            }
        }
        match self {
            Self::Sqlite => clauses.iter().map(|clause| format!("ALTER TABLE {TABLE} {clause}")).collect(),
            Self::Mysql => vec![format!("ALTER TABLE {TABLE} {}", clauses.join(", "))],
        }
    }

    /// Assigns deterministic ids to the rows without one.
    pub(super) fn fill_record_ids(self) -> String {
        let id = match self {
            Self::Sqlite => "'row-' || id",
            Self::Mysql => "CONCAT('row-', id)",
        };
        // MariaDB before 10.10 sets the first TIMESTAMP of a changed row to the current time, unless it is
        // set explicitly.
        format!("UPDATE {TABLE} SET record_id = {id}, start_time = start_time WHERE record_id IS NULL")
    }

    /// Forbids rows without an id, where this can be done later.
    pub(super) fn forbid_missing_record_ids(self) -> Option<String> {
        let field = FIELDS.iter().find(|field| field.name == "record_id")?;
        match self {
            Self::Sqlite => None,
            Self::Mysql => Some(format!("ALTER TABLE {TABLE} MODIFY COLUMN {}", self.column(field))),
        }
    }

    /// An index of an existing table.
    pub(super) fn add_index(self, index: &Index, partitioning: Partitioning) -> Option<String> {
        match self {
            Self::Sqlite => self.create_index(TABLE, index),
            Self::Mysql => {
                Some(format!("ALTER TABLE {TABLE} ADD {}", self.inline_index(index, partitioning)?))
            }
        }
    }

    /// An index that replaces another with the same name.
    pub(super) fn replace_index(self, index: &Index, partitioning: Partitioning) -> Vec<String> {
        match self {
            Self::Sqlite => {
                let drop = format!("DROP INDEX IF EXISTS {}", index.name);
                [Some(drop), self.create_index(TABLE, index)].into_iter().flatten().collect()
            }
            Self::Mysql => {
                let add = self.inline_index(index, partitioning).unwrap_or_default();
                vec![format!("ALTER TABLE {TABLE} DROP INDEX {}, ADD {add}", index.name)]
            }
        }
    }

    /// Statements that lock the schema against other instances for this connection, waiting up to a second, and unlock
    /// it. The server keeps waiting after the caller has given up, so the wait must be short.
    pub(super) fn schema_lock(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Sqlite => None,
            Self::Mysql => Some((
                "SELECT GET_LOCK('gatelog_schema', 1) AS locked",
                "SELECT RELEASE_LOCK('gatelog_schema') AS unlocked",
            )),
        }
    }
}

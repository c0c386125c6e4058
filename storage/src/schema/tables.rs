//! The tables and indexes of this version.

use gatelog_record::FIELDS;

use crate::counters::MAX_NAME_CHARS;
use crate::dialect::ddl::{Column, Index, Partitioning};
use crate::filter_reports::MAX_VM_CHARS;
use crate::{Dialect, Statement};

/// The table that holds one row for each record.
pub const TABLE: &str = "access_logs";

/// The schema version that this code creates and requires. It increases with every change of the field table or the
/// indexes; a test enforces this.
pub const VERSION: i64 = 5;

/// The indexes; `bench/README.md` says what each costs and gains. `record_id` makes storing exactly once possible.
/// `idx_start_time` serves every page and time range: `id` gives it the order of pages, and because it includes status and
/// duration, filters, counts and percentiles on these read no rows. The other indexes let a page of a rare value start at
/// once. They are sparse: a row without the value costs nothing.
pub const INDEXES: &[Index] = &[
    Index { name: "idx_record_id", columns: &["record_id"], unique: true, sparse: false },
    Index {
        name: "idx_start_time",
        columns: &["start_time", "id", "response_code", "duration"],
        unique: false,
        sparse: false,
    },
    Index { name: "idx_trace_id", columns: &["trace_id"], unique: false, sparse: true },
    Index { name: "idx_model_time", columns: &["model", "start_time"], unique: false, sparse: true },
    Index { name: "idx_consumer_time", columns: &["consumer", "start_time"], unique: false, sparse: true },
    Index {
        name: "idx_mcp_server_time",
        columns: &["mcp_server", "start_time"],
        unique: false,
        sparse: true,
    },
];

/// All statements that prepare an empty database, for operators whose functions may not change the schema.
pub fn statements(dialect: Dialect) -> Vec<String> {
    statements_of(dialect, Partitioning::None)
}

fn statements_of(dialect: Dialect, partitioning: Partitioning) -> Vec<String> {
    let mut statements = vec![version_table(dialect), access_logs(dialect, partitioning)];
    statements.extend(INDEXES.iter().filter_map(|index| dialect.create_index(TABLE, index)));
    statements.extend(counter_tables(dialect));
    statements.push(note_version().sql().to_owned());
    statements
}

/// [`statements`] as a script.
pub fn script(dialect: Dialect) -> String {
    let title = format!("The schema of gatelog, version {VERSION}, for {}.", dialect.name());
    as_script(&title, statements(dialect))
}

/// [`script`] for MySQL, with a table that is divided by day.
pub fn divided_script() -> String {
    let title =
        format!("The schema of gatelog, version {VERSION}, for mysql, with a partition for each day.");
    as_script(&title, statements_of(Dialect::Mysql, Partitioning::Day))
}

fn as_script(title: &str, statements: Vec<String>) -> String {
    let mut script = format!("-- {title}\n");
    for statement in statements {
        script.push_str(&statement);
        script.push_str(";\n");
    }
    script
}

pub(super) fn version_table(dialect: Dialect) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS gatelog_schema (\n  version INTEGER NOT NULL PRIMARY KEY\n){}",
        dialect.table_options()
    )
}

pub(super) fn note_version() -> Statement<'static> {
    // REPLACE is the only idempotent insert with the same syntax in both dialects.
    Statement::new(format!("REPLACE INTO gatelog_schema (version) VALUES ({VERSION})"), Vec::new())
}

pub(super) fn access_logs(dialect: Dialect, partitioning: Partitioning) -> String {
    let mut lines = vec![dialect.key_column(partitioning).to_owned()];
    lines.extend(FIELDS.iter().map(|field| dialect.column(field)));
    lines.push(dialect.created_at_column().to_owned());
    lines.extend(dialect.key_constraint(partitioning).map(str::to_owned));
    lines.extend(INDEXES.iter().filter_map(|index| dialect.inline_index(index, partitioning)));
    let (lines, options) = (lines.join(",\n  "), dialect.record_table_options());
    format!(
        "CREATE TABLE IF NOT EXISTS {TABLE} (\n  {lines}\n){options}{}",
        dialect.partition_clause(partitioning)
    )
}

/// The tables of counters and of filters' reports.
pub(super) fn counter_tables(dialect: Dialect) -> [String; 2] {
    let options = dialect.table_options();
    let name = dialect.plain_column_type(Column::Key(MAX_NAME_CHARS));
    let vm = dialect.plain_column_type(Column::Key(MAX_VM_CHARS));
    let number = dialect.plain_column_type(Column::Number);
    [
        format!(
            "CREATE TABLE IF NOT EXISTS gatelog_counters (\n  name {name} NOT NULL PRIMARY KEY,\n  value {number} NOT NULL\n){options}"
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS gatelog_filters (\n  vm {vm} NOT NULL PRIMARY KEY,\n  seen_ms {number} NOT NULL,\n  \
             queue_entries {number} NOT NULL,\n  dropped {number} NOT NULL,\n  retries {number} NOT NULL\n){options}"
        ),
    ]
}

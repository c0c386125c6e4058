//! The `access_logs` table: its schema, the SQL of every dialect, and the one trait that a database implements.
//!
//! # Layout
//!
//! - [`statement`]: [`Statement`], its bound [`Value`]s, and the [`Rows`] that come back. Only the builders of this
//!   crate make statements, identifiers come only from the field table, and values are always bound.
//! - [`dialect`], `expression`: what differs between SQLite (libSQL, Turso) and MySQL (MariaDB); nothing else asks which
//!   it is.
//! - [`schema`]: the table, its indexes, and the versioned migrations.
//! - [`insert`]: a batch of records as one statement, and what became of it.
//! - [`counters`]: counters of all instances, and what filters report of themselves; [`open_reports`]: when anybody may
//!   report. [`retention`]: deleting old records.
//! - [`query`], [`cursor`], [`selection`], [`select`]: a typed query, the place where a page ended, the fields to read,
//!   and the SQL of them; `condition` holds the `WHERE`.
//! - [`stored`]: a row read back as a record. [`service`]: the two forms of a service's name.
//! - [`distinct`]: the values of a field. [`scenarios`]: HiMarket's statistics by name.
//! - [`executor`]: the trait [`Executor`], and [`driver`]: its implementations. Drivers build no SQL. [`pool`]: connections
//!   that are kept for the life of an instance.

// These macros panic when the log takes nothing, as on a full disk, and a panic ends all requests of the instance.
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)]

mod condition;
pub mod counters;
pub mod cursor;
pub mod dialect;
pub mod distinct;
pub mod driver;
mod error;
pub mod executor;
mod expression;
pub mod insert;
pub mod open_reports;
pub mod pool;
pub mod query;
pub mod retention;
pub mod scenarios;
pub mod schema;
pub mod select;
pub mod selection;
pub mod service;
pub mod statement;
pub mod stored;

pub use cursor::Cursor;
pub use dialect::{Dialect, Durability};
pub use error::StorageError;
pub use executor::Executor;
pub use pool::Pool;
pub use query::{Direction, Filter, Page, Query, Sort, Test};
pub use selection::Selection;
pub use statement::{Rows, Statement, Value};
pub use stored::StoredRecord;

//! The `access_logs` table: its schema, the SQL of every dialect, and the one trait that a database implements.
//!
//! # Layout
//!
//! - [`statement`]: [`Statement`], its bound [`Value`]s, and the [`Rows`] that come back. Only the builders of this
//!   crate make statements, identifiers come only from the field table, and values are always bound.
//! - [`dialect`]: what differs between SQLite (libSQL, Turso) and MySQL (MariaDB); nothing else asks which it is.
//! - [`schema`]: the tables, their indexes, and the versioned migrations.
//! - [`insert`]: a batch of records as one statement, and the outcome for each. [`retention`]: deleting old records;
//!   [`partitions`]: dropping those of whole days.
//! - [`counters`]: counters of all instances. [`filter_reports`]: what filters report of themselves;
//!   [`open_filter_reports`]: when anybody may report. [`lease`]: tasks of one instance at a time.
//! - [`query`]: typed questions, their SQL, and the records that come back. [`service`]: the two forms of a service's name.
//! - [`scenarios`]: HiMarket's statistics by name. [`aggregate`]: numbers over many records by time and by value, and the
//!   records that come.
//! - [`executor`]: the trait [`Executor`], and [`driver`]: its implementations. Drivers build no SQL. [`pool`]: connections
//!   that are kept for the life of an instance.

// These macros panic when the log takes nothing, as on a full disk, and a panic ends all requests of the instance.
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)]

pub mod aggregate;
pub mod counters;
pub mod dialect;
pub mod driver;
mod error;
pub mod executor;
pub mod filter_reports;
pub mod insert;
pub mod lease;
pub mod open_filter_reports;
pub mod partitions;
pub mod pool;
pub mod query;
pub mod retention;
pub mod scenarios;
pub mod schema;
pub mod service;
pub mod statement;

pub use dialect::{Dialect, Durability};
pub use error::StorageError;
pub use executor::Executor;
pub use pool::Pool;
pub use query::{Cursor, Direction, Filter, Page, Predicate, Query, Selection, Sort, StoredRecord};
pub use statement::{Rows, Statement, Value};

//! Configuration from the application's variables.
//!
//! - [`variables`]: the source of variables, and the error for wrong ones.
//! - [`reader`]: reads variables one by one and collects all problems.
//! - [`mysql_dsn`]: the address of a MySQL database as Go's driver takes it.
//! - [`ingest`]: the settings of ingest, which health checks.
//! - [`redact_otlp`]: which secrets ingest redacts in OpenTelemetry's logs.
//! - [`store`]: the database that the variables select.

pub mod ingest;
pub mod mysql_dsn;
pub mod reader;
pub mod redact_otlp;
pub mod store;
pub mod variables;

pub use reader::VariableReader;
pub use variables::{Variables, VariablesError};

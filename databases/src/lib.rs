//! Private database servers for tests and benchmarks: real ones, each with a temporary folder and a loopback port.
//!
//! # Layout
//!
//! - [`mariadb`], [`mysql`]: MariaDB and MySQL; [`sql_server`]: what they have in common, which a test can also stop,
//!   restart and make read-only.
//! - [`galera`]: three MariaDBs that are a Galera cluster.
//! - [`turso`]: Turso's own server, over HTTP; `shim`, `cursor`: the features of a libSQL server that it
//!   lacks.
//! - [`small_disk`]: a file system that can be filled up.
//! - `server`: shared by all: finding the program, a free port, a process that ends with the one that started it.
//!
//! The programs are on the path, or a variable names them; `cargo xtask test` installs them. A missing server is an
//! error that says what to install, so no test is skipped.

mod cursor;
pub mod galera;
pub mod mariadb;
pub mod mysql;
mod server;
mod shim;
pub mod small_disk;
pub mod sql_server;
pub mod turso;

pub use galera::Galera;
pub use mariadb::MariaDb;
pub use mysql::MySql;
pub use small_disk::SmallDisk;
pub use sql_server::SqlServer;
pub use turso::Turso;

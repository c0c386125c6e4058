//! The implementations of [`Executor`](crate::Executor). Each runs the given statements and builds no SQL.
//!
//! | driver | database | interface |
//! |---|---|---|
//! | `spin_sqlite` | a SQLite file, or a libSQL server set in Spin's runtime config | Spin's SQLite interface |
//! | `spin_mysql` | MySQL, MariaDB | Spin's MySQL interface |
//! | [`turso`] with `spin_http` | Turso, or any libSQL server | Spin's outbound HTTP |
//! | `native`, `native_mysql` | a libSQL file; MySQL, MariaDB | native; for tests and native tools |

#[cfg(any(test, feature = "native-mysql", target_family = "wasm"))]
mod mysql_errors;
#[cfg(feature = "native")]
pub mod native;
#[cfg(feature = "native-mysql")]
pub mod native_mysql;
#[cfg(any(test, target_family = "wasm"))]
mod spin_closing;
#[cfg(target_family = "wasm")]
pub mod spin_http;
#[cfg(target_family = "wasm")]
pub mod spin_mysql;
#[cfg(target_family = "wasm")]
pub mod spin_sqlite;
pub mod turso;

//! The implementations of [`Executor`](crate::Executor): each runs what it is given and builds no SQL.

#[cfg(feature = "native")]
pub mod native;
#[cfg(target_family = "wasm")]
pub mod spin_sqlite;

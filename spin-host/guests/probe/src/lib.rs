//! A component whose paths each try one behaviour of its host and respond with what happened.
//!
//! - `entry`: requests, instances, variables, files, output.
//! - `sql`, `mysql`: databases.
//! - `net`: outbound HTTP and sockets.

#[cfg(target_family = "wasm")]
mod entry;
#[cfg(target_family = "wasm")]
mod mysql;
#[cfg(target_family = "wasm")]
mod net;
#[cfg(target_family = "wasm")]
mod sql;

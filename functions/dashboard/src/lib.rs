//! `GET /ui/`: the dashboard, a page that asks `/query` for what it shows. The function itself holds no record and needs
//! no token.
//!
//! - [`handler`]: a request becomes an answer; no Spin in it.
//! - [`coding`]: which form of a file a client takes.
//! - [`files`]: the files of the folder `assets`, as `build.rs` made them ready.
//! - `entry`: the Spin component. Built for WebAssembly only.

// These macros panic when the log takes nothing, as on a full disk, and a panic ends all requests of the instance.
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)]

pub mod coding;
#[cfg(target_family = "wasm")]
mod entry;
pub mod files;
pub mod handler;

pub use handler::handle;

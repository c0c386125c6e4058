//! `GET /ui/`: the dashboard, a page that gets its data from `/query`. The function itself holds no records and needs no
//! token.
//!
//! - [`handler`]: a request becomes a response; independent of Spin.
//! - [`coding`]: which content coding a client accepts.
//! - [`files`]: the files of the folder `assets`, as prepared by `build.rs`.
//! - `entry`: the Spin component. Built for WebAssembly only.

// These macros panic when the log takes nothing, as on a full disk, and a panic ends all requests of the instance.
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)]

pub mod coding;
#[cfg(target_family = "wasm")]
mod entry;
pub mod files;
pub mod handler;

pub use handler::handle;

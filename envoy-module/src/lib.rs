//! gatelog as a dynamic module of Envoy (1.38 and later): the filter's core without a WebAssembly machine around it.
//!
//! # The way of a record
//!
//! ```text
//! worker: HTTP filter ─▶ access logger ─▶ outbox ─▶ main thread: bootstrap extension ─▶ Envoy's cluster
//!         bodies, what    makes the        bounded   queue, batches, retries              or
//!         came            record                     or the courier, a thread of its own ─▶ collector_address
//! ```
//!
//! # Layout
//!
//! - [`hooks`]: what Envoy calls: each a few lines, guarded against panics.
//! - [`abi`]: Envoy's types and functions.
//! - [`guard`]: catches panics.
//! - [`passing`], [`logged`], [`headers`], [`filter_state`], [`grpc`], [`node`]: an exchange as the core sees it, in the HTTP
//!   filter and in the access logger.
//! - [`passed`]: hands what the HTTP filter saw to the access logger.
//! - [`worker`], [`outbox`], [`waker`], [`scheduler`]: makes records on Envoy's workers and hands them over.
//! - [`document`]: the configurations in use.
//! - [`pusher`]: the one delivery of the process, run by [`bootstrap`] on Envoy's main thread or by [`courier`].
//! - [`statistics`], [`log`], [`clock`]: what either has of Envoy and of the system.
//! - [`exit`]: sends the last records when Envoy is gone.

pub mod abi;
pub mod bootstrap;
pub mod clock;
pub mod courier;
pub mod document;
pub mod exit;
pub mod filter_state;
pub mod grpc;
pub mod guard;
pub mod headers;
pub mod hooks;
pub mod log;
pub mod logged;
pub mod node;
pub mod outbox;
pub mod passed;
pub mod passing;
pub mod pusher;
pub mod scheduler;
pub mod statistics;
pub mod waker;
pub mod worker;

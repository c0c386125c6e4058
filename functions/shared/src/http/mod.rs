//! HTTP as every function speaks it.
//!
//! - [`access`]: bearer tokens.
//! - [`body`]: reading a request's body within limits of size and time.
//! - [`failure`]: [`Failure`], the error of every handler: its status, its text for the client, its text for the log.
//! - [`method`]: which methods a path takes.
//! - [`response`]: [`Response`], and how JSON, text and failures become one.

pub mod access;
pub mod body;
pub mod failure;
pub mod method;
pub mod response;

pub use access::Token;
pub use body::BodySource;
pub use failure::Failure;
pub use response::{Body, Response};

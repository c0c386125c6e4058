//! HTTP code shared by all functions.
//!
//! - [`access`]: bearer tokens.
//! - [`body`]: reads a request's body within limits of size and time.
//! - [`failure`]: [`Failure`], the error of every handler: its status, its text for the client, its text for the log.
//! - [`method`]: checks the methods that a path allows.
//! - [`response`]: [`Response`], made from JSON, text or failures.

pub mod access;
pub mod body;
pub mod failure;
pub mod method;
pub mod response;

pub use access::Token;
pub use body::BodySource;
pub use failure::Failure;
pub use response::{Body, Response};

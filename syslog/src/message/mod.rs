//! Syslog messages: their JSON, their size, their frame.
//!
//! - [`json`]: JSON as Kong writes it.
//! - [`truncate`]: what is removed when a message is too large.
//! - [`frame`]: RFC 5424, RFC 3164, and the framings of a stream.

pub mod frame;
pub mod json;
pub mod truncate;

pub use frame::Messages;

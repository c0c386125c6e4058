//! Redacts secrets in recorded data: paths, captured headers and captured bodies.
//!
//! # Layout
//!
//! - [`Redact`]: what is secret, and the redacted form of each kind of text.
//! - [`mod@record`]: the fields of an access record that may hold secrets.
//! - [`secret_names`]: recognises the names of secrets by the words of [`secret_lists`].
//! - [`pairs`]: `name=value`, in URLs, forms and texts.
//! - [`json_members`]: members of JSON objects.
//! - [`userinfo`]: users and passwords before the host of a URL.
//!
//! The filter redacts before a record leaves the gateway; ingest redacts records that gatelog's filter did not make.

#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)]

pub mod json_members;
pub mod pairs;
pub mod record;
mod redact;
pub mod secret_lists;
pub mod secret_names;
pub mod userinfo;

pub use redact::{REDACTED, Redact};

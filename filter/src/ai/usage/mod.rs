//! Model and token usage of AI calls, found in the bodies as their chunks pass.
//!
//! ```text
//! chunk ─▶ BodyReader ─▶ (event stream: EventStream) ─▶ Scanner ─▶ Findings
//! ```
//!
//! The reader buffers only the current key or short value, so the memory of a stream does not depend on its body, and
//! a body may be split at any byte.
//!
//! - [`body_reader`]: one body, whatever its format.
//! - [`scanner`]: walks JSON and passes on the few values that matter.
//! - [`keys`]: which keys those are.
//! - [`findings`]: what the values mean, for each provider's format.
//! - [`event_stream`]: the JSON texts inside server-sent events.
//! - [`count`]: the text of a number as a count of tokens.

pub mod body_reader;
pub mod count;
pub mod event_stream;
pub mod findings;
pub mod keys;
pub mod scanner;

#[cfg(test)]
pub(crate) mod tests;

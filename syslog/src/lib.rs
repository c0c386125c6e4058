//! The syslog sink: what Kong's Syslog plugin sends, made from access records.
//!
//! ```text
//! AccessRecord ─▶ exchange ─▶ kong (JSON) ─▶ lua (custom fields) ─▶ cut ─▶ frame ─▶ delivery ─▶ transport
//!                    └▶ config (which entry applies) ─▶ severity
//! ```
//!
//! # Layout
//!
//! - [`options`]: where messages go and in which form; one value for the whole sink.
//! - [`config`]: the list of entries in Kong's names, and which one applies to a request.
//! - [`severity`]: severities, facilities, and the number that opens a message.
//! - [`exchange`]: a record as the sink sees it; the only reader of record fields.
//! - [`kong`]: Kong's log of a request, member by member.
//! - [`lua`]: `custom_fields_by_lua` and its sandbox.
//! - [`fields`]: how a custom field is put into the log.
//! - [`cut`]: what goes when a message is too large.
//! - [`frame`]: RFC 5424, RFC 3164, and octet counting.
//! - [`sink`]: records become messages.
//! - [`logger`]: records in, messages out: what waits for the receiver, and who waits for an answer.
//! - [`delivery`]: messages are sent, again if need be, or counted as lost.
//! - [`transport`]: the seam to the network, and its implementations.
//!
//! Everything but the implementations of [`transport`] is free of I/O.

// These macros panic when the log takes nothing, as on a full disk, and a panic ends all requests of the instance.
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)]

pub mod config;
pub mod cut;
pub mod delivery;
pub mod exchange;
pub mod fields;
pub mod frame;
pub mod json;
pub mod kong;
pub mod logger;
pub mod lua;
pub mod options;
pub mod severity;
pub mod sink;
pub mod stats;
pub mod transport;

pub use delivery::Delivery;
pub use frame::Messages;
pub use logger::Logger;
pub use options::Options;
pub use sink::Sink;
pub use stats::Stats;

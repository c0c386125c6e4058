//! The syslog sink: what Kong's Syslog plugin sends, made from access records.
//!
//! ```text
//! AccessRecord ─▶ request view ─▶ serialize (JSON) ─▶ lua (custom fields) ─▶ truncate ─▶ frame ─▶ delivery ─▶ transport
//!                    └▶ entries (which one applies) ─▶ severity
//! ```
//!
//! # Layout
//!
//! - [`config`]: where messages go and in which form; one value for the whole sink. [`error`]: what is wrong with it.
//! - [`entries`]: the list of entries in Kong's names, and which one applies to a request.
//! - [`severity`]: severities, facilities, and the number that opens a message.
//! - [`kong`]: Kong's log of a request, member by member.
//! - [`lua`]: `custom_fields_by_lua` and its sandbox.
//! - [`message`]: JSON as Kong writes it, truncation of large messages, and their frame.
//! - [`sink`]: records become messages.
//! - [`logger`]: records in, messages out: the receiver as a destination of [`gatelog_forward`].
//! - [`delivery`]: sends messages, again if necessary, or counts them as lost.
//! - [`transport`]: the interface to the network, and its implementations.
//! - [`stats`]: the counters of the sink; [`notes`]: messages from and about scripts, for the operator.
//!
//! Everything but the implementations of [`transport`] is free of I/O.

// These macros panic when the log cannot be written, for example on a full disk, and a panic ends all requests of
// the instance.
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)]

pub mod config;
pub mod delivery;
pub mod entries;
pub mod error;
pub mod kong;
pub mod logger;
pub mod lua;
pub mod message;
pub mod notes;
pub mod severity;
pub mod sink;
pub mod stats;
pub mod transport;

pub use config::SinkConfig;
pub use delivery::Delivery;
pub use logger::Logger;
pub use message::Messages;
pub use sink::Sink;
pub use stats::Stats;

//! How stored records go on to another system, whichever that is: what waits within which bounds, which task sends, and
//! which guarantee holds.
//!
//! - [`destination`]: what a system must provide: how a record is written, and how a batch is sent.
//! - [`forwarder`]: records in, batches out; holds what waits, and the calls that wait for confirmation.
//! - [`guarantee`]: the delivery guarantees. [`pause`]: how long a system is left alone after a failure.
//! - [`runtime`]: what is needed from the program around it. [`counter`]: numbers that only increase.
//! - [`settings`]: the configuration of a system, read from short texts.
//!
//! Nothing here does I/O.

// These macros panic when the log cannot be written, for example on a full disk, and a panic ends all requests of
// the instance.
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)]

pub mod counter;
pub mod destination;
pub mod forwarder;
pub mod guarantee;
pub mod pause;
pub mod runtime;
pub mod settings;

pub use counter::Counter;
pub use destination::{Batch, BrokenOff, Destination};
pub use forwarder::{Bounds, Forwarder};
pub use guarantee::Guarantee;
pub use pause::Pause;
pub use runtime::Runtime;
pub use settings::SettingsReader;

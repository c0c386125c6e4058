//! Every record is stored exactly once: batches sent again, in part, by many clients at once, and when the host dies
//! between the commit and the answer. The real function, its real database, and for the last a real process.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failing test says where by panicking")]

mod kill;
mod resend;
mod store;

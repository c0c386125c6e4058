//! What an AI call costs. A pure core: no I/O, no clock, integers only.
//!
//! - [`table`]: the price table, and what a record costs by it. [`line`](mod@line): one line of it.
//! - [`pattern`]: which models a line is for. [`prices`]: the prices of a line by size of the input. [`decimal`]: amounts of
//!   money as texts and integers.
//! - [`tokens`]: what is charged of a call, and the sum.
//! - [`read`]: a table from JSON, with everything that is wrong in it.
//! - [`configured`]: the table that applies: the default one, with what the operator says.

pub mod configured;
pub mod decimal;
pub mod line;
pub mod pattern;
pub mod prices;
pub mod read;
pub mod table;
pub mod tokens;

pub use configured::ConfiguredTable;
pub use table::{Cost, Table};

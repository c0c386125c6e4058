//! What an AI call costs. A pure core: no I/O, no clock, integers only.
//!
//! - [`table`]: the price table, and the cost of a record. [`line`](mod@line): one line of the table.
//! - [`pattern`]: which models a line is for. [`prices`]: the prices of a line by size of the input. [`decimal`]: amounts of
//!   money as texts and integers.
//! - [`tokens`]: what is charged for a call, and the sum.
//! - [`read`]: a table from JSON, with everything that is wrong with it.
//! - [`configured`]: the table in use: the default one, with the operator's lines.

pub mod configured;
pub mod decimal;
pub mod line;
pub mod pattern;
pub mod prices;
pub mod read;
mod repeated;
pub mod table;
pub mod tokens;

pub use configured::ConfiguredTable;
pub use table::{Cost, Table};

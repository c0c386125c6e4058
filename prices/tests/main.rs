//! The tests of the crate, one program.

mod against_genai_prices;
mod default_table;
mod monotone;
mod reading;
mod rules;

//! Stories that every database has to pass with the same assertions: each takes an empty database.

pub mod counters;
pub mod pages;
pub mod scenarios;

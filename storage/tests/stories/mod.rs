//! Stories that every database has to pass with the same assertions: each takes an empty database.

pub mod pages;
pub mod scenarios;

//! The documents, taken at their word: every configuration in them is loaded by what reads it, every statement runs on its
//! database, and every command that can run here does.

mod commands;
mod configurations;
mod envoy_yaml;
mod page_run;
mod scratch;
mod statements;

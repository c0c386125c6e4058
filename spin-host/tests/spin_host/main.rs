//! The component host, tried with a real component: `spin-host/guests/probe` answers what it saw.
//!
//! - `instances`: how long instances live, what a trap ends, what runs side by side.
//! - `command`: the program.
//! - `exactly_once`: records are stored once, whoever sends them again and whatever dies.
//! - `http`: routes, headers, streaming, shutdown.
//! - `sqlite`, `mysql`, `libsql`: databases.
//! - `outbound`: what a component may reach.
//! - `start`: mistakes that stop the start, and their messages.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod command;
mod exactly_once;
mod http;
mod instances;
mod libsql;
mod mysql;
mod outbound;
mod sqlite;
mod start;
mod support;

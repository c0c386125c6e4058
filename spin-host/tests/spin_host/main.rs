//! Tests of the component host with a real component: `spin-host/guests/probe` reports what it saw.
//!
//! - `instances`: lifetime of instances, effect of traps, concurrency.
//! - `command`: the program.
//! - `exactly_once`: records are stored once, even if they are sent again or a process dies.
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

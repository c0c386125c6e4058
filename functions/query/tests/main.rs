//! The tests of the query function over its public interface, in a native SQLite.

mod aggregates;
mod any_request;
mod cases;
mod collector_parity;
mod costs;
mod export;
mod injection;
mod openapi;
mod prices;
mod query;
mod query_strings;
mod scenarios;
mod service;

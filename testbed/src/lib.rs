//! Everything around gatelog, in one place: for the demo, the end-to-end tests and the benchmarks.
//!
//! # Layout
//!
//! - [`upstream`]: a small web site and LLM API to stand behind the gateway.
//! - [`envoy`]: finds, configures and runs a real Envoy with the filter in it.
//! - [`gateway_config`]: the Envoy configuration, as JSON; [`access_loggers`]: loggers in it.
//! - [`module_config`]: the module in it.
//! - [`client`]: an HTTP client, and raw connections for what a well-behaved client does not do.
//! - [`coding`]: content codings, as servers apply them.
//! - [`functions`]: the functions, under `spin up` or in the local host, whichever [`runtime`] chooses.
//! - [`higress`]: Higress's own plugins, made ready for this Envoy.
//! - [`rsyslog`]: a real rsyslog on a port of its own.
//! - [`traffic`]: the varied requests of the demo.
//! - [`report`]: what `/query` answered, as tables.

pub mod access_loggers;
pub mod client;
pub mod coding;
pub mod envoy;
pub mod functions;
pub mod gateway_config;
pub mod higress;
pub mod module_config;
mod options;
pub mod report;
pub mod rsyslog;
pub mod runtime;
mod spin_up;
pub mod traffic;
pub mod upstream;

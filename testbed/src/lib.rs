//! Everything around gatelog in one place, for the demo, the end-to-end tests and the benchmarks.
//!
//! # Layout
//!
//! - [`upstream`]: a small web site and LLM API behind the gateway.
//! - [`envoy`]: finds, configures and runs a real Envoy with the filter in it.
//! - [`gateway_config`]: the Envoy configuration, as JSON.
//! - [`access_loggers`], [`module_config`]: access loggers and the module in that configuration.
//! - [`arrival`]: waits for records and lines of Envoy's log.
//! - [`http3`], [`tunnel`]: HTTP/3 and upgraded connections.
//! - [`client`]: an HTTP client, and raw connections for misbehaviour.
//! - [`coding`]: content codings, as servers apply them.
//! - [`functions`]: the functions, under `spin up` or in the local host, as [`runtime`] selects.
//! - [`higress`]: Higress's own plugins, adapted to this Envoy.
//! - [`rsyslog`]: a real rsyslog on a private port. [`otlp_receiver`]: a receiver of logs over OTLP.
//! - [`traffic`]: the varied requests of the demo.
//! - [`otlp_sender`]: sends OpenTelemetry's logs.
//! - [`report`]: results of `/query`, as tables.

pub mod access_loggers;
pub mod arrival;
pub mod client;
pub mod coding;
pub mod envoy;
pub mod functions;
pub mod gateway_config;
pub mod higress;
pub mod http3;
pub mod module_config;
mod options;
pub mod otlp_receiver;
pub mod otlp_sender;
pub mod report;
pub mod rsyslog;
pub mod runtime;
mod spin_up;
pub mod traffic;
pub mod tunnel;
pub mod upstream;

//! Tests of the monitoring in `deploy/`: a real Prometheus with the shipped rules, real gateways, functions and databases, and
//! every fault that an alert is for.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test says where by panicking"
)]

mod alerts;
mod dashboards;
mod mysql_dashboard;
mod promql;
mod promtool;
mod rules;
mod sites;

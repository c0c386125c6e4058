//! Tests of the whole filter over a mock gateway.

mod cases;
mod chunking;
pub mod cut;
mod encoded_bodies;
mod exchange;
mod hostile_traffic;
mod providers;
mod upstream_time;

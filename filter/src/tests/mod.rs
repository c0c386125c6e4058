//! Tests of the whole filter over a stand-in for the gateway.

mod chunking;
mod hostile_traffic;

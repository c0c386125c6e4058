//! Tests of the whole filter over a mock gateway.

mod chunking;
mod hostile_traffic;

//! Tests of the syslog crate through its public interface.

mod cases;
mod exports;
mod golden;
mod lua;
mod network;

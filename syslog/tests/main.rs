//! The tests of syslog over its public interface.

mod cases;
mod exports;
mod golden;
mod lua;
mod network;

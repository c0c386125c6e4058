//! Lines for Envoy's log.
#![expect(unsafe_code, reason = "the functions of Envoy are foreign functions")]

use gatelog_filter::host::Level;

use crate::abi::{self, Buffer};

/// Writes a line.
pub fn write(level: Level, line: &str) {
    let level = match level {
        Level::Info => abi::level::INFO,
        Level::Warn => abi::level::WARN,
        Level::Error => abi::level::ERROR,
    };
    write_at(level, line);
}

/// Writes a line that says that the module itself is at fault.
pub fn write_critical(line: &str) {
    write_at(abi::level::CRITICAL, line);
}

fn write_at(level: u32, line: &str) {
    if let Ok(envoy) = abi::functions() {
        // SAFETY: Envoy only reads the line.
        unsafe { (envoy.log)(level, Buffer::of(line.as_bytes())) };
    }
}

/// Says on standard error that Envoy lacks a function, as its log may be what is missing.
pub fn missing(function: &str) {
    use std::io::Write as _;
    let _ = writeln!(
        std::io::stderr(),
        "gatelog: this Envoy has no `{function}` for modules; the module needs Envoy 1.38 or later"
    );
}

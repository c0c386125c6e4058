//! The WebAssembly targets that the project is built for.

/// Of the filter: it asks the gateway itself; an operating system, and the C library that speaks to it, would only take
/// room.
pub const PLAIN: &str = "wasm32-unknown-unknown";

/// Of filters that use proxy-wasm's SDK.
pub const WASIP1: &str = "wasm32-wasip1";

/// Of the functions, which are components.
pub const WASIP2: &str = "wasm32-wasip2";

/// All.
pub const TARGETS: &[&str] = &[PLAIN, WASIP1, WASIP2];

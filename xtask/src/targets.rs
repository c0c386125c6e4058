//! The WebAssembly targets that the project is built for.

/// The filter's target. The filter calls the gateway directly; an operating system interface and its C library would
/// only take space.
pub const PLAIN: &str = "wasm32-unknown-unknown";

/// The target of filters that use proxy-wasm's SDK.
pub const WASIP1: &str = "wasm32-wasip1";

/// The target of the functions, which are components.
pub const WASIP2: &str = "wasm32-wasip2";

/// All targets.
pub const TARGETS: &[&str] = &[PLAIN, WASIP1, WASIP2];

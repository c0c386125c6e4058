//! The constants of proxy-wasm ABI 0.2.1 that the filter uses.

/// The status of a host function that succeeded.
pub const OK: u32 = 0;
/// The status of a host function that got an unknown name.
pub const BAD_ARGUMENT: u32 = 2;

/// WASI's id of the monotonic clock.
pub const MONOTONIC: u32 = 1;

/// What the gateway does with the stream after a callback. The ABI also has a pause, which this filter cannot return.
#[repr(u32)]
pub enum Action {
    /// Goes on.
    Continue = 0,
}

/// How much a line of the log matters.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum LogLevel {
    /// Normal events.
    Info = 2,
    /// Needs attention.
    Warn = 3,
    /// Something was lost or does not work.
    Error = 4,
    /// The filter panicked.
    Critical = 5,
}

/// Bytes that the gateway holds.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Buffer {
    /// The chunk of a request's body that is passing.
    RequestBody = 0,
    /// The chunk of a response's body that is passing.
    ResponseBody = 1,
    /// The body of the answer to a call.
    AnswerBody = 4,
    /// The configuration of a root context.
    PluginConfiguration = 7,
}

/// Headers that the gateway holds.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Map {
    /// Of a request.
    Request = 0,
    /// Of a response.
    Response = 2,
    /// Of the answer to a call.
    Answer = 6,
}

/// What a metric does with the values that it gets.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum MetricType {
    /// Adds them up.
    Counter = 0,
    /// Goes up and down with them.
    Gauge = 1,
    /// Spreads them over ranges.
    Histogram = 2,
}

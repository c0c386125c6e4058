//! The host functions that the filter calls.
//!
//! Any status but success means "absent": an unknown name must not end the VM. A header map stays in the one buffer
//! that the gateway wrote, and paths of attributes are static, because these are called for every request.
//!
//! # Safety
//!
//! A buffer that a host function returns was allocated by our `proxy_on_memory_allocate` with exactly the returned size and
//! is owned by the caller (proxy-wasm ABI 0.2.1).
#![expect(unsafe_code, reason = "host functions are foreign functions")]

use std::ptr::null_mut;
use std::time::Duration;

use super::abi_constants::{BAD_ARGUMENT, Buffer, LogLevel, MONOTONIC, Map, MetricType, OK};
use crate::host::headers::Headers;
use crate::host::{Call, CallError, CallId};

/// The encoding of no trailers.
const NO_PAIRS: [u8; 4] = [0; 4];

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_log(level: u32, message: *const u8, size: usize) -> u32;
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_get_header_map_value(
        map: u32,
        key: *const u8,
        key_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_get_property(path: *const u8, path_size: usize, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_call_foreign_function(
        name: *const u8,
        name_size: usize,
        argument: *const u8,
        argument_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_get_buffer_bytes(
        buffer: u32,
        start: usize,
        max_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_http_call(
        cluster: *const u8,
        cluster_size: usize,
        headers: *const u8,
        headers_size: usize,
        body: *const u8,
        body_size: usize,
        trailers: *const u8,
        trailers_size: usize,
        timeout: u32,
        call: *mut u32,
    ) -> u32;
    fn proxy_done() -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, name_size: usize, id: *mut u32) -> u32;
    fn proxy_increment_metric(id: u32, offset: i64) -> u32;
    fn proxy_record_metric(id: u32, value: u64) -> u32;
}

// proxy-wasm has neither random numbers nor a monotonic clock; its hosts have these functions of WASI.
#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn random_get(buffer: *mut u8, size: usize) -> u32;
    fn clock_time_get(clock: u32, precision: u64, time: *mut u64) -> u32;
}

/// Writes a line to the gateway's log.
pub fn log(level: LogLevel, message: &str) {
    // SAFETY: pointer and size describe `message`, which the host only reads.
    unsafe { proxy_log(level as u32, message.as_ptr(), message.len()) };
}

/// Nanoseconds since the epoch.
pub fn wall_time() -> u64 {
    let mut time = 0;
    // SAFETY: the host writes one `u64` to `time`.
    unsafe { proxy_get_current_time_nanoseconds(&mut time) };
    time
}

/// Nanoseconds of the monotonic clock; none when the gateway has no such clock.
pub fn monotonic() -> Option<u64> {
    let mut time = 0;
    // SAFETY: the host writes one `u64` to `time`.
    let status = unsafe { clock_time_get(MONOTONIC, 1, &mut time) };
    (status == OK).then_some(time)
}

/// An unpredictable number.
pub fn random_seed() -> Option<u64> {
    let mut seed = [0; size_of::<u64>()];
    // SAFETY: the host writes as many bytes as `seed` has.
    let status = unsafe { random_get(seed.as_mut_ptr(), seed.len()) };
    (status == OK).then(|| u64::from_le_bytes(seed))
}

/// Asks for ticks.
pub fn set_tick_period(period: Duration) {
    // SAFETY: no pointers.
    unsafe { proxy_set_tick_period_milliseconds(milliseconds(period)) };
}

/// Reports that the context of this callback is done, after it returned that it was not.
pub fn done() {
    // SAFETY: no pointers.
    unsafe { proxy_done() };
}

/// A header map in its encoding.
pub fn header_map(map: Map) -> Option<Vec<u8>> {
    // SAFETY: see `returned`.
    returned(|data, size| unsafe { proxy_get_header_map_pairs(map as u32, data, size) })
}

/// The first value of a header.
pub fn header(map: Map, name: &str) -> Option<Vec<u8>> {
    // SAFETY: see `returned`; the host only reads `name`.
    returned(|data, size| unsafe {
        proxy_get_header_map_value(map as u32, name.as_ptr(), name.len(), data, size)
    })
}

/// An attribute.
pub fn property(path: &str) -> Option<Vec<u8>> {
    // SAFETY: see `returned`; the host only reads `path`.
    returned(|data, size| unsafe { proxy_get_property(path.as_ptr(), path.len(), data, size) })
}

/// The result of a foreign function: one that the gateway has beyond the ABI.
pub fn foreign_function(name: &str, argument: &[u8]) -> Option<Vec<u8>> {
    // SAFETY: see `returned`; the host only reads `name` and `argument`.
    returned(|data, size| unsafe {
        proxy_call_foreign_function(name.as_ptr(), name.len(), argument.as_ptr(), argument.len(), data, size)
    })
}

/// A part of a buffer.
pub fn buffer(buffer: Buffer, start: usize, max_size: usize) -> Option<Vec<u8>> {
    // SAFETY: see `returned`.
    returned(|data, size| unsafe { proxy_get_buffer_bytes(buffer as u32, start, max_size, data, size) })
}

/// Starts an HTTP call; its answer comes to the context of this callback.
pub fn http_call(call: &Call<'_>) -> Result<CallId, CallError> {
    let headers: Headers<'_> = call.headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let headers = headers.encoding();
    let mut id = 0;
    // SAFETY: the host only reads what the pointers and sizes describe, and writes one `u32` to `id`.
    let status = unsafe {
        proxy_http_call(
            call.cluster.as_ptr(),
            call.cluster.len(),
            headers.as_ptr(),
            headers.len(),
            call.body.as_ptr(),
            call.body.len(),
            NO_PAIRS.as_ptr(),
            NO_PAIRS.len(),
            milliseconds(call.timeout),
            &mut id,
        )
    };
    match status {
        OK => Ok(CallId(id)),
        BAD_ARGUMENT => Err(CallError::UnknownCluster),
        _ => Err(CallError::NotSent),
    }
}

/// Defines a metric.
pub fn define_metric(kind: MetricType, name: &str) -> Option<u32> {
    let mut id = 0;
    // SAFETY: the host only reads `name`, and writes one `u32` to `id`.
    let status = unsafe { proxy_define_metric(kind as u32, name.as_ptr(), name.len(), &mut id) };
    (status == OK).then_some(id)
}

/// Adds to a counter or moves a gauge.
pub fn increment_metric(id: u32, amount: i64) {
    // SAFETY: no pointers.
    unsafe { proxy_increment_metric(id, amount) };
}

/// Records a value of a histogram.
pub fn record_metric(id: u32, value: u64) {
    // SAFETY: no pointers.
    unsafe { proxy_record_metric(id, value) };
}

fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

/// The bytes that a host function returns through its two last arguments.
fn returned(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Option<Vec<u8>> {
    let (mut data, mut size) = (null_mut::<u8>(), 0);
    if call(&mut data, &mut size) != OK {
        return None;
    }
    if data.is_null() {
        return Some(Vec::new());
    }
    // SAFETY: the host wrote `size` bytes into an allocation of exactly that capacity and gave it to us.
    Some(unsafe { Vec::from_raw_parts(data, size, size) })
}

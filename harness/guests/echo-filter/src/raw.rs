//! Raw imports of host functions, so that every status is visible.
#![expect(unsafe_code, reason = "imported functions cannot be called otherwise")]

use std::{ptr, slice};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_log(level: u32, text: *const u8, size: usize) -> u32;
    fn proxy_get_current_time_nanoseconds(out: *mut u64) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_done() -> u32;
    fn proxy_call_foreign_function(
        name: *const u8,
        name_size: usize,
        argument: *const u8,
        argument_size: usize,
        result: *mut *mut u8,
        result_size: *mut usize,
    ) -> u32;
    fn proxy_get_property(path: *const u8, path_size: usize, value: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_get_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_get_header_map_pairs(map: u32, pairs: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_get_buffer_bytes(
        buffer: u32,
        start: u32,
        length: u32,
        bytes: *mut *mut u8,
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
        timeout_ms: u32,
        out: *mut u32,
    ) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, size: usize, out: *mut u32) -> u32;
    fn proxy_increment_metric(metric: u32, offset: i64) -> u32;
    fn proxy_record_metric(metric: u32, value: u64) -> u32;
    // A function that the filter never calls.
    fn proxy_grpc_cancel(token: u32) -> u32;
}

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn random_get(at: *mut u8, size: usize) -> u32;
    fn clock_time_get(clock: u32, precision: u64, out: *mut u64) -> u32;
}

/// A status and bytes.
pub(crate) type Answer = (u32, Vec<u8>);

pub(crate) fn log(level: u32, text: &str) -> u32 {
    unsafe { proxy_log(level, text.as_ptr(), text.len()) }
}

pub(crate) fn time() -> (u32, u64) {
    let mut out = 0;
    (unsafe { proxy_get_current_time_nanoseconds(&mut out) }, out)
}

pub(crate) fn tick(period_ms: u32) -> u32 {
    unsafe { proxy_set_tick_period_milliseconds(period_ms) }
}

pub(crate) fn done() -> u32 {
    unsafe { proxy_done() }
}

pub(crate) fn foreign(name: &str) -> Answer {
    bytes(|result, size| unsafe {
        proxy_call_foreign_function(name.as_ptr(), name.len(), ptr::null(), 0, result, size)
    })
}

pub(crate) fn property(path: &[u8]) -> Answer {
    bytes(|value, size| unsafe { proxy_get_property(path.as_ptr(), path.len(), value, size) })
}

pub(crate) fn header(map: u32, name: &str) -> Answer {
    bytes(|value, size| unsafe { proxy_get_header_map_value(map, name.as_ptr(), name.len(), value, size) })
}

pub(crate) fn pairs(map: u32) -> Answer {
    bytes(|pairs, size| unsafe { proxy_get_header_map_pairs(map, pairs, size) })
}

pub(crate) fn buffer(buffer: u32, start: u32, length: u32) -> Answer {
    bytes(|at, size| unsafe { proxy_get_buffer_bytes(buffer, start, length, at, size) })
}

pub(crate) fn call(cluster: &str, timeout_ms: u32, headers: &[u8], body: &str) -> (u32, u64) {
    const NO_TRAILERS: [u8; 4] = [0; 4];
    number(|out| unsafe {
        proxy_http_call(
            cluster.as_ptr(),
            cluster.len(),
            headers.as_ptr(),
            headers.len(),
            body.as_ptr(),
            body.len(),
            NO_TRAILERS.as_ptr(),
            NO_TRAILERS.len(),
            timeout_ms,
            out,
        )
    })
}

pub(crate) fn grpc_cancel() -> u32 {
    unsafe { proxy_grpc_cancel(1) }
}

pub(crate) fn define(kind: u32, name: &str) -> (u32, u64) {
    number(|out| unsafe { proxy_define_metric(kind, name.as_ptr(), name.len(), out) })
}

pub(crate) fn increment(metric: u32, offset: i64) -> u32 {
    unsafe { proxy_increment_metric(metric, offset) }
}

pub(crate) fn record(metric: u32, value: u64) -> u32 {
    unsafe { proxy_record_metric(metric, value) }
}

pub(crate) fn random(size: usize) -> Answer {
    let mut bytes = vec![0; size];
    (unsafe { random_get(bytes.as_mut_ptr(), size) }, bytes)
}

pub(crate) fn clock(clock: u32) -> (u32, u64) {
    let mut out = 0;
    (unsafe { clock_time_get(clock, 0, &mut out) }, out)
}

/// Calls with pointers outside the memory: one to read from, one for a result, one for a value.
pub(crate) fn bad_pointers() -> [u32; 3] {
    let far = ptr::without_provenance::<u8>(usize::MAX - 3);
    let out = ptr::without_provenance_mut::<u64>(usize::MAX - 3);
    let (mut value, mut size) = (ptr::null_mut(), 0);
    let path = "plugin_root_id";
    unsafe {
        [
            proxy_get_property(far, 100, &mut value, &mut size),
            proxy_get_current_time_nanoseconds(out),
            proxy_get_property(path.as_ptr(), path.len(), out.cast(), &mut size),
        ]
    }
}

fn number(call: impl FnOnce(*mut u32) -> u32) -> (u32, u64) {
    let mut out = 0;
    (call(&mut out), out.into())
}

fn bytes(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Answer {
    let (mut at, mut size) = (ptr::null_mut(), 0);
    let status = call(&mut at, &mut size);
    if at.is_null() {
        return (status, Vec::new());
    }
    let answer = unsafe { slice::from_raw_parts(at, size) }.to_vec();
    // The gateway allocated it with `proxy_on_memory_allocate`, which returns boxed slices.
    drop(unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(at, size)) });
    (status, answer)
}

//! Host functions as they are imported, so that every status can be seen: the SDK panics on those it does not expect.
#![expect(unsafe_code, reason = "imported functions cannot be called otherwise")]

use std::{ptr, slice};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_log(level: u32, text: *const u8, size: usize) -> u32;
    fn proxy_get_log_level(out: *mut u32) -> u32;
    fn proxy_get_current_time_nanoseconds(out: *mut u64) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_done() -> u32;
    fn proxy_get_status(code: *mut u32, text: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_call_foreign_function(
        name: *const u8,
        name_size: usize,
        argument: *const u8,
        argument_size: usize,
        result: *mut *mut u8,
        result_size: *mut usize,
    ) -> u32;
    fn proxy_get_property(path: *const u8, path_size: usize, value: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_property(path: *const u8, path_size: usize, value: *const u8, size: usize) -> u32;
    fn proxy_get_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_add_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        size: usize,
    ) -> u32;
    fn proxy_replace_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        size: usize,
    ) -> u32;
    fn proxy_remove_header_map_value(map: u32, name: *const u8, name_size: usize) -> u32;
    fn proxy_get_header_map_pairs(map: u32, pairs: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_header_map_pairs(map: u32, pairs: *const u8, size: usize) -> u32;
    fn proxy_get_header_map_size(map: u32, out: *mut u32) -> u32;
    fn proxy_get_buffer_bytes(
        buffer: u32,
        start: u32,
        length: u32,
        bytes: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_get_buffer_status(buffer: u32, length: *mut u32, flags: *mut u32) -> u32;
    fn proxy_set_buffer_bytes(buffer: u32, start: u32, length: u32, bytes: *const u8, size: usize) -> u32;
    fn proxy_continue_stream(kind: u32) -> u32;
    fn proxy_close_stream(kind: u32) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc: i32,
    ) -> u32;
    fn proxy_grpc_cancel(token: u32) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, size: usize, out: *mut u32) -> u32;
    fn proxy_increment_metric(metric: u32, offset: i64) -> u32;
    fn proxy_record_metric(metric: u32, value: u64) -> u32;
    fn proxy_get_metric(metric: u32, out: *mut u64) -> u32;
    fn proxy_get_shared_data(
        key: *const u8,
        key_size: usize,
        value: *mut *mut u8,
        size: *mut usize,
        cas: *mut u32,
    ) -> u32;
    fn proxy_set_shared_data(key: *const u8, key_size: usize, value: *const u8, size: usize, cas: u32)
    -> u32;
    fn proxy_register_shared_queue(name: *const u8, size: usize, out: *mut u32) -> u32;
    fn proxy_resolve_shared_queue(
        vm: *const u8,
        vm_size: usize,
        name: *const u8,
        size: usize,
        out: *mut u32,
    ) -> u32;
    fn proxy_dequeue_shared_queue(token: u32, item: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_enqueue_shared_queue(token: u32, item: *const u8, size: usize) -> u32;
}

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn random_get(at: *mut u8, size: usize) -> u32;
    fn clock_time_get(clock: u32, precision: u64, out: *mut u64) -> u32;
    fn sched_yield() -> u32;
    fn poll_oneoff(subscriptions: *const u8, events: *mut u8, count: usize, out: *mut usize) -> u32;
}

/// A status and bytes.
pub(crate) type Answer = (u32, Vec<u8>);

pub(crate) fn log(level: u32, text: &str) -> u32 {
    unsafe { proxy_log(level, text.as_ptr(), text.len()) }
}

pub(crate) fn log_level() -> (u32, u64) {
    number(|out| unsafe { proxy_get_log_level(out) })
}

pub(crate) fn time() -> (u32, u64) {
    let mut out = 0;
    (unsafe { proxy_get_current_time_nanoseconds(&mut out) }, out)
}

pub(crate) fn tick(period_ms: u32) -> u32 {
    unsafe { proxy_set_tick_period_milliseconds(period_ms) }
}

pub(crate) fn effective(context: u32) -> u32 {
    unsafe { proxy_set_effective_context(context) }
}

pub(crate) fn done() -> u32 {
    unsafe { proxy_done() }
}

pub(crate) fn status() -> (u32, u32, Vec<u8>) {
    let mut code = 0;
    let (status, text) = bytes(|text, size| unsafe { proxy_get_status(&mut code, text, size) });
    (status, code, text)
}

pub(crate) fn foreign(name: &str) -> Answer {
    bytes(|result, size| unsafe {
        proxy_call_foreign_function(name.as_ptr(), name.len(), ptr::null(), 0, result, size)
    })
}

pub(crate) fn property(path: &[u8]) -> Answer {
    bytes(|value, size| unsafe { proxy_get_property(path.as_ptr(), path.len(), value, size) })
}

pub(crate) fn set_property(path: &[u8], value: &str) -> u32 {
    unsafe { proxy_set_property(path.as_ptr(), path.len(), value.as_ptr(), value.len()) }
}

pub(crate) fn header(map: u32, name: &str) -> Answer {
    bytes(|value, size| unsafe { proxy_get_header_map_value(map, name.as_ptr(), name.len(), value, size) })
}

pub(crate) fn add(map: u32, name: &str, value: &str) -> u32 {
    unsafe { proxy_add_header_map_value(map, name.as_ptr(), name.len(), value.as_ptr(), value.len()) }
}

pub(crate) fn replace(map: u32, name: &str, value: &str) -> u32 {
    unsafe { proxy_replace_header_map_value(map, name.as_ptr(), name.len(), value.as_ptr(), value.len()) }
}

pub(crate) fn remove(map: u32, name: &str) -> u32 {
    unsafe { proxy_remove_header_map_value(map, name.as_ptr(), name.len()) }
}

pub(crate) fn pairs(map: u32) -> Answer {
    bytes(|pairs, size| unsafe { proxy_get_header_map_pairs(map, pairs, size) })
}

pub(crate) fn set_pairs(map: u32, pairs: &[u8]) -> u32 {
    unsafe { proxy_set_header_map_pairs(map, pairs.as_ptr(), pairs.len()) }
}

pub(crate) fn map_size(map: u32) -> (u32, u64) {
    number(|out| unsafe { proxy_get_header_map_size(map, out) })
}

pub(crate) fn buffer(buffer: u32, start: u32, length: u32) -> Answer {
    bytes(|at, size| unsafe { proxy_get_buffer_bytes(buffer, start, length, at, size) })
}

pub(crate) fn buffer_status(buffer: u32) -> (u32, u64) {
    let mut flags = 0;
    number(|length| unsafe { proxy_get_buffer_status(buffer, length, &mut flags) })
}

pub(crate) fn set_buffer(buffer: u32, start: u32, length: u32, bytes: &str) -> u32 {
    unsafe { proxy_set_buffer_bytes(buffer, start, length, bytes.as_ptr(), bytes.len()) }
}

pub(crate) fn go_on(kind: u32) -> u32 {
    unsafe { proxy_continue_stream(kind) }
}

pub(crate) fn close(kind: u32) -> u32 {
    unsafe { proxy_close_stream(kind) }
}

pub(crate) fn respond(status: u32, body: &str) -> u32 {
    let details = "echo";
    unsafe {
        proxy_send_local_response(
            status,
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            ptr::null(),
            0,
            -1,
        )
    }
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

pub(crate) fn metric(metric: u32) -> (u32, u64) {
    let mut out = 0;
    (unsafe { proxy_get_metric(metric, &mut out) }, out)
}

pub(crate) fn shared(key: &str) -> (u32, u32, Vec<u8>) {
    let mut cas = 0;
    let (status, value) =
        bytes(|value, size| unsafe { proxy_get_shared_data(key.as_ptr(), key.len(), value, size, &mut cas) });
    (status, cas, value)
}

pub(crate) fn set_shared(key: &str, value: &str, cas: u32) -> u32 {
    unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), cas) }
}

pub(crate) fn register_queue(name: &str) -> (u32, u64) {
    number(|out| unsafe { proxy_register_shared_queue(name.as_ptr(), name.len(), out) })
}

pub(crate) fn resolve_queue(name: &str) -> (u32, u64) {
    number(|out| unsafe { proxy_resolve_shared_queue(ptr::null(), 0, name.as_ptr(), name.len(), out) })
}

pub(crate) fn dequeue(token: u32) -> Answer {
    bytes(|item, size| unsafe { proxy_dequeue_shared_queue(token, item, size) })
}

pub(crate) fn enqueue(token: u32, item: &str) -> u32 {
    unsafe { proxy_enqueue_shared_queue(token, item.as_ptr(), item.len()) }
}

pub(crate) fn random(size: usize) -> Answer {
    let mut bytes = vec![0; size];
    (unsafe { random_get(bytes.as_mut_ptr(), size) }, bytes)
}

pub(crate) fn clock(clock: u32) -> (u32, u64) {
    let mut out = 0;
    (unsafe { clock_time_get(clock, 0, &mut out) }, out)
}

pub(crate) fn wasi_yield() -> u32 {
    unsafe { sched_yield() }
}

pub(crate) fn poll() -> u32 {
    let (mut events, mut count) = ([0; 32], 0);
    unsafe { poll_oneoff([0; 48].as_ptr(), events.as_mut_ptr(), 1, &mut count) }
}

/// Calls with pointers that leave the memory: one that is read, one that an answer goes to, one that a value goes to.
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
    // The gateway allocated it with the SDK's allocator: a boxed slice of this size.
    drop(unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(at, size)) });
    (status, answer)
}

//! The functions that the gateway calls (proxy-wasm ABI 0.2.1): those that an HTTP filter needs, and no others.
//!
//! The gateway skips what a module does not export. A callback for a context that is not there does nothing.
#![expect(
    unsafe_code,
    reason = "an exported name could be that of another function; the names of the ABI are not"
)]

use std::alloc::Layout;
use std::ptr::{dangling_mut, null_mut};

use super::abi;
use super::abi_constants::{Action, LogLevel};
use super::vm::{Configured, with_root, with_stream, with_vm};
use crate::host::CallId;
use crate::stream::Stream;

unsafe extern "C" {
    fn __wasm_call_ctors();
}

/// Its name tells the ABI's version; it is never called.
#[unsafe(no_mangle)]
extern "C" fn proxy_abi_version_0_2_1() {}

/// The first call of all.
#[unsafe(no_mangle)]
extern "C" fn _initialize() {
    // SAFETY: constructors run once, before anything else. The linker makes this function, and would have every exported
    // function call it if none did.
    unsafe { __wasm_call_ctors() };
    std::panic::set_hook(Box::new(|panic| abi::log(LogLevel::Critical, &panic.to_string())));
}

/// Allocates memory for what a host function returns; null when there is none left.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    match Layout::array::<u8>(size) {
        Ok(_) if size == 0 => dangling_mut(),
        // SAFETY: the layout has a size.
        Ok(layout) => unsafe { std::alloc::alloc(layout) },
        Err(_) => null_mut(),
    }
}

/// The gateway needs nothing of the VM itself.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_vm_start(_root: u32, _configuration_size: usize) -> bool {
    true
}

/// Also called with a later configuration for the same root.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_configure(root: u32, configuration_size: usize) -> bool {
    with_vm(|vm| vm.configure(root, configuration_size)).unwrap_or(false)
}

/// A context without a root is a root itself.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_context_create(context: u32, root: u32) {
    with_vm(|vm| vm.create(context, root));
}

/// Pushes what is due.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_tick(root: u32) {
    finish_if(with_root(root, |Configured { plugin, gateway }| plugin.on_tick(gateway)));
}

/// The gateway passes the context that made the call, and only root contexts make calls.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_http_call_response(root: u32, call: u32, _headers: u32, _body: usize, _trailers: u32) {
    finish_if(with_root(root, |Configured { plugin, gateway }| plugin.on_answer(CallId(call), gateway)));
}

/// The gateway passes only the number of headers; the filter reads those that it needs.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_headers(context: u32, _count: u32, end: bool) -> Action {
    in_stream(context, |stream, Configured { plugin, gateway }| {
        plugin.on_request_headers(stream, gateway, end);
    })
}

/// `size` is that of the chunk.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_body(context: u32, size: usize, end: bool) -> Action {
    in_stream(context, |stream, Configured { gateway, .. }| {
        stream.on_request_body(gateway, size);
        if end {
            stream.on_request_end(gateway);
        }
    })
}

/// As for the request.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_headers(context: u32, _count: u32, end: bool) -> Action {
    in_stream(context, |stream, Configured { plugin, gateway }| {
        plugin.on_response_headers(stream, gateway, end);
    })
}

/// As for the request.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_body(context: u32, size: usize, _end: bool) -> Action {
    in_stream(context, |stream, Configured { gateway, .. }| stream.on_response_body(gateway, size))
}

/// The end of a stream, when everything about it is known. As access logger the gateway passes the root context.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_log(context: u32) {
    end_stream(context);
    with_root(context, |Configured { plugin, gateway }| plugin.on_log(gateway));
}

/// For a stream the gateway calls this after the log, or without a log: Envoy delays the log of an HTTP/3 stream
/// until the client has acknowledged everything, and calls no filter then. Only a root context may have something
/// left to do.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_done(context: u32) -> bool {
    end_stream(context);
    with_root(context, |Configured { plugin, gateway }| plugin.on_done(gateway)).unwrap_or(true)
}

/// The context is gone; its number may come again.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_delete(context: u32) {
    with_vm(|vm| vm.delete(context));
}

fn end_stream(context: u32) {
    with_stream(context, |stream, Configured { plugin, gateway }| plugin.on_end(stream, gateway));
}

fn in_stream(context: u32, job: impl FnOnce(&mut Stream, &mut Configured)) -> Action {
    with_stream(context, job);
    Action::Continue
}

/// Tells the gateway that it need not wait any longer for the root context of this callback.
fn finish_if(finished: Option<bool>) {
    if finished == Some(true) {
        abi::done();
    }
}

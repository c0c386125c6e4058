//! A filter that runs the script in its configuration and logs the gateway's results.
//!
//! The configuration is a script with one `CALLBACK: OPERATION ARGUMENTS` per line. The operations of a callback are run
//! in order whenever it is called, and logged as `CALLBACK: OPERATION ARGUMENTS = STATUS ANSWER` at level info. Callbacks
//! of streams: `create`, `request_headers`, `request_body`, `request_trailers`, `response_headers`, `response_body`,
//! `response_trailers`, `log`, `done`. Of the plugin: `vm_start` (its lines are in the VM's configuration), `configure`,
//! `tick`, `callout`, `root_done`. `ops.rs` lists the operations. Three operations change the callback's result: `pause`,
//! `refuse`, `keep`.
//!
//! Because it logs raw results, the same script shows how two gateways differ.
#![cfg(target_family = "wasm")]

mod ops;
mod raw;
mod script;

use std::cell::RefCell;
use std::collections::BTreeMap;

use script::Script;

thread_local! {
    static CONTEXTS: RefCell<Contexts> = RefCell::default();
}

/// The contexts that the gateway has created.
#[derive(Default)]
struct Contexts {
    scripts: BTreeMap<u32, Script>,
    /// The root context of each stream.
    streams: BTreeMap<u32, u32>,
}

/// The script of a root context or of a stream's root context, and whether the context is a stream.
fn script(context: u32) -> (Script, bool) {
    CONTEXTS.with_borrow(|contexts| {
        let root = contexts.streams.get(&context);
        let script = contexts.scripts.get(root.unwrap_or(&context)).cloned();
        (script.unwrap_or_default(), root.is_some())
    })
}

/// Runs the operations of a callback; returns 1 when the script asks to pause, otherwise 0.
fn act(context: u32, callback: &str) -> u32 {
    script(context).0.run(callback, "pause").into()
}

mod callbacks {
    //! The functions that the gateway calls.
    #![expect(unsafe_code, reason = "the gateway finds these functions by their names")]

    use super::*;

    unsafe extern "C" {
        fn __wasm_call_ctors();
    }

    #[unsafe(no_mangle)]
    extern "C" fn proxy_abi_version_0_2_1() {}

    #[unsafe(no_mangle)]
    extern "C" fn _initialize() {
        // SAFETY: constructors run once, before anything else.
        unsafe { __wasm_call_ctors() };
        std::panic::set_hook(Box::new(|panic| _ = raw::log(5, &panic.to_string())));
    }

    #[unsafe(no_mangle)]
    extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
        Box::into_raw(vec![0_u8; size].into_boxed_slice()).cast()
    }

    #[unsafe(no_mangle)]
    extern "C" fn proxy_on_context_create(context: u32, root: u32) {
        if root == 0 {
            return;
        }
        CONTEXTS.with_borrow_mut(|contexts| contexts.streams.insert(context, root));
        script(context).0.run("create", "");
    }

    #[unsafe(no_mangle)]
    extern "C" fn proxy_on_vm_start(_: u32, _: usize) -> bool {
        !Script::read(6).run("vm_start", "refuse")
    }

    #[unsafe(no_mangle)]
    extern "C" fn proxy_on_configure(root: u32, _: usize) -> bool {
        let script = Script::read(7);
        CONTEXTS.with_borrow_mut(|contexts| contexts.scripts.insert(root, script.clone()));
        !script.run("configure", "refuse")
    }

    #[unsafe(no_mangle)]
    extern "C" fn proxy_on_tick(root: u32) {
        script(root).0.run("tick", "");
    }

    #[unsafe(no_mangle)]
    extern "C" fn proxy_on_http_call_response(
        root: u32,
        call: u32,
        headers: u32,
        body: usize,
        trailers: u32,
    ) {
        raw::log(2, &format!("callout {call}: {headers} headers, {body} bytes, {trailers} trailers"));
        script(root).0.run("callout", "");
    }

    #[unsafe(no_mangle)]
    extern "C" fn proxy_on_request_headers(context: u32, count: u32, end: bool) -> u32 {
        raw::log(1, &format!("request_headers {count} {end}"));
        act(context, "request_headers")
    }

    #[unsafe(no_mangle)]
    extern "C" fn proxy_on_request_body(context: u32, size: usize, end: bool) -> u32 {
        raw::log(1, &format!("request_body {size} {end}"));
        act(context, "request_body")
    }

    #[unsafe(no_mangle)]
    extern "C" fn proxy_on_request_trailers(context: u32, count: u32) -> u32 {
        raw::log(1, &format!("request_trailers {count}"));
        act(context, "request_trailers")
    }

    #[unsafe(no_mangle)]
    extern "C" fn proxy_on_response_headers(context: u32, count: u32, end: bool) -> u32 {
        raw::log(1, &format!("response_headers {count} {end}"));
        act(context, "response_headers")
    }

    #[unsafe(no_mangle)]
    extern "C" fn proxy_on_response_body(context: u32, size: usize, end: bool) -> u32 {
        raw::log(1, &format!("response_body {size} {end}"));
        act(context, "response_body")
    }

    #[unsafe(no_mangle)]
    extern "C" fn proxy_on_response_trailers(context: u32, count: u32) -> u32 {
        raw::log(1, &format!("response_trailers {count}"));
        act(context, "response_trailers")
    }

    #[unsafe(no_mangle)]
    extern "C" fn proxy_on_log(context: u32) {
        script(context).0.run("log", "");
    }

    #[unsafe(no_mangle)]
    extern "C" fn proxy_on_done(context: u32) -> bool {
        let (script, is_stream) = script(context);
        !script.run(if is_stream { "done" } else { "root_done" }, "keep")
    }

    #[unsafe(no_mangle)]
    extern "C" fn proxy_on_delete(context: u32) {
        CONTEXTS.with_borrow_mut(|contexts| {
            contexts.streams.remove(&context);
            contexts.scripts.remove(&context);
        });
    }
}

//! The bootstrap extension: pushes on Envoy's main thread.
#![expect(unsafe_code, reason = "Envoy's pointers and exported names")]

use std::ptr::null_mut;
use std::slice;

use gatelog_filter::host::Level;

use super::{give, nothing_to_do};
use crate::abi::{self, Buffer, Header, Pointer, ShutdownDone};
use crate::bootstrap::{Answer, Bootstrap, SHORTEST_PERIOD};
use crate::guard::guard;
use crate::log;

/// The result of a call that was answered (`envoy_dynamic_module_type_http_callout_result`).
const ANSWERED: u32 = 0;

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_bootstrap_extension_config_new(
    config: Pointer,
    _name: Buffer,
    text: Buffer,
) -> Pointer {
    let Ok(envoy) = abi::functions() else { return null_mut() };
    // Envoy takes no requests before it is told.
    // SAFETY: the configuration lives.
    unsafe { (envoy.bootstrap_extension_config_signal_init_complete)(config) };
    let made = guard("bootstrap_extension_config_new", None, || {
        // SAFETY: the text lives until the hook ends.
        Some(Bootstrap::new(envoy, config, unsafe { text.bytes() }))
    });
    match made {
        Some(Ok(bootstrap)) => give(bootstrap),
        Some(Err(error)) => {
            log::write(Level::Error, &format!("gatelog: {error}"));
            null_mut()
        }
        None => give(Bootstrap::without_document(envoy, config)),
    }
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_bootstrap_extension_config_destroy(bootstrap: Pointer) {
    guard("bootstrap_extension_config_destroy", (), || {
        // SAFETY: Envoy gives back what it got.
        let bootstrap = unsafe { Box::from_raw(bootstrap.cast::<Bootstrap>()) };
        bootstrap.close();
    });
}

/// There is one extension of a configuration, and it has nothing of its own.
#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_bootstrap_extension_new(
    bootstrap: Pointer,
    _envoy: Pointer,
) -> Pointer {
    bootstrap
}

nothing_to_do! {
    envoy_dynamic_module_on_bootstrap_extension_destroy
    envoy_dynamic_module_on_bootstrap_extension_worker_thread_initialized
    envoy_dynamic_module_on_bootstrap_extension_drain_started
    envoy_dynamic_module_on_bootstrap_extension_file_changed
    envoy_dynamic_module_on_bootstrap_extension_cluster_add_or_update
    envoy_dynamic_module_on_bootstrap_extension_cluster_removal
    envoy_dynamic_module_on_bootstrap_extension_listener_add_or_update
    envoy_dynamic_module_on_bootstrap_extension_listener_removal
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_bootstrap_extension_server_initialized(
    _envoy: Pointer,
    bootstrap: Pointer,
) {
    in_bootstrap(bootstrap, |bootstrap| {
        let start = || {
            bootstrap.start();
            true
        };
        // Without it nothing would ever be pushed.
        if !guard("bootstrap_extension_server_initialized", false, start) {
            guard("bootstrap_extension_second_start", false, start);
        }
        false
    });
}

/// A worker calls, because a batch is complete.
#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_bootstrap_extension_config_scheduled(
    _config: Pointer,
    bootstrap: Pointer,
    _event: u64,
) {
    in_bootstrap(bootstrap, |bootstrap| {
        guard("bootstrap_extension_config_scheduled", false, || bootstrap.tick())
    });
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_bootstrap_extension_timer_fired(
    _config: Pointer,
    bootstrap: Pointer,
    _timer: Pointer,
) {
    in_bootstrap(bootstrap, |bootstrap| {
        let is_done = guard("bootstrap_extension_timer_fired", false, || bootstrap.tick());
        // Whatever happens, the timer goes on.
        bootstrap.set_timer(guard("bootstrap_extension_period", SHORTEST_PERIOD, || bootstrap.period()));
        is_done
    });
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_bootstrap_extension_http_callout_done(
    _config: Pointer,
    bootstrap: Pointer,
    call: u64,
    result: u32,
    headers: *const Header,
    count: usize,
    body: *const Buffer,
    pieces: usize,
) {
    in_bootstrap(bootstrap, |bootstrap| {
        guard("bootstrap_extension_http_callout_done", false, || {
            // SAFETY: Envoy describes what it shows, which lives until the hook ends.
            let answer = (result == ANSWERED)
                .then(|| unsafe { Answer { headers: lent(headers, count), body: lent(body, pieces) } });
            bootstrap.take_answer(call, answer)
        })
    });
}

/// # Safety
///
/// As of [`slice::from_raw_parts`], except that no elements may be anywhere.
unsafe fn lent<'a, T>(start: *const T, count: usize) -> &'a [T] {
    if start.is_null() || count == 0 {
        return &[];
    }
    // SAFETY: the caller says so.
    unsafe { slice::from_raw_parts(start, count) }
}

/// Envoy waits until `done` is called.
#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_bootstrap_extension_shutdown(
    _envoy: Pointer,
    bootstrap: Pointer,
    done: ShutdownDone,
    context: Pointer,
) {
    in_bootstrap(bootstrap, |bootstrap| {
        bootstrap.set_ending(done, context);
        guard("bootstrap_extension_shutdown", (), || bootstrap.begin_end());
        guard("bootstrap_extension_last_tick", false, || bootstrap.tick())
    });
}

/// Other paths of the admin interface are not this module's.
#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_bootstrap_extension_admin_request(
    _config: Pointer,
    _bootstrap: Pointer,
    _method: Buffer,
    _path: Buffer,
    _body: Buffer,
) -> u32 {
    404
}

/// Runs `job`, which says whether Envoy need not wait any longer; a panic cannot keep Envoy from ending.
fn in_bootstrap(bootstrap: Pointer, job: impl FnOnce(&Bootstrap) -> bool) {
    // SAFETY: the extension lives until its configuration is destroyed.
    let Some(bootstrap) = (unsafe { bootstrap.cast::<Bootstrap>().as_ref() }) else { return };
    if job(bootstrap) || bootstrap.is_late() {
        bootstrap.finish();
    }
}

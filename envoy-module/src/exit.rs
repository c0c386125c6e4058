//! The end of the process: what Envoy's last requests left is sent over connections of the module's own, where the
//! configuration has an address for that.
//!
//! Envoy's workers answer requests until the very end, after the main thread has stopped calling anybody. So the last records
//! can only be sent when Envoy is gone, right before the process ends.
#![expect(unsafe_code, reason = "the functions of the C library are foreign functions")]

use std::ffi::{c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::sync::Once;
use std::time::Duration;

use gatelog_filter::host::{Host, Instant, Level, Time};
use gatelog_filter::observe::metric::Metric;

use crate::guard::guard;
use crate::{clock, courier, pusher};

/// How much longer than `drain_timeout_ms` the process waits for the last pushes.
const GRACE: Duration = Duration::from_millis(500);

/// Has the process send what is left before it ends, and the module stay until then.
pub fn prepare() {
    static PREPARED: Once = Once::new();
    PREPARED.call_once(|| {
        stay();
        // SAFETY: the function is one of C, and stays.
        unsafe { atexit(at_exit) };
    });
}

extern "C" fn at_exit() {
    guard("exit", (), || {
        // A thread that runs already sends its own rest.
        let is_left =
            courier::is_running() || pusher::wait_with(|pusher| pusher.begin_last(&StandardError, true));
        if !is_left {
            return;
        }
        let patience = pusher::wait_with(|pusher| pusher.drain_timeout()) + GRACE;
        if let Some(done) = courier::end() {
            // When it is over, it is over.
            let _ = done.recv_timeout(patience);
        }
    });
}

/// What is left when Envoy is gone: the clocks, and a place to complain.
struct StandardError;

impl Host for StandardError {
    fn wall_time(&self) -> Time {
        clock::wall_time()
    }

    fn monotonic(&self) -> Instant {
        clock::monotonic()
    }

    fn metric(&self, _metric: Metric, _amount: i64) {}

    fn log(&self, _level: Level, message: &str) {
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), "{message}");
    }
}

/// `Dl_info` of `dlfcn.h`.
#[repr(C)]
struct Place {
    file: *const c_char,
    base: *mut c_void,
    symbol: *const c_char,
    address: *mut c_void,
}

unsafe extern "C" {
    fn atexit(job: extern "C" fn()) -> c_int;
    fn dladdr(address: *const c_void, place: *mut Place) -> c_int;
    fn dlopen(file: *const c_char, flags: c_int) -> *mut c_void;
}

/// `RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE` of `dlfcn.h` on Linux.
const STAY: c_int = 0x1 | 0x4 | 0x1000;

/// Keeps Envoy from unloading the module with its last configuration: threads run in it.
fn stay() {
    let mut place = MaybeUninit::<Place>::uninit();
    let here: extern "C" fn() = at_exit;
    // SAFETY: the address is one of this module; where it is found, `place` is filled and its file is a C string.
    unsafe {
        if dladdr(here as *const c_void, place.as_mut_ptr()) != 0 {
            let file = place.assume_init().file;
            if !file.is_null() {
                dlopen(file, STAY);
            }
        }
    }
}

//! Keeps panics from Envoy: each is caught, counted, and the first is logged.
//!
//! A panic that left a hook would end Envoy. What the hook was doing is lost, at most the record of one exchange; Envoy
//! goes on as if the hook had nothing to do.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::log;

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Has the first panic logged, with its place.
pub fn log_the_first() {
    static FIRST: Once = Once::new();
    set_hook(Box::new(|panic| {
        FIRST.call_once(|| {
            let line = format!("gatelog: the module {panic}; gatelog_panics counts this one and any others");
            log::write_critical(&line);
        });
    }));
}

/// What `job` returns, or `otherwise` when it panics. `hook` names it, for tests that let it panic.
pub fn guard<R>(hook: &'static str, otherwise: R, job: impl FnOnce() -> R) -> R {
    // What a hook leaves half done is behind locks and cells that the next hook finds as they are; none of it is relied on
    // to be whole.
    let done = catch_unwind(AssertUnwindSafe(|| {
        inject(hook);
        job()
    }));
    done.unwrap_or_else(|_| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        otherwise
    })
}

/// Panics since the last call.
pub fn take_panics() -> usize {
    PANICS.swap(0, Ordering::Relaxed)
}

#[cfg(not(feature = "panic-injection"))]
fn inject(_hook: &str) {}

/// Panics in the first calls of the hooks that the environment names: `GATELOG_PANIC_IN=log,timer_fired`, or `all`.
#[cfg(feature = "panic-injection")]
#[expect(clippy::panic, reason = "that is what it is for")]
fn inject(hook: &'static str) {
    use std::collections::HashMap;
    use std::sync::{LazyLock, Mutex, PoisonError};

    /// Panics of each hook.
    const TIMES: u32 = 3;
    static NAMED: LazyLock<String> = LazyLock::new(|| std::env::var("GATELOG_PANIC_IN").unwrap_or_default());
    static CALLS: Mutex<Option<HashMap<&str, u32>>> = Mutex::new(None);
    if *NAMED != "all" && !NAMED.split(',').any(|named| named == hook) {
        return;
    }
    let calls = {
        let mut calls = CALLS.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = calls.get_or_insert_default().entry(hook).or_default();
        *calls += 1;
        *calls
    };
    if calls <= TIMES {
        panic!("in {hook}, because a test asks for it");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_counted_and_goes_no_further() {
        take_panics();
        assert_eq!(guard("test", 1, || panic!("here")), 1);
        assert_eq!(guard("test", 1, || 2), 2);
        assert_eq!((take_panics(), take_panics()), (1, 0));
    }
}

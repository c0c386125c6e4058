//! Calls the thread that pushes before its next tick, because a batch is complete.

use std::sync::{Mutex, PoisonError};

use crate::courier;
use crate::scheduler::Scheduler;

static MAIN_THREAD: Mutex<Option<Scheduler>> = Mutex::new(None);

/// From now on Envoy's main thread pushes; or with none, nobody or the courier.
pub fn set_main_thread(scheduler: Option<Scheduler>) {
    let older =
        std::mem::replace(&mut *MAIN_THREAD.lock().unwrap_or_else(PoisonError::into_inner), scheduler);
    drop(older);
}

/// Calls it.
pub fn call() {
    match &*MAIN_THREAD.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(scheduler) => scheduler.commit(),
        None => courier::call(),
    }
}

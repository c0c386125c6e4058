//! What other threads call Envoy's main thread by.
#![expect(unsafe_code, reason = "the functions of Envoy are foreign functions")]

use crate::abi::{Functions, Pointer};

/// Calls the main thread.
#[derive(Debug)]
pub struct Scheduler {
    envoy: &'static Functions,
    scheduler: Pointer,
}

// SAFETY: Envoy's scheduler may be used on any thread.
unsafe impl Send for Scheduler {}

impl Scheduler {
    /// One that has the bootstrap extension of this configuration called.
    ///
    /// # Safety
    ///
    /// The configuration lives, and this is the main thread.
    pub unsafe fn new(envoy: &'static Functions, config: Pointer) -> Self {
        // SAFETY: the caller says so.
        let scheduler = unsafe { (envoy.bootstrap_extension_config_scheduler_new)(config) };
        Self { envoy, scheduler }
    }

    /// Calls it.
    pub fn commit(&self) {
        // SAFETY: the scheduler lives as long as this.
        unsafe { (self.envoy.bootstrap_extension_config_scheduler_commit)(self.scheduler, 0) };
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        // SAFETY: the scheduler lives, and nobody else has it.
        unsafe { (self.envoy.bootstrap_extension_config_scheduler_delete)(self.scheduler) };
    }
}

//! gatelog's filter as gateways load it, except that it counts its allocations.
#![cfg(target_family = "wasm")]

// The filter's exports become exports of this module.
use gatelog_filter as _;

mod allocator {
    //! The filter's allocator with a counter.
    #![expect(unsafe_code, reason = "an allocator is unsafe by nature")]

    use std::alloc::{GlobalAlloc, Layout};
    use std::sync::atomic::{AtomicU32, Ordering};

    use talc::wasm::{WasmDynamicTalc, new_wasm_dynamic_allocator};

    struct Counted(WasmDynamicTalc);

    #[global_allocator]
    static ALLOCATOR: Counted = Counted(new_wasm_dynamic_allocator());

    static COUNT: AtomicU32 = AtomicU32::new(0);

    /// Allocations since the start, including reallocations; wraps around.
    #[unsafe(no_mangle)]
    pub extern "C" fn gatelog_allocations() -> u32 {
        COUNT.load(Ordering::Relaxed)
    }

    fn count() {
        COUNT.fetch_add(1, Ordering::Relaxed);
    }

    // SAFETY: every call is passed unchanged to the filter's allocator.
    unsafe impl GlobalAlloc for Counted {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            count();
            // SAFETY: the caller upholds the contract.
            unsafe { self.0.alloc(layout) }
        }

        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            count();
            // SAFETY: the caller upholds the contract.
            unsafe { self.0.alloc_zeroed(layout) }
        }

        unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            count();
            // SAFETY: the caller upholds the contract.
            unsafe { self.0.realloc(pointer, layout, size) }
        }

        unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
            // SAFETY: the caller upholds the contract.
            unsafe { self.0.dealloc(pointer, layout) }
        }
    }
}

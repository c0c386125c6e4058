//! A filter that traps at the third request of its VM, to show the effect of a filter's failure on a
//! gateway's traffic.
#![cfg(target_family = "wasm")]

use std::sync::atomic::{AtomicU32, Ordering};

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};

/// The request that traps, counted from one.
const FATAL: u32 = 3;

/// Requests that this VM has seen.
static REQUESTS: AtomicU32 = AtomicU32::new(0);

mod entry {
    //! The function that the gateway calls first.

    proxy_wasm::main! {{
        proxy_wasm::set_root_context(|_| Box::new(super::Trap));
    }}
}

struct Trap;

impl Context for Trap {}

impl HttpContext for Trap {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        if REQUESTS.fetch_add(1, Ordering::Relaxed) + 1 == FATAL {
            #[expect(clippy::panic, reason = "the trap is what is tried")]
            {
                panic!("the filter traps at its third request");
            }
        }
        Action::Continue
    }
}

impl RootContext for Trap {
    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Trap))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

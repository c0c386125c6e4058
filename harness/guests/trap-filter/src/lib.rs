//! A filter that traps at the third request of its VM, to show the effect of a filter's failure on a
//! gateway's traffic and on its statistics: until then it counts requests as gatelog's filter counts records.
#![cfg(target_family = "wasm")]

use std::sync::atomic::{AtomicU32, Ordering};

use proxy_wasm::hostcalls::{define_metric, increment_metric};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, MetricType};

/// The request that traps, counted from one.
const FATAL: u32 = 3;

/// Requests that this VM has seen.
static REQUESTS: AtomicU32 = AtomicU32::new(0);
/// The gateway's number of the counter of records.
static COLLECTED: AtomicU32 = AtomicU32::new(0);

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
        // A counter that is not defined is of no use to the test, which then says so.
        let _ = increment_metric(COLLECTED.load(Ordering::Relaxed), 1);
        Action::Continue
    }
}

impl RootContext for Trap {
    fn on_vm_start(&mut self, _: usize) -> bool {
        for name in ["gatelog_collected", "gatelog_sampled_out"] {
            let Ok(id) = define_metric(MetricType::Counter, name) else { return false };
            if name == "gatelog_collected" {
                COLLECTED.store(id, Ordering::Relaxed);
            }
        }
        true
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Trap))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

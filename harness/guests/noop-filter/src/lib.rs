//! A filter that sees every request and does nothing, to measure the base cost of a proxy-wasm filter.
#![cfg(target_family = "wasm")]

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;

mod entry {
    //! The function that the gateway calls first.

    proxy_wasm::main! {{
        proxy_wasm::set_root_context(|_| Box::new(super::Noop));
    }}
}

struct Noop;

impl Context for Noop {}

impl HttpContext for Noop {}

impl RootContext for Noop {
    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Noop))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

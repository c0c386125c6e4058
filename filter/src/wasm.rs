//! The shell around the filter: proxy-wasm callbacks in, host calls out; it decides nothing.
//!
//! Callbacks always continue the stream. Nothing here can fail: a callback without a configuration does nothing, and
//! what the gateway refuses is absent.

use std::cell::RefCell;
use std::rc::Rc;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, BufferType, ContextType, LogLevel};

use crate::exchange::Exchange;
use crate::host::CallId;
use crate::plugin::Plugin;

mod abi;
mod gateway;

use gateway::Gateway;

/// Smaller and faster than the standard library's, whose largest function is twice as large as any of the filter's own:
/// a gateway pays for large functions with memory when it compiles them.
#[cfg(feature = "allocator")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Warn);
    proxy_wasm::set_root_context(|_| Box::new(Root::default()));
}}

/// The filter that the contexts of one configuration share; none until it is configured.
type Shared = Rc<RefCell<Option<Configured>>>;

struct Configured {
    plugin: Plugin,
    gateway: Gateway,
}

#[derive(Default)]
struct Root {
    shared: Shared,
}

struct Stream {
    shared: Shared,
    exchange: Exchange,
}

impl Root {
    fn finish_if(&self, finished: Option<bool>) {
        if finished == Some(true) {
            let _ = hostcalls::done();
        }
    }
}

impl Context for Root {
    fn on_http_call_response(&mut self, token: u32, _headers: usize, _body_size: usize, _trailers: usize) {
        let finished = with(&self.shared, |plugin, gateway| plugin.on_answer(CallId(token), gateway));
        self.finish_if(finished);
    }

    fn on_done(&mut self) -> bool {
        with(&self.shared, |plugin, gateway| plugin.on_done(gateway)).unwrap_or(true)
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, size: usize) -> bool {
        let text = abi::buffer(BufferType::PluginConfiguration, 0, size).unwrap_or_default();
        match Plugin::new(&text) {
            Ok(plugin) => {
                abi::set_tick_period(plugin.tick_period());
                let configured = Configured { plugin, gateway: Gateway::new() };
                *self.shared.borrow_mut() = Some(configured);
                true
            }
            Err(error) => {
                abi::log(LogLevel::Error, &format!("gatelog: {error}"));
                false
            }
        }
    }

    fn on_tick(&mut self) {
        let finished = with(&self.shared, |plugin, gateway| plugin.on_tick(gateway));
        self.finish_if(finished);
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream { shared: Rc::clone(&self.shared), exchange: Exchange::default() }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        let exchange = &mut self.exchange;
        with(&self.shared, |plugin, gateway| plugin.on_request_headers(exchange, gateway, end_of_stream));
        Action::Continue
    }

    fn on_http_request_body(&mut self, size: usize, _end_of_stream: bool) -> Action {
        let exchange = &mut self.exchange;
        with(&self.shared, |_, gateway| exchange.on_request_body(gateway, size));
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        let exchange = &mut self.exchange;
        with(&self.shared, |plugin, gateway| plugin.on_response_headers(exchange, gateway, end_of_stream));
        Action::Continue
    }

    fn on_http_response_body(&mut self, size: usize, _end_of_stream: bool) -> Action {
        let exchange = &mut self.exchange;
        with(&self.shared, |_, gateway| exchange.on_response_body(gateway, size));
        Action::Continue
    }

    fn on_log(&mut self) {
        let exchange = &mut self.exchange;
        with(&self.shared, |plugin, gateway| plugin.on_log(exchange, gateway));
    }
}

/// Runs `job` with the configured filter. The gateway runs one callback of a VM at a time; if it ever ran one inside
/// another, the inner one would be skipped.
fn with<R>(shared: &Shared, job: impl FnOnce(&mut Plugin, &Gateway) -> R) -> Option<R> {
    let mut shared = shared.try_borrow_mut().ok()?;
    let Configured { plugin, gateway } = shared.as_mut()?;
    Some(job(plugin, gateway))
}

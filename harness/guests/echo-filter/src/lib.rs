//! A filter that does what its configuration says and logs what the gateway answers.
//!
//! The configuration is a script: one `CALLBACK: OPERATION ARGUMENTS` a line, done in order whenever that callback runs,
//! and logged as `CALLBACK: OPERATION ARGUMENTS = STATUS ANSWER` at level info. Callbacks of streams: `create`,
//! `request_headers`, `request_body`, `request_trailers`, `response_headers`, `response_body`, `response_trailers`, `log`,
//! `done`. Of the plugin: `vm_start` (its lines stand in the VM's configuration), `configure`, `tick`, `callout`, `queue`,
//! `root_done`. `ops.rs` lists the operations. Three change what the callback answers: `pause`, `refuse`, `keep`.
//!
//! Since it logs raw answers, the same script shows how one gateway differs from another.
#![cfg(target_family = "wasm")]

mod ops;
mod raw;

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};

mod entry {
    //! The function that the gateway calls first.

    proxy_wasm::main! {{
        proxy_wasm::set_root_context(|_| Box::<super::Plugin>::default());
    }}
}

/// Lines of `CALLBACK: OPERATION`.
#[derive(Clone, Default)]
struct Script(Rc<Vec<(String, String)>>);

impl Script {
    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let lines = text.lines().filter_map(|line| line.split_once(':'));
        Self(Rc::new(
            lines.map(|(callback, op)| (callback.trim().to_owned(), op.trim().to_owned())).collect(),
        ))
    }

    /// Does what stands under a callback; answers whether `mark` (such as `pause`) stood among it.
    fn run(&self, callback: &str, mark: &str) -> bool {
        let mut marked = false;
        for (_, op) in self.0.iter().filter(|(name, _)| name == callback) {
            if op == mark {
                marked = true;
            } else {
                let answer = ops::perform(op);
                raw::log(2, &format!("{callback}: {op} = {answer}"));
            }
        }
        marked
    }

    fn act(&self, callback: &str) -> Action {
        if self.run(callback, "pause") { Action::Pause } else { Action::Continue }
    }
}

#[derive(Default)]
struct Plugin {
    script: Script,
}

impl Context for Plugin {
    fn on_http_call_response(&mut self, token: u32, headers: usize, body: usize, trailers: usize) {
        raw::log(2, &format!("callout {token}: {headers} headers, {body} bytes, {trailers} trailers"));
        self.script.run("callout", "");
    }

    fn on_done(&mut self) -> bool {
        !self.script.run("root_done", "keep")
    }
}

impl RootContext for Plugin {
    fn on_vm_start(&mut self, _: usize) -> bool {
        !Script::parse(&raw::buffer(6, 0, u32::MAX).1).run("vm_start", "refuse")
    }

    fn on_configure(&mut self, _: usize) -> bool {
        self.script = Script::parse(&raw::buffer(7, 0, u32::MAX).1);
        !self.script.run("configure", "refuse")
    }

    fn on_tick(&mut self) {
        self.script.run("tick", "");
    }

    fn on_queue_ready(&mut self, token: u32) {
        raw::log(2, &format!("queue {token} ready"));
        self.script.run("queue", "");
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        self.script.run("create", "");
        Some(Box::new(Stream { script: self.script.clone() }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Stream {
    script: Script,
}

impl Context for Stream {
    fn on_http_call_response(&mut self, token: u32, headers: usize, body: usize, trailers: usize) {
        raw::log(
            2,
            &format!("stream's callout {token}: {headers} headers, {body} bytes, {trailers} trailers"),
        );
        self.script.run("callout", "");
    }

    fn on_done(&mut self) -> bool {
        !self.script.run("done", "keep")
    }
}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, count: usize, end: bool) -> Action {
        raw::log(1, &format!("request_headers {count} {end}"));
        self.script.act("request_headers")
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        raw::log(1, &format!("request_body {size} {end}"));
        self.script.act("request_body")
    }

    fn on_http_request_trailers(&mut self, count: usize) -> Action {
        raw::log(1, &format!("request_trailers {count}"));
        self.script.act("request_trailers")
    }

    fn on_http_response_headers(&mut self, count: usize, end: bool) -> Action {
        raw::log(1, &format!("response_headers {count} {end}"));
        self.script.act("response_headers")
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> Action {
        raw::log(1, &format!("response_body {size} {end}"));
        self.script.act("response_body")
    }

    fn on_http_response_trailers(&mut self, count: usize) -> Action {
        raw::log(1, &format!("response_trailers {count}"));
        self.script.act("response_trailers")
    }

    fn on_log(&mut self) {
        self.script.run("log", "");
    }
}

//! A proxy-wasm host: runs the very plugin that Envoy loads, ABI 0.2.1, on a clock, with random bytes and with callouts
//! that the test owns, so that the same calls always give the same result.
//!
//! ```no_run
//! use gatelog_harness::{Exchange, Module, Reply, Vm};
//! use std::time::Duration;
//!
//! # fn main() -> Result<(), gatelog_harness::Error> {
//! let module = Module::load("filter.wasm")?;
//! let mut vm = Vm::builder(&module).plugin_configuration("{}").start()?;
//! let request = Exchange::new()
//!     .request([(":method", "GET"), (":path", "/"), (":authority", "a")])
//!     .response([(":status", "200")])
//!     .log_attribute("response.flags", 0);
//! assert!(!vm.run(&request)?.paused());
//! vm.advance(Duration::from_secs(1))?;
//! while let Some(id) = vm.oldest_callout().map(|call| call.id) {
//!     vm.respond(id, Reply::status(200))?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Map
//!
//! [`Module`] compiles a plugin and links it to the one `table` of host functions; [`VmBuilder`] starts a [`Vm`] from it;
//! the `Vm` runs [`Exchange`]s or single callbacks, moves the clocks and answers [`Callout`]s. `functions` holds the host
//! functions, `guest` the checked access to the guest's memory, `gateway` the state that host functions read and change.
//!
//! # What it leaves out
//!
//! It offers what filters call that only watch, as gatelog's does. Whatever else Envoy has answers `Unimplemented`: changing
//! headers and bodies, local responses, shared data, queues, gRPC, raw connections.
//!
//! # Where answers can differ from Envoy's
//!
//! - **One VM stands alone.** Metrics are those of the plugins of that VM. Envoy shares them between the workers, and runs
//!   one more VM in its main thread and one to try each configuration.
//! - **A pause** is recorded, and the test goes on with whatever callback it likes.
//! - **Attributes** are what the test gives, plus `plugin_name`, `plugin_root_id`, `plugin_vm_id`, and what follows from the
//!   header maps: `request.{path,url_path,query,host,scheme,method,referer,useragent,id,headers}`,
//!   `response.{code,headers,trailers}`. A message is one value: no path leads into it, and maps other than headers
//!   cannot be read whole.
//! - **Header maps** keep repeated headers apart. Envoy joins some of its own (`x-forwarded-for`, `accept`, …) with commas.
//! - **Callouts** carry just what the guest gave: no `content-length`, no `x-envoy-*`. Nothing limits the calls
//!   under way.
//! - **A tick or a time-out** comes exactly when it is due. Envoy's come when its event loop is free.
//! - **A trap** ends the VM. Envoy starts a new one in its place when it may.
//! - **Foreign functions** do not exist, so CEL expressions cannot be evaluated.

mod abi;
mod attributes;
mod builder;
mod callouts;
mod clock;
mod error;
mod exchange;
mod functions;
mod gateway;
mod guest;
mod headers;
mod host_calls;
mod logs;
mod metrics;
mod module;
mod steps;
mod stream;
mod table;
mod vm;

pub use abi::{Action, Callback, Level};
pub use attributes::Value;
pub use builder::VmBuilder;
pub use callouts::{Callout, Refusal, Reply};
pub use error::Error;
pub use exchange::Exchange;
pub use headers::Headers;
pub use host_calls::HostCalls;
pub use logs::{LogLine, Logs};
pub use metrics::Metric;
pub use module::Module;
pub use steps::StreamId;
pub use stream::{Finished, Step};
pub use table::{HOST_FUNCTIONS, HostFunction};
pub use vm::{PluginId, Vm};

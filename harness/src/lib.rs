//! A proxy-wasm host (ABI 0.2.1) that runs the same plugin as Envoy. The test controls the clock, the random bytes and
//! the callouts, so that the same calls always give the same result.
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
//! # Layout
//!
//! [`Module`] compiles a plugin and links it to the one `table` of host functions; [`VmBuilder`] starts a [`Vm`] from it;
//! the `Vm` runs [`Exchange`]s or single callbacks, moves the clocks and answers [`Callout`]s. `functions` holds the host
//! functions, `guest` the checked access to the guest's memory, `gateway` the state that host functions read and change.
//!
//! # What is left out
//!
//! The host offers the functions that purely observing filters, such as gatelog's, call. Envoy's other functions return
//! `Unimplemented`: changing headers and bodies, local responses, shared data, queues, gRPC, raw connections.
//!
//! # Differences from Envoy
//!
//! - **Each VM is separate.** Metrics are those of the plugins of that VM. Envoy shares them between the workers, and runs
//!   one more VM in its main thread and one to test each configuration.
//! - **A pause** is recorded, and the test continues with any callback.
//! - **Attributes** are those set by the test, plus `plugin_name`, `plugin_root_id`, `plugin_vm_id`, and those derived from
//!   the header maps: `request.{path,url_path,query,host,scheme,method,referer,useragent,id,headers}`,
//!   `response.{code,headers,trailers}`. A message is a single value whose members cannot be read, and maps other than
//!   headers cannot be read whole.
//! - **Header maps** keep repeated headers separate. Envoy joins some of its own (`x-forwarded-for`, `accept`, …) with
//!   commas.
//! - **Callouts** contain only what the guest passed: no `content-length`, no `x-envoy-*`. The number of calls
//!   in flight is not limited.
//! - **A tick or a time-out** fires exactly when it is due. Envoy's fire when its event loop is free.
//! - **A trap** ends the VM. Envoy may start a new one in its place.
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

//! A proxy-wasm host: runs the very plugin that Envoy loads, ABI 0.2.1, on a clock, with random bytes and with callouts
//! that the embedder owns, so that the same calls always give the same result.
//!
//! ```no_run
//! use gatelog_harness::proxy_wasm::{Exchange, Module, Reply, Vm};
//! use std::time::Duration;
//!
//! # fn main() -> Result<(), gatelog_harness::proxy_wasm::Error> {
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
//! the `Vm` runs [`Exchange`]s or single callbacks, moves the clock and answers [`Callout`]s. `functions` holds the host
//! functions, `wasi` the few of WASI, `guest` the checked access to the guest's memory, `gateway` the state behind it all.
//!
//! # Where answers can differ from Envoy's
//!
//! - **One VM stands alone.** Shared data, queues and metrics are seen by the plugins of that VM only. Envoy shares them
//!   between the workers, and runs one more VM in its main thread and one to try each configuration.
//! - **Nothing acts on the stream.** A pause, a local response, a continued or reset stream is recorded, and the test goes
//!   on with whatever callback it likes. After a pause on a body, the next chunk is added to the held ones, without limit.
//! - **Attributes** are what the test gives, plus `plugin_name`, `plugin_root_id`, `plugin_vm_id`, what a filter set, and
//!   what follows from the header maps: `request.{path,url_path,query,host,scheme,method,referer,useragent,id,headers}`,
//!   `response.{code,headers,trailers}`. A message is one value: no path leads into it, and maps other than headers
//!   cannot be read whole.
//! - **Header maps** keep repeated headers apart. Envoy joins some of its own (`x-forwarded-for`, `accept`, …) with commas.
//!   Trailers that did not arrive cannot be added on the last body chunk.
//! - **Callouts** carry just what the guest gave: no `content-length`, no `x-envoy-*`. Nothing limits the calls
//!   under way.
//! - **A tick or a time-out** comes exactly when it is due. Envoy's come when its event loop is free.
//! - **A trap** ends the VM. Envoy starts a new one in its place when it may.

//! - gRPC and raw connections are not there; gRPC calls answer `Unimplemented`.

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
mod shared;
mod steps;
mod streams;
mod table;
mod vm;
mod wasi;

pub use abi::{Action, Callback, Level};
pub use attributes::Value;
pub use builder::VmBuilder;
pub use callouts::{Callout, Refusal, Reply};
pub use error::Error;
pub use exchange::{Exchange, Finished};
pub use headers::Headers;
pub use host_calls::HostCalls;
pub use logs::{LogLine, Logs};
pub use metrics::Metric;
pub use module::Module;
pub use steps::StreamId;
pub use streams::{LocalResponse, Step};
pub use table::{HOST_FUNCTIONS, HostFunction};
pub use vm::{PluginId, Vm};

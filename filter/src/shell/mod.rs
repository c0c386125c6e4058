//! The shell around the filter: proxy-wasm callbacks in, host calls out. It decides nothing.
//!
//! It speaks the ABI itself, because an SDK serves any filter: it brings callbacks for connections, gRPC and queues
//! that this one never gets, and each gateway VM pays with memory for code that never runs. The same filter over the
//! `proxy-wasm` crate 0.2.5 is a file of 254 kB; over this shell it is one of 197 kB.
//!
//! - `callbacks`: the functions that the gateway calls, each for a context of `vm`.
//! - `abi`: the functions that the gateway has; `abi_constants`: what the two sides call by number.
//! - `gateway`: the filter's view of the gateway, over `abi`.
//! - [`stream_map`]: streams by their numbers.
//!
//! Callbacks always continue the stream. Nothing here fails: a callback without a configuration does nothing, and
//! what the gateway refuses is absent.

pub mod stream_map;

#[cfg(target_family = "wasm")]
mod abi;
#[cfg(target_family = "wasm")]
mod abi_constants;
#[cfg(target_family = "wasm")]
mod callbacks;
#[cfg(target_family = "wasm")]
mod gateway;
#[cfg(target_family = "wasm")]
mod vm;

/// Smaller and faster than the standard library's allocator, whose largest function is twice as large as any of the
/// filter's own: a gateway pays for large functions with memory when it compiles them.
#[cfg(all(target_family = "wasm", feature = "allocator"))]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

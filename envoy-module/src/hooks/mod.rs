//! The functions that Envoy calls: those that each kind of extension must have, and no others.
//!
//! Each is guarded: a panic in it goes no further. Envoy refuses an extension that lacks one of its functions, so some do
//! nothing.

use std::sync::Arc;

use gatelog_filter::host::Level;

use crate::abi::{self, Pointer};
use crate::document::{self, Document};
use crate::guard::guard;
use crate::{bootstrap, exit, guard as guards, log};

mod access_logger;
mod bootstrap_extension;
mod http_filter;

/// Defines functions that Envoy wants and that have nothing to do. Envoy's arguments stay where they are.
macro_rules! nothing_to_do {
    ($($name:ident)+) => { $(
        #[unsafe(no_mangle)]
        extern "C" fn $name() {}
    )+ };
}
use nothing_to_do;

/// The first call of all. Null refuses the module.
#[unsafe(no_mangle)]
#[expect(
    unsafe_code,
    reason = "an exported name could be that of another function; the names of the ABI are not"
)]
extern "C" fn envoy_dynamic_module_on_program_init() -> *const std::ffi::c_char {
    guard("program_init", abi::VERSION.as_ptr(), || {
        if let Err(missing) = abi::functions() {
            log::missing(missing);
            return std::ptr::null();
        }
        guards::log_the_first();
        exit::prepare();
        abi::VERSION.as_ptr()
    })
}

/// The configuration that a part of the module was given, else that of the bootstrap extension. None after the log says why.
fn open(text: &[u8]) -> Option<Arc<Document>> {
    if text.trim_ascii().is_empty()
        && let Some(document) = bootstrap::document()
    {
        return Some(document);
    }
    document::open(text).map_err(|error| log::write(Level::Error, &format!("gatelog: {error}"))).ok()
}

/// Gives Envoy something to keep.
fn give<T>(value: T) -> Pointer {
    Box::into_raw(Box::new(value)).cast()
}

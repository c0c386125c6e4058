//! The part of Envoy's dynamic module ABI that this module uses: types, constants, and the functions that Envoy has for
//! modules.
//!
//! # Source
//!
//! `source/extensions/dynamic_modules/abi/abi.h` of Envoy. Its versions: `v0.1.0` in Envoy 1.38 and 1.39, `v0.2.0` in 1.40;
//! a function keeps its form within them. The functions are implemented in `abi_impl.cc` of
//! `source/extensions/dynamic_modules`, `…/access_loggers/dynamic_modules`, `…/filters/http/dynamic_modules` and
//! `…/bootstrap/dynamic_modules`. Each declaration below stands under the one that it is from.
//!
//! # Loading
//!
//! A module whose symbols the dynamic linker cannot all find is refused with the linker's words. So every function is
//! looked up when Envoy loads the module, and one that is missing is named in the log.
#![expect(unsafe_code, reason = "the functions of Envoy are foreign functions")]

use std::ffi::{CStr, c_char, c_void};
use std::sync::OnceLock;

/// A pointer that one side gives the other to keep: abi.h's `…_envoy_ptr` and `…_module_ptr`.
pub type Pointer = *mut c_void;

/// `envoy_dynamic_module_type_module_buffer` and `envoy_dynamic_module_type_envoy_buffer`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Buffer {
    start: *const u8,
    length: usize,
}

impl Buffer {
    /// No bytes.
    pub const EMPTY: Self = Self { start: std::ptr::null(), length: 0 };

    /// The bytes as Envoy takes them.
    pub const fn of(bytes: &[u8]) -> Self {
        Self { start: bytes.as_ptr(), length: bytes.len() }
    }

    /// The bytes.
    ///
    /// # Safety
    ///
    /// They live for `'a`: of a hook's arguments and of what a function returns, until the hook ends, as long as nothing
    /// changes the stream.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.start.is_null() || self.length == 0 {
            return &[];
        }
        // SAFETY: Envoy describes memory of its own, which the caller says is alive.
        unsafe { std::slice::from_raw_parts(self.start, self.length) }
    }
}

/// `envoy_dynamic_module_type_module_http_header` and `envoy_dynamic_module_type_envoy_http_header`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// `key_ptr` and `key_length`: in lower case.
    pub name: Buffer,
    /// `value_ptr` and `value_length`.
    pub value: Buffer,
}

impl Header {
    /// No name and no value.
    pub const EMPTY: Self = Self { name: Buffer::EMPTY, value: Buffer::EMPTY };
}

/// `envoy_dynamic_module_type_timing_info`; a time that is not known is -1.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Timing {
    /// `start_time_unix_ns`.
    pub start: i64,
    /// `request_complete_duration_ns`.
    pub duration: i64,
    /// `first_upstream_tx_byte_sent_ns`, from the start.
    pub first_upstream_sent: i64,
    /// `last_upstream_tx_byte_sent_ns`, from the start.
    pub last_upstream_sent: i64,
    /// `first_upstream_rx_byte_received_ns`, from the start.
    pub first_upstream_received: i64,
    /// `last_upstream_rx_byte_received_ns`, from the start.
    pub last_upstream_received: i64,
    /// `first_downstream_tx_byte_sent_ns`, from the start.
    pub first_downstream_sent: i64,
    /// `last_downstream_tx_byte_sent_ns`, from the start.
    pub last_downstream_sent: i64,
}

/// `envoy_dynamic_module_type_bytes_info`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Bytes {
    /// `bytes_received`: of the request's body.
    pub received: u64,
    /// `bytes_sent`: of the response's body.
    pub sent: u64,
    /// `wire_bytes_received`, from the upstream.
    pub wire_received: u64,
    /// `wire_bytes_sent`, to the upstream.
    pub wire_sent: u64,
}

/// What a bootstrap extension calls when its last work is done, with the context that it got.
pub type ShutdownDone = extern "C" fn(Pointer);

/// What `envoy_dynamic_module_on_program_init` returns: the newest version that this module knows. Envoy warns about
/// another one and loads the module.
pub const VERSION: &CStr = c"v0.2.0";

/// `envoy_dynamic_module_type_log_level`.
pub mod level {
    /// Info.
    pub const INFO: u32 = 2;
    /// Warn.
    pub const WARN: u32 = 3;
    /// Error.
    pub const ERROR: u32 = 4;
    /// Critical.
    pub const CRITICAL: u32 = 5;
}

/// `envoy_dynamic_module_type_http_header_type`.
pub mod header_map {
    /// `RequestHeader`.
    pub const REQUEST: u32 = 0;
    /// `ResponseHeader`.
    pub const RESPONSE: u32 = 2;
    /// `ResponseTrailer`.
    pub const RESPONSE_TRAILERS: u32 = 3;
}

/// `envoy_dynamic_module_type_http_body_type`.
pub mod body {
    /// `ReceivedRequestBody`: the chunk that is passing.
    pub const REQUEST: u32 = 0;
    /// `ReceivedResponseBody`.
    pub const RESPONSE: u32 = 2;
}

/// `envoy_dynamic_module_type_attribute_id`: the places in its list.
pub mod attribute {
    /// `request.protocol`
    pub const REQUEST_PROTOCOL: u32 = 10;
    /// `response.code_details`
    pub const RESPONSE_CODE_DETAILS: u32 = 16;
    /// `connection.mtls`
    pub const CONNECTION_MTLS: u32 = 29;
    /// `upstream.address`
    pub const UPSTREAM_ADDRESS: u32 = 41;
    /// `upstream.local_address`
    pub const UPSTREAM_LOCAL_ADDRESS: u32 = 51;
    /// `xds.route_name`
    pub const ROUTE_NAME: u32 = 61;
}

/// `envoy_dynamic_module_type_access_log_type`.
pub mod log_type {
    /// `NotSet`.
    pub const NOT_SET: u32 = 0;
    /// `DownstreamEnd`: the one line at the end of an exchange.
    pub const DOWNSTREAM_END: u32 = 6;
}

/// `Continue` of every `envoy_dynamic_module_type_on_http_filter_…_status`. The ABI also has ways to stop, which this module
/// cannot return.
pub const CONTINUE: u32 = 0;

macro_rules! functions {
    (
        $( $(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),*) $(-> $result:ty)?; )+
    ) => {
        /// The functions of the Envoy that has loaded the module, without `envoy_dynamic_module_callback_` before their
        /// names.
        #[derive(Debug)]
        pub struct Functions {
            $( $(#[$doc])* pub $name: unsafe extern "C" fn($($arg: $type),*) $(-> $result)?, )+
        }

        impl Functions {
            /// Looks the functions up in the running program.
            fn load() -> Result<Self, &'static str> {
                Ok(Self {
                    $( $name: {
                        let name = concat!("envoy_dynamic_module_callback_", stringify!($name), "\0");
                        let found = symbol(name).ok_or(stringify!($name))?;
                        // SAFETY: the symbol is the function that abi.h declares under this name.
                        unsafe { std::mem::transmute::<Pointer, unsafe extern "C" fn($($arg: $type),*) $(-> $result)?>(found) }
                    }, )+
                })
            }
        }
    };
}

functions! {
    // --- abi.h, "Common Callbacks" ---
    /// Writes a line to Envoy's log.
    fn log(level: u32, line: Buffer);
    /// True under `--mode validate`.
    fn is_validation_mode() -> bool;

    // --- abi.h, "Access Logger Callbacks" ---
    /// Number of headers.
    fn access_logger_get_headers_size(logger: Pointer, map: u32) -> usize;
    /// Writes as many headers.
    fn access_logger_get_headers(logger: Pointer, map: u32, headers: *mut Header) -> bool;
    /// The value of a header with this place among those of its name.
    fn access_logger_get_header_value(logger: Pointer, map: u32, name: Buffer, value: *mut Buffer, place: usize, count: *mut usize) -> bool;
    /// Times of the exchange.
    fn access_logger_get_timing_info(logger: Pointer, timing: *mut Timing);
    /// Bytes of the bodies.
    fn access_logger_get_bytes_info(logger: Pointer, bytes: *mut Bytes);
    /// Bytes of names and values.
    fn access_logger_get_request_headers_bytes(logger: Pointer) -> u64;
    /// Bytes of names and values.
    fn access_logger_get_response_headers_bytes(logger: Pointer) -> u64;
    /// Bytes of names and values.
    fn access_logger_get_response_trailers_bytes(logger: Pointer) -> u64;
    /// 0 for none.
    fn access_logger_get_response_code(logger: Pointer) -> u32;
    /// A bit for each flag.
    fn access_logger_get_response_flags(logger: Pointer) -> u64;
    /// Why the response has its status.
    fn access_logger_get_response_code_details(logger: Pointer, text: *mut Buffer) -> bool;
    /// Address without the port, and the port; none unless it is of IP.
    fn access_logger_get_downstream_remote_address(logger: Pointer, address: *mut Buffer, port: *mut u32) -> bool;
    /// As above.
    fn access_logger_get_downstream_local_address(logger: Pointer, address: *mut Buffer, port: *mut u32) -> bool;
    /// Name of the cluster.
    fn access_logger_get_upstream_cluster(logger: Pointer, text: *mut Buffer) -> bool;
    /// Name of the route.
    fn access_logger_get_route_name(logger: Pointer, text: *mut Buffer) -> bool;
    /// HTTP version.
    fn access_logger_get_protocol(logger: Pointer, text: *mut Buffer) -> bool;
    /// TLS server name.
    fn access_logger_get_requested_server_name(logger: Pointer, text: *mut Buffer) -> bool;
    /// How often the request was sent upstream.
    fn access_logger_get_attempt_count(logger: Pointer) -> u32;
    /// TLS version of the client's connection.
    fn access_logger_get_downstream_tls_version(logger: Pointer, text: *mut Buffer) -> bool;
    /// Why the connection to the upstream host failed.
    fn access_logger_get_upstream_transport_failure_reason(logger: Pointer, text: *mut Buffer) -> bool;
    /// A text of dynamic metadata.
    fn access_logger_get_dynamic_metadata(logger: Pointer, filter: Buffer, path: Buffer, text: *mut Buffer) -> bool;
    /// An attribute that is a text.
    fn access_logger_get_attribute_string(logger: Pointer, id: u32, text: *mut Buffer) -> bool;
    /// An attribute that is true or false.
    fn access_logger_get_attribute_bool(logger: Pointer, id: u32, value: *mut bool) -> bool;
    /// Defines a counter; only while the configuration is made, as all metrics.
    fn access_logger_config_define_counter(config: Pointer, name: Buffer, id: *mut usize) -> u32;
    /// Defines a gauge.
    fn access_logger_config_define_gauge(config: Pointer, name: Buffer, id: *mut usize) -> u32;
    /// Defines a histogram.
    fn access_logger_config_define_histogram(config: Pointer, name: Buffer, id: *mut usize) -> u32;
    /// Adds to a counter.
    fn access_logger_increment_counter(config: Pointer, id: usize, amount: u64) -> u32;
    /// Moves a gauge up.
    fn access_logger_increment_gauge(config: Pointer, id: usize, amount: u64) -> u32;
    /// Moves a gauge down.
    fn access_logger_decrement_gauge(config: Pointer, id: usize, amount: u64) -> u32;
    /// Records a value; only on threads of Envoy.
    fn access_logger_record_histogram_value(config: Pointer, id: usize, value: u64) -> u32;

    // --- abi.h, "HTTP Filter Callbacks" ---
    /// Number of headers.
    fn http_get_headers_size(filter: Pointer, map: u32) -> usize;
    /// Writes as many headers.
    fn http_get_headers(filter: Pointer, map: u32, headers: *mut Header) -> bool;
    /// The value of a header with this place among those of its name.
    fn http_get_header(filter: Pointer, map: u32, name: Buffer, value: *mut Buffer, place: usize, count: *mut usize) -> bool;
    /// Bytes of a body.
    fn http_get_body_size(filter: Pointer, body: u32) -> usize;
    /// Pieces of a body.
    fn http_get_body_chunks_size(filter: Pointer, body: u32) -> usize;
    /// Writes as many pieces.
    fn http_get_body_chunks(filter: Pointer, body: u32, pieces: *mut Buffer) -> bool;
    /// An attribute that is a text.
    fn http_filter_get_attribute_string(filter: Pointer, id: u32, text: *mut Buffer) -> bool;
    /// Name of the cluster selected by the route.
    fn http_get_cluster_name(filter: Pointer, text: *mut Buffer) -> bool;
    /// Filter state in the form that its kind of object has as a text.
    fn http_get_filter_state_typed(filter: Pointer, key: Buffer, text: *mut Buffer) -> bool;
    /// Filter state that is a text.
    fn http_get_filter_state_bytes(filter: Pointer, key: Buffer, text: *mut Buffer) -> bool;
    /// Sets a text of dynamic metadata.
    fn http_set_dynamic_metadata_string(filter: Pointer, namespace: Buffer, key: Buffer, value: Buffer);

    // --- abi.h, "Bootstrap Extension Callbacks" ---
    /// A timer of the main thread.
    fn bootstrap_extension_timer_new(config: Pointer) -> Pointer;
    /// Fires it once after so many milliseconds.
    fn bootstrap_extension_timer_enable(timer: Pointer, millis: u64);
    /// Removes it.
    fn bootstrap_extension_timer_delete(timer: Pointer);
    /// What other threads call the main thread by.
    fn bootstrap_extension_config_scheduler_new(config: Pointer) -> Pointer;
    /// Calls the main thread; on any thread.
    fn bootstrap_extension_config_scheduler_commit(scheduler: Pointer, event: u64);
    /// Removes it.
    fn bootstrap_extension_config_scheduler_delete(scheduler: Pointer);
    /// Starts a call; 0 when it is under way.
    fn bootstrap_extension_http_callout(config: Pointer, id: *mut u64, cluster: Buffer, headers: *const Header, count: usize, body: Buffer, millis: u64) -> u32;
    /// Envoy waits for this before it accepts connections.
    fn bootstrap_extension_config_signal_init_complete(config: Pointer);
    /// Defines a counter, without labels.
    fn bootstrap_extension_config_define_counter(config: Pointer, name: Buffer, labels: *const Buffer, count: usize, id: *mut usize) -> u32;
    /// Defines a gauge, without labels.
    fn bootstrap_extension_config_define_gauge(config: Pointer, name: Buffer, labels: *const Buffer, count: usize, id: *mut usize) -> u32;
    /// Defines a histogram, without labels.
    fn bootstrap_extension_config_define_histogram(config: Pointer, name: Buffer, labels: *const Buffer, count: usize, id: *mut usize) -> u32;
    /// Adds to a counter.
    fn bootstrap_extension_config_increment_counter(config: Pointer, id: usize, labels: *const Buffer, count: usize, amount: u64) -> u32;
    /// Moves a gauge up.
    fn bootstrap_extension_config_increment_gauge(config: Pointer, id: usize, labels: *const Buffer, count: usize, amount: u64) -> u32;
    /// Moves a gauge down.
    fn bootstrap_extension_config_decrement_gauge(config: Pointer, id: usize, labels: *const Buffer, count: usize, amount: u64) -> u32;
    /// Records a value of a histogram.
    fn bootstrap_extension_config_record_histogram_value(config: Pointer, id: usize, labels: *const Buffer, count: usize, value: u64) -> u32;
}

static FUNCTIONS: OnceLock<Result<Functions, &'static str>> = OnceLock::new();

/// The functions of the Envoy that has loaded the module.
///
/// # Errors
///
/// The name of the first that is missing: that Envoy is older than 1.38, or the program is no Envoy.
pub fn functions() -> Result<&'static Functions, &'static str> {
    FUNCTIONS.get_or_init(Functions::load).as_ref().map_err(|missing| *missing)
}

unsafe extern "C" {
    fn dlsym(handle: Pointer, name: *const c_char) -> Pointer;
}

/// `name` ends with a NUL.
fn symbol(name: &'static str) -> Option<Pointer> {
    let name = CStr::from_bytes_with_nul(name.as_bytes()).ok()?;
    // SAFETY: no handle means the running program and its libraries; the name is a C string.
    let found = unsafe { dlsym(std::ptr::null_mut(), name.as_ptr()) };
    (!found.is_null()).then_some(found)
}

/// The text or bytes that a function writes when it returns true.
///
/// # Safety
///
/// As of [`Buffer::bytes`].
pub unsafe fn written<'a>(write: impl FnOnce(*mut Buffer) -> bool) -> Option<&'a [u8]> {
    let mut buffer = Buffer::EMPTY;
    // SAFETY: the caller answers for the lifetime.
    write(&mut buffer).then(|| unsafe { buffer.bytes() })
}

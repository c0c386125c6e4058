//! The numbers of proxy-wasm ABI 0.2.1 that gateway and guest exchange.

use std::fmt;

/// The status that a host function returns. `Ok` is 0 and has no variant: a host function that succeeds
/// returns `Ok(())`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Status {
    /// There is no such header, attribute, buffer, metric or foreign function.
    NotFound = 1,
    /// An argument is out of range, or the object it names cannot be used now.
    BadArgument = 2,
    /// The value cannot be encoded.
    SerializationFailure = 3,
    /// A pointer of the guest is outside its memory.
    InvalidMemoryAccess = 6,
    /// The gateway failed.
    InternalFailure = 10,
    /// This host does not have the function.
    Unimplemented = 12,
}

/// A header map of the ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapType {
    /// 0: the request's headers.
    RequestHeaders,
    /// 1: the request's trailers.
    RequestTrailers,
    /// 2: the response's headers.
    ResponseHeaders,
    /// 3: the response's trailers.
    ResponseTrailers,
    /// 4 and 5: metadata of gRPC calls, which this host does not make.
    Grpc,
    /// 6: the headers of a callout's response.
    CalloutHeaders,
    /// 7: the trailers of a callout's response.
    CalloutTrailers,
}

impl MapType {
    /// Reads the number of a map; `BadArgument` above 7.
    pub(super) fn parse(number: u32) -> Result<Self, Status> {
        Ok(match number {
            0 => Self::RequestHeaders,
            1 => Self::RequestTrailers,
            2 => Self::ResponseHeaders,
            3 => Self::ResponseTrailers,
            4 | 5 => Self::Grpc,
            6 => Self::CalloutHeaders,
            7 => Self::CalloutTrailers,
            _ => return Err(Status::BadArgument),
        })
    }
}

/// A buffer of the ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BufferType {
    RequestBody,
    ResponseBody,
    /// 2, 3, 5 and 8: raw connections, gRPC and foreign functions, which this host does not offer: always empty.
    Unused,
    CalloutBody,
    VmConfiguration,
    PluginConfiguration,
}

impl BufferType {
    /// Reads the number of a buffer; `BadArgument` above 8.
    pub(super) fn parse(number: u32) -> Result<Self, Status> {
        Ok(match number {
            0 => Self::RequestBody,
            1 => Self::ResponseBody,
            2 | 3 | 5 | 8 => Self::Unused,
            4 => Self::CalloutBody,
            6 => Self::VmConfiguration,
            7 => Self::PluginConfiguration,
            _ => return Err(Status::BadArgument),
        })
    }
}

/// The level of a log line, from verbose to severe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Level {
    /// 0.
    Trace,
    /// 1.
    Debug,
    /// 2.
    Info,
    /// 3.
    Warn,
    /// 4.
    Error,
    /// 5.
    Critical,
}

impl Level {
    /// Reads the number of a level; `BadArgument` above 5.
    pub(super) fn parse(number: u32) -> Result<Self, Status> {
        Ok(match number {
            0 => Self::Trace,
            1 => Self::Debug,
            2 => Self::Info,
            3 => Self::Warn,
            4 => Self::Error,
            5 => Self::Critical,
            _ => return Err(Status::BadArgument),
        })
    }
}

/// The action that a guest requests after a stream callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The stream continues.
    Continue,
    /// The stream waits for the guest.
    Pause,
}

/// A function that the gateway calls in the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Callback {
    /// `_initialize` and `main`, or `_start`.
    Initialize,
    /// `proxy_on_context_create`, of a root context or of a stream.
    ContextCreate,
    /// `proxy_on_vm_start`.
    VmStart,
    /// `proxy_on_configure`.
    Configure,
    /// `proxy_on_tick`.
    Tick,
    /// `proxy_on_http_call_response`.
    CalloutResponse,
    /// `proxy_on_request_headers`.
    RequestHeaders,
    /// `proxy_on_request_body`.
    RequestBody,
    /// `proxy_on_request_trailers`.
    RequestTrailers,
    /// `proxy_on_response_headers`.
    ResponseHeaders,
    /// `proxy_on_response_body`.
    ResponseBody,
    /// `proxy_on_response_trailers`.
    ResponseTrailers,
    /// `proxy_on_log`.
    Log,
    /// `proxy_on_done`.
    Done,
    /// `proxy_on_delete`.
    Delete,
}

impl fmt::Display for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Initialize => "_initialize",
            Self::ContextCreate => "proxy_on_context_create",
            Self::VmStart => "proxy_on_vm_start",
            Self::Configure => "proxy_on_configure",
            Self::Tick => "proxy_on_tick",
            Self::CalloutResponse => "proxy_on_http_call_response",
            Self::RequestHeaders => "proxy_on_request_headers",
            Self::RequestBody => "proxy_on_request_body",
            Self::RequestTrailers => "proxy_on_request_trailers",
            Self::ResponseHeaders => "proxy_on_response_headers",
            Self::ResponseBody => "proxy_on_response_body",
            Self::ResponseTrailers => "proxy_on_response_trailers",
            Self::Log => "proxy_on_log",
            Self::Done => "proxy_on_done",
            Self::Delete => "proxy_on_delete",
        })
    }
}

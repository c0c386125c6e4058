//! An exchange that Envoy logs, behind the core's [`Exchange`]: everything about it is final. Each value has a getter of its
//! own, and texts are lent.
#![expect(unsafe_code, reason = "the functions of Envoy are foreign functions")]

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use gatelog_filter::host::attribute::{self, CLUSTER_NAME, NODE_ID, NODE_POD_NAME, ROUTE_NAME};
use gatelog_filter::host::attribute_values::{Attribute, AttributeValues};
use gatelog_filter::host::headers::Headers;
use gatelog_filter::host::{Body, Exchange, Expression, HeaderMap, Host, Instant, Level, Time};
use gatelog_filter::observe::metric::Metric;

use crate::abi::{self, Buffer, Bytes, Functions, Pointer, Timing, written};
use crate::headers::{self, Source};
use crate::{clock, filter_state, grpc, log, node};

/// The exchange of the running hook.
pub struct LoggedExchange<'a> {
    envoy: &'static Functions,
    logger: Pointer,
    state: State<'a>,
    numbers: [[u8; 8]; NUMBERS.len()],
    remote: String,
    local: String,
    time_to_response: Option<Duration>,
}

/// Filter state, as far as it can still be read.
#[derive(Clone, Copy)]
pub enum State<'a> {
    /// The HTTP filter did not see the stream.
    Unknown,
    /// The HTTP filter is there.
    Filter(Pointer),
    /// The HTTP filter is gone, and kept this: a value for each of [`filter_state::NAMES`].
    Kept(&'a [Option<Vec<u8>>]),
}

/// The attributes that are integers.
const NUMBERS: [Attribute; 7] = [
    Attribute::Start,
    Attribute::Duration,
    Attribute::Flags,
    Attribute::Code,
    Attribute::BytesReceived,
    Attribute::BytesSent,
    Attribute::Attempts,
];

impl<'a> LoggedExchange<'a> {
    /// Reads what is no text.
    ///
    /// # Safety
    ///
    /// The logger and its stream, and the filter of `state`, live longer than this: it is for the time of a hook.
    pub unsafe fn new(envoy: &'static Functions, logger: Pointer, state: State<'a>) -> Self {
        let (mut timing, mut bytes) = (Timing::default(), Bytes::default());
        // SAFETY: the stream lives until the hook ends, and Envoy fills what it gets.
        let numbers = unsafe {
            (envoy.access_logger_get_timing_info)(logger, &mut timing);
            (envoy.access_logger_get_bytes_info)(logger, &mut bytes);
            let received = bytes.received + (envoy.access_logger_get_request_headers_bytes)(logger);
            let sent = bytes.sent
                + (envoy.access_logger_get_response_headers_bytes)(logger)
                + (envoy.access_logger_get_response_trailers_bytes)(logger);
            [
                timing.start.to_le_bytes(),
                timing.duration.max(0).to_le_bytes(),
                (envoy.access_logger_get_response_flags)(logger).to_le_bytes(),
                u64::from((envoy.access_logger_get_response_code)(logger)).to_le_bytes(),
                received.to_le_bytes(),
                sent.to_le_bytes(),
                u64::from((envoy.access_logger_get_attempt_count)(logger)).to_le_bytes(),
            ]
        };
        Self {
            envoy,
            logger,
            state,
            numbers,
            remote: address(logger, envoy.access_logger_get_downstream_remote_address),
            local: address(logger, envoy.access_logger_get_downstream_local_address),
            time_to_response: u64::try_from(timing.first_upstream_received).ok().map(Duration::from_nanos),
        }
    }

    /// What [`crate::passed`] wrote into the stream's metadata.
    pub fn metadata(&self, namespace: &str, key: &str) -> Option<&[u8]> {
        let (namespace, key) = (Buffer::of(namespace.as_bytes()), Buffer::of(key.as_bytes()));
        // SAFETY: the stream lives until the hook ends, and what it shows with it.
        unsafe {
            written(|text| (self.envoy.access_logger_get_dynamic_metadata)(self.logger, namespace, key, text))
        }
    }

    /// Where Envoy has the response code details; null when there are none.
    pub fn details(&self) -> *const u8 {
        let details = self.text(self.envoy.access_logger_get_response_code_details);
        details.map_or(std::ptr::null(), <[u8]>::as_ptr)
    }

    /// Shows the filter state as well.
    pub fn with_state<'b>(self, state: State<'b>) -> LoggedExchange<'b> {
        let Self { envoy, logger, numbers, remote, local, time_to_response, .. } = self;
        LoggedExchange { envoy, logger, state, numbers, remote, local, time_to_response }
    }

    fn text(&self, get: unsafe extern "C" fn(Pointer, *mut Buffer) -> bool) -> Option<&[u8]> {
        // SAFETY: the stream lives until the hook ends, and what it shows with it.
        unsafe { written(|text| get(self.logger, text)) }
    }

    fn text_attribute(&self, id: u32) -> Option<&[u8]> {
        // SAFETY: as above.
        unsafe { written(|text| (self.envoy.access_logger_get_attribute_string)(self.logger, id, text)) }
    }

    fn is_mtls(&self) -> Option<bool> {
        let mut value = false;
        // SAFETY: as above.
        let is_known = unsafe {
            (self.envoy.access_logger_get_attribute_bool)(
                self.logger,
                abi::attribute::CONNECTION_MTLS,
                &mut value,
            )
        };
        is_known.then_some(value)
    }

    /// As Envoy's own log finds it.
    fn grpc_status(&self) -> Option<i64> {
        let source = Source::Logger(self.logger);
        let said = headers::first_trailer(self.envoy, source, grpc::STATUS)
            .or_else(|| headers::first(self.envoy, source, HeaderMap::Response, grpc::STATUS));
        let code = || {
            // SAFETY: as above.
            unsafe { (self.envoy.access_logger_get_response_code)(self.logger) }
        };
        said.map_or_else(|| grpc::of_http(code()), grpc::parse)
    }

    fn filter_state(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        match self.state {
            State::Unknown => None,
            State::Filter(filter) => {
                // SAFETY: the filter lives longer than this.
                unsafe { filter_state::read(self.envoy, filter, name) }.map(Cow::Owned)
            }
            State::Kept(values) => {
                let mut pairs = filter_state::NAMES.into_iter().zip(values);
                let (_, value) = pairs.find(|(known, _)| *known == name)?;
                value.as_deref().map(Cow::Borrowed)
            }
        }
    }
}

/// `address:port`; empty when it is not of IP.
fn address(logger: Pointer, get: unsafe extern "C" fn(Pointer, *mut Buffer, *mut u32) -> bool) -> String {
    let mut port = 0;
    // SAFETY: the stream lives until the hook ends, and what it shows with it.
    let Some(address) = (unsafe { written(|address| get(logger, address, &mut port)) }) else {
        return String::new();
    };
    let address = String::from_utf8_lossy(address);
    let mut text = String::with_capacity(address.len() + 8);
    // Writing to a string cannot fail.
    let _ = if address.contains(':') {
        write!(text, "[{address}]:{port}")
    } else {
        write!(text, "{address}:{port}")
    };
    text
}

impl Host for LoggedExchange<'_> {
    fn wall_time(&self) -> Time {
        clock::wall_time()
    }

    fn monotonic(&self) -> Instant {
        clock::monotonic()
    }

    fn metric(&self, _metric: Metric, _amount: i64) {
        // Workers hand their counts to the thread that pushes.
    }

    fn log(&self, level: Level, message: &str) {
        log::write(level, message);
    }
}

impl Exchange for LoggedExchange<'_> {
    fn headers(&self, map: HeaderMap) -> Headers<'_> {
        headers::all(self.envoy, Source::Logger(self.logger), map)
    }

    fn header(&self, map: HeaderMap, name: &str) -> Option<Cow<'_, [u8]>> {
        headers::first(self.envoy, Source::Logger(self.logger), map, name).map(Cow::Borrowed)
    }

    fn attribute(&self, path: &str) -> Option<Cow<'_, [u8]>> {
        let envoy = self.envoy;
        match path {
            attribute::UPSTREAM_TRANSPORT_FAILURE_REASON => {
                self.text(envoy.access_logger_get_upstream_transport_failure_reason).map(Cow::Borrowed)
            }
            attribute::TLS_VERSION => {
                self.text(envoy.access_logger_get_downstream_tls_version).map(Cow::Borrowed)
            }
            attribute::MTLS => self.is_mtls().map(|is| Cow::Owned(vec![u8::from(is)])),
            attribute::RESPONSE_GRPC_STATUS => {
                self.grpc_status().map(|status| Cow::Owned(status.to_le_bytes().to_vec()))
            }
            _ if path == ROUTE_NAME.xds() => self.text(envoy.access_logger_get_route_name).map(Cow::Borrowed),
            _ if path == CLUSTER_NAME.xds() => {
                self.text(envoy.access_logger_get_upstream_cluster).map(Cow::Borrowed)
            }
            _ if path == NODE_POD_NAME.xds() => node::pod_name().map(|name| Cow::Borrowed(name.as_bytes())),
            _ if path == NODE_ID.xds() => node::id().map(|id| Cow::Borrowed(id.as_bytes())),
            _ => self.filter_state(path),
        }
    }

    fn lent_attributes(&self) -> Option<AttributeValues<'_>> {
        let envoy = self.envoy;
        let mut values = AttributeValues::default();
        for (attribute, number) in NUMBERS.into_iter().zip(&self.numbers) {
            values.put(attribute, number);
        }
        values.put(Attribute::Remote, self.remote.as_bytes());
        values.put(Attribute::Local, self.local.as_bytes());
        let mut put = |attribute, text: Option<_>| values.put(attribute, text.unwrap_or_default());
        put(Attribute::CodeDetails, self.text(envoy.access_logger_get_response_code_details));
        put(Attribute::Route, self.text(envoy.access_logger_get_route_name));
        put(Attribute::Cluster, self.text(envoy.access_logger_get_upstream_cluster));
        put(Attribute::Protocol, self.text(envoy.access_logger_get_protocol));
        put(Attribute::ServerName, self.text(envoy.access_logger_get_requested_server_name));
        let upstream = self.text_attribute(abi::attribute::UPSTREAM_ADDRESS);
        put(Attribute::Upstream, upstream);
        if upstream.is_some() {
            put(Attribute::UpstreamLocal, self.text_attribute(abi::attribute::UPSTREAM_LOCAL_ADDRESS));
            let header = Attribute::SERVICE_TIME_HEADER;
            let source = Source::Logger(self.logger);
            put(Attribute::ServiceTime, headers::first(envoy, source, HeaderMap::Response, header));
        }
        Some(values)
    }

    fn time_to_response(&self) -> Option<Duration> {
        self.time_to_response
    }

    fn create_expression(&self, _text: &str) -> Option<Expression> {
        None
    }

    fn evaluate(&self, _expression: Expression) -> Option<Vec<u8>> {
        None
    }

    fn body(&self, _body: Body, _start: usize, _max_bytes: usize) -> Option<Cow<'_, [u8]>> {
        // Bodies have passed.
        None
    }
}

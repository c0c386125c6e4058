//! An exchange that passes the HTTP filter, behind the core's [`Exchange`]. Nothing is copied: what Envoy shows lives until
//! the hook ends.
#![expect(unsafe_code, reason = "the functions of Envoy are foreign functions")]

use std::borrow::Cow;
use std::cell::OnceCell;

use gatelog_filter::host::attribute::{CLUSTER_NAME, ROUTE_NAME};
use gatelog_filter::host::headers::Headers;
use gatelog_filter::host::{Body, Exchange, Expression, HeaderMap, Host, Instant, Level, Time};
use gatelog_filter::observe::metric::Metric;

use crate::abi::{self, Buffer, Functions, Pointer, written};
use crate::headers::{self, Source};
use crate::{clock, filter_state, log};

/// The exchange of the running hook.
pub struct PassingExchange {
    envoy: &'static Functions,
    filter: Pointer,
    /// The pieces of the chunk that is passing.
    pieces: OnceCell<Vec<Buffer>>,
}

impl PassingExchange {
    /// The exchange of this filter.
    ///
    /// # Safety
    ///
    /// The filter lives longer than this: it is for the time of a hook.
    pub unsafe fn new(envoy: &'static Functions, filter: Pointer) -> Self {
        Self { envoy, filter, pieces: OnceCell::new() }
    }

    /// True for HTTP/3, whose streams Envoy logs after their filters are gone.
    pub fn is_http3(&self) -> bool {
        self.text(abi::attribute::REQUEST_PROTOCOL) == Some(b"HTTP/3")
    }

    /// Where Envoy has the response code details; null when there are none.
    pub fn details(&self) -> *const u8 {
        self.text(abi::attribute::RESPONSE_CODE_DETAILS).map_or(std::ptr::null(), <[u8]>::as_ptr)
    }

    /// Bytes of the chunk that is passing.
    pub fn body_size(&self, body: Body) -> usize {
        // SAFETY: the filter lives.
        unsafe { (self.envoy.http_get_body_size)(self.filter, body_type(body)) }
    }

    fn text(&self, id: u32) -> Option<&[u8]> {
        // SAFETY: the filter lives, and what it shows outlives this exchange.
        unsafe { written(|text| (self.envoy.http_filter_get_attribute_string)(self.filter, id, text)) }
    }

    fn pieces(&self, body: Body) -> &[Buffer] {
        self.pieces.get_or_init(|| {
            let body = body_type(body);
            // SAFETY: the filter lives; Envoy writes as many pieces as it says that there are.
            unsafe {
                let count = (self.envoy.http_get_body_chunks_size)(self.filter, body);
                let mut pieces = vec![Buffer::EMPTY; count];
                if !(self.envoy.http_get_body_chunks)(self.filter, body, pieces.as_mut_ptr()) {
                    pieces.clear();
                }
                pieces
            }
        })
    }
}

impl Host for PassingExchange {
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

impl Exchange for PassingExchange {
    fn headers(&self, map: HeaderMap) -> Headers<'_> {
        headers::all(self.envoy, Source::Filter(self.filter), map)
    }

    fn header(&self, map: HeaderMap, name: &str) -> Option<Cow<'_, [u8]>> {
        headers::first(self.envoy, Source::Filter(self.filter), map, name).map(Cow::Borrowed)
    }

    fn attribute(&self, path: &str) -> Option<Cow<'_, [u8]>> {
        if path == ROUTE_NAME.xds() {
            return self.text(abi::attribute::ROUTE_NAME).map(Cow::Borrowed);
        }
        if path == CLUSTER_NAME.xds() {
            // As an attribute, filters have it since 1.40 only.
            // SAFETY: the filter lives, and what it shows outlives this exchange.
            let name = unsafe { written(|text| (self.envoy.http_get_cluster_name)(self.filter, text)) };
            return name.map(Cow::Borrowed);
        }
        let is_state = filter_state::NAMES.contains(&path);
        // SAFETY: the filter lives longer than this.
        let read = || unsafe { filter_state::read(self.envoy, self.filter, path) };
        is_state.then(read).flatten().map(Cow::Owned)
    }

    fn create_expression(&self, _text: &str) -> Option<Expression> {
        None
    }

    fn evaluate(&self, _expression: Expression) -> Option<Vec<u8>> {
        None
    }

    fn body(&self, body: Body, start: usize, max_bytes: usize) -> Option<Cow<'_, [u8]>> {
        let mut skip = start;
        for piece in self.pieces(body) {
            // SAFETY: the chunk lives until the hook ends, and this exchange does not outlive it.
            let bytes: &[u8] = unsafe { piece.bytes() };
            if let Some(rest) = bytes.get(skip..).filter(|rest| !rest.is_empty()) {
                return Some(Cow::Borrowed(rest.get(..max_bytes).unwrap_or(rest)));
            }
            skip -= bytes.len();
        }
        None
    }
}

fn body_type(body: Body) -> u32 {
    match body {
        Body::Request => abi::body::REQUEST,
        Body::Response => abi::body::RESPONSE,
    }
}

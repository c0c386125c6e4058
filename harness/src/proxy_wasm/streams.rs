//! What the gateway knows of one stream: its header maps, body chunks, attributes, and which of them a guest may read now.

use std::collections::BTreeMap;

use super::abi::{Action, Callback, MapType, Status};
use super::attributes::Attributes;
use super::headers::Headers;

/// One call of a stream's context, in the order in which they happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The function that was called.
    pub callback: Callback,
    /// What the guest answered; `None` where a callback answers nothing.
    pub action: Option<Action>,
    /// Host functions that the guest called meanwhile.
    pub host_calls: u64,
}

/// What a guest asked to be answered in place of the upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalResponse {
    /// The HTTP status.
    pub status: u32,
    /// Response code details.
    pub details: Vec<u8>,
    /// The body.
    pub body: Vec<u8>,
    /// Headers beside the gateway's own.
    pub headers: Headers,
    /// The gRPC status, -1 for none.
    pub grpc_status: i32,
}

/// A header map and whether callbacks can read it now.
#[derive(Debug, Default)]
pub(super) struct Map {
    pub(super) headers: Option<Headers>,
    /// From the callback that brings the map until that callback answers `Continue`.
    pub(super) live: bool,
}

/// One direction's chunk of body that a callback can read now.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    /// Whether the guest paused on this chunk, so that the next one is added to it.
    pub(super) held: bool,
}

/// A stream, from before its first callback until it is deleted.
#[derive(Debug, Default)]
pub(super) struct Stream {
    pub(super) root: u32,
    /// Whether the guest was told of this stream.
    pub(super) created: bool,
    /// Whether `proxy_on_log` runs.
    pub(super) logging: bool,
    pub(super) request_headers: Map,
    pub(super) request_trailers: Map,
    pub(super) response_headers: Map,
    pub(super) response_trailers: Map,
    pub(super) request_body: Body,
    pub(super) response_body: Body,
    pub(super) attributes: Attributes,
    /// Attributes that are final only at the end: read first, and only in `proxy_on_log`.
    pub(super) log_attributes: Attributes,
    pub(super) filter_state: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(super) local_response: Option<LocalResponse>,
    /// What the guest asked with `proxy_continue_stream` and `proxy_close_stream`: the stream type's number.
    pub(super) continued: Vec<u32>,
    pub(super) closed: Vec<u32>,
    pub(super) steps: Vec<Step>,
}

impl Stream {
    pub(super) fn new(root: u32) -> Self {
        Self { root, ..Self::default() }
    }

    /// The slot of one of the stream's own four maps.
    pub(super) fn map_mut(&mut self, map: MapType) -> Option<&mut Map> {
        Some(match map {
            MapType::RequestHeaders => &mut self.request_headers,
            MapType::RequestTrailers => &mut self.request_trailers,
            MapType::ResponseHeaders => &mut self.response_headers,
            MapType::ResponseTrailers => &mut self.response_trailers,
            MapType::Grpc | MapType::CalloutHeaders | MapType::CalloutTrailers => return None,
        })
    }

    fn map(&self, map: MapType) -> Option<&Map> {
        Some(match map {
            MapType::RequestHeaders => &self.request_headers,
            MapType::RequestTrailers => &self.request_trailers,
            MapType::ResponseHeaders => &self.response_headers,
            MapType::ResponseTrailers => &self.response_trailers,
            MapType::Grpc | MapType::CalloutHeaders | MapType::CalloutTrailers => return None,
        })
    }

    /// The map as it can be read now: while its callback runs, or, but for request trailers, in `proxy_on_log`.
    pub(super) fn readable(&self, map: MapType) -> Option<&Headers> {
        let slot = self.map(map)?;
        let readable = if self.logging { map != MapType::RequestTrailers } else { slot.live };
        slot.headers.as_ref().filter(|_| readable)
    }

    /// The map as it can be changed now: only while its callback runs.
    pub(super) fn writable(&mut self, map: MapType) -> Result<&mut Headers, Status> {
        let slot = self.map_mut(map).filter(|slot| slot.live).ok_or(Status::BadArgument)?;
        slot.headers.as_mut().ok_or(Status::BadArgument)
    }
}

//! The gateway's state of one stream: its header maps, body chunks and attributes, and which of them a guest may read now.

use super::abi::{Action, Callback, MapType};
use super::attributes::Attributes;
use super::headers::Headers;

/// One call of a stream's context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The function that was called.
    pub callback: Callback,
    /// The guest's result; `None` where a callback has no result.
    pub action: Option<Action>,
    /// Host functions that the guest called meanwhile.
    pub host_calls: u64,
}

/// The result of a stream: every callback, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Every callback of the stream.
    pub steps: Vec<Step>,
}

impl Finished {
    /// Whether any callback asked to pause.
    pub fn paused(&self) -> bool {
        self.steps.iter().any(|step| step.action == Some(Action::Pause))
    }
}

/// A header map and whether callbacks can read it now.
#[derive(Debug, Default)]
pub(super) struct Map {
    pub(super) headers: Option<Headers>,
    /// True from the callback that delivers the map until that callback returns `Continue`.
    pub(super) live: bool,
}

/// A stream, from before its first callback until it is deleted.
#[derive(Debug, Default)]
pub(super) struct Stream {
    pub(super) root: u32,
    /// Whether the guest was told of this stream.
    pub(super) created: bool,
    /// Whether `proxy_on_log` is running.
    pub(super) logging: bool,
    pub(super) request_headers: Map,
    pub(super) request_trailers: Map,
    pub(super) response_headers: Map,
    pub(super) response_trailers: Map,
    /// The chunk that `proxy_on_request_body` can read now.
    pub(super) request_body: Vec<u8>,
    /// The chunk that `proxy_on_response_body` can read now.
    pub(super) response_body: Vec<u8>,
    pub(super) attributes: Attributes,
    /// Attributes that are final only at the end: read first, and only in `proxy_on_log`.
    pub(super) log_attributes: Attributes,
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

    /// The map if it can be read now: while its callback runs or, except for request trailers, in
    /// `proxy_on_log`.
    pub(super) fn readable(&self, map: MapType) -> Option<&Headers> {
        let slot = self.map(map)?;
        let readable = if self.logging { map != MapType::RequestTrailers } else { slot.live };
        slot.headers.as_ref().filter(|_| readable)
    }
}

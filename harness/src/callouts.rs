//! HTTP calls that a guest makes. They are recorded for the test, and answered by the test or by their
//! time-out.

use std::{collections::BTreeMap, collections::VecDeque, time::Duration};

use super::abi::Status;
use super::headers::Headers;

/// The step between the ids of two calls; Envoy reserves the lowest bits for the kind of call.
const ID_STEP: u32 = 4;

/// An HTTP call as the guest made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callout {
    /// The token that the guest got.
    pub id: u32,
    /// The root context that gets the response.
    pub root_context: u32,
    /// The context that made the call: the root context itself, or one of its streams.
    pub context: u32,
    /// The cluster to call.
    pub cluster: String,
    /// Request headers; the gateway has added nothing to them.
    pub headers: Headers,
    /// Request body.
    pub body: Vec<u8>,
    /// Request trailers.
    pub trailers: Headers,
    /// The time limit for the response; `None` for no limit.
    pub timeout: Option<Duration>,
    /// When the call was made, in nanoseconds of the monotonic clock.
    pub sent_at_ns: u64,
}

impl Callout {
    /// When the gateway gives up, in nanoseconds of the monotonic clock.
    pub(super) fn due_ns(&self) -> Option<u64> {
        let timeout = u64::try_from(self.timeout?.as_nanos()).unwrap_or(u64::MAX);
        Some(self.sent_at_ns.saturating_add(timeout))
    }
}

/// The response to a callout.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// Response headers, `:status` first.
    pub headers: Headers,
    /// Response body.
    pub body: Vec<u8>,
    /// Response trailers; `None` when there are none.
    pub trailers: Option<Headers>,
}

impl Reply {
    /// A reply with a status, no other header and no body.
    pub fn status(status: u16) -> Self {
        Self { headers: Headers::from([(":status", status.to_string())]), ..Self::default() }
    }

    /// The same reply with one more header.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push(name, value);
        self
    }

    /// The same reply with a body.
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The number of headers, the bytes of the body, and the number of trailers.
    pub(super) fn sizes(&self) -> [usize; 3] {
        [self.headers.len(), self.body.len(), self.trailers.as_ref().map_or(0, Headers::len)]
    }

    /// The gateway's own response when a callout takes too long.
    pub(super) fn timeout() -> Self {
        Self::status(504)
            .with_header("content-length", "24")
            .with_header("content-type", "text/plain")
            .with_body("upstream request timeout")
    }
}

/// How the gateway refuses a callout immediately; no callback follows in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// For an unknown cluster or a missing header.
    BadArgument,
    /// When the cluster has no healthy host, or its circuit breaker is open.
    InternalFailure,
}

/// Calls in flight, and how the next ones will be refused.
#[derive(Debug, Default)]
pub(super) struct Callouts {
    pub(super) pending: BTreeMap<u32, Callout>,
    pub(super) refusals: VecDeque<Refusal>,
    /// Known clusters; `None` for any.
    clusters: Option<Vec<String>>,
    /// Clusters without a healthy host.
    unhealthy: Vec<String>,
    last_id: u32,
}

impl Callouts {
    pub(super) fn new(clusters: Option<Vec<String>>, unhealthy: Vec<String>) -> Self {
        Self { clusters, unhealthy, ..Self::default() }
    }

    /// Implements `proxy_http_call`: checks the call as Envoy does, assigns an id and keeps the call.
    pub(super) fn dispatch(&mut self, mut callout: Callout) -> Result<u32, Status> {
        let known = self.clusters.as_ref().is_none_or(|known| known.contains(&callout.cluster));
        let headers = &callout.headers;
        let authority = headers.get(":authority").or_else(|| headers.get("host"));
        let whole = headers.get(":method").and(headers.get(":path")).and(authority).is_some();
        if !known || !whole {
            return Err(Status::BadArgument);
        }
        let refusal = self.refusals.pop_front();
        if refusal == Some(Refusal::BadArgument) {
            return Err(Status::BadArgument);
        }
        self.last_id += ID_STEP;
        if refusal == Some(Refusal::InternalFailure) || self.unhealthy.contains(&callout.cluster) {
            return Err(Status::InternalFailure);
        }
        callout.id = self.last_id;
        self.pending.insert(callout.id, callout);
        Ok(self.last_id)
    }

    /// The call that times out first, and when.
    pub(super) fn next_due(&self) -> Option<(u64, u32)> {
        self.pending.values().filter_map(|callout| Some((callout.due_ns()?, callout.id))).min()
    }
}

//! The interface to the network: one request, one response.

use bytes::Bytes;
use http::HeaderMap;

#[cfg(target_family = "wasm")]
pub mod spin;

/// Sends requests.
#[expect(async_fn_in_trait, reason = "futures need not be Send: components are single-threaded")]
pub trait Post {
    /// Sends a request and reads at most [`MAX_RESPONSE_BYTES`] of the body of its response. The caller bounds the time.
    ///
    /// # Errors
    ///
    /// Why there is no complete response.
    async fn post(&self, request: PostRequest<'_>) -> Result<PostResponse, String>;
}

/// A request with the method POST.
#[derive(Clone, Debug)]
pub struct PostRequest<'r> {
    /// The URL.
    pub url: &'r str,
    /// All headers but those that follow from the URL and the length of the body.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// The response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PostResponse {
    /// Its status.
    pub status: u16,
    /// The header `retry-after`.
    pub retry_after: Option<String>,
    /// The body, or its start.
    pub body: Vec<u8>,
}

/// How much of a response is read; the rest, of whatever length, is given up. A response of OTLP has less than a
/// kilobyte.
pub const MAX_RESPONSE_BYTES: usize = 64 * 1024;

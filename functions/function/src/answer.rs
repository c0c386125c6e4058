//! Answers: JSON and plain text.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{StatusCode, response};
use serde::Serialize;

/// What a handler answers.
pub type Response = http::Response<Body>;

/// The body of an answer.
#[derive(Clone, Debug)]
pub enum Body {
    /// Complete, in memory.
    Full(Bytes),
}

impl Body {
    /// The bytes of a complete body.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Full(bytes) => bytes,
        }
    }
}

/// A JSON answer.
pub fn json(status: StatusCode, value: &impl Serialize) -> Response {
    // What the functions answer are maps with string keys and numbers, which always can be written.
    let body = serde_json::to_vec(value).unwrap_or_else(|_| br#"{"status":"error"}"#.to_vec());
    with_type(status, "application/json", body.into())
}

/// A plain text answer.
pub fn text(status: StatusCode, text: &'static str) -> Response {
    with_type(status, "text/plain; charset=utf-8", Bytes::from_static(text.as_bytes()))
}

fn with_type(status: StatusCode, content_type: &'static str, body: Bytes) -> Response {
    let mut response = response::Response::new(Body::Full(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

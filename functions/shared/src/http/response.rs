//! Responses: JSON, plain text and failures, complete or streamed.
//!
//! A complete response has a `Content-Length`. Spin's server sends a response without one in two writes, and the
//! client's kernel delays its acknowledgement of the first, which costs 44 ms per response.

use std::fmt;
use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Method, StatusCode};
use serde::Serialize;

use super::Failure;

/// Seconds after which a client may retry when the database could not serve a request.
pub const RETRY_AFTER_SECONDS: &str = "2";

/// A handler's response.
pub type Response = http::Response<Body>;

/// The body of a response.
#[derive(Debug)]
pub enum Body {
    /// Complete, in memory.
    Full(Bytes),
    /// Produced while it is sent.
    Stream(Chunks),
}

impl Body {
    /// The bytes of a complete body; empty for a streamed one.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Full(bytes) => bytes,
            Self::Stream(_) => &[],
        }
    }

    /// The whole body in memory, for tests.
    ///
    /// # Errors
    ///
    /// The failure that ends the stream early.
    pub async fn collect(self) -> Result<Bytes, Failure> {
        let mut chunks = match self {
            Self::Full(bytes) => return Ok(bytes),
            Self::Stream(chunks) => chunks,
        };
        let mut body = BytesMut::new();
        while let Some(chunk) = chunks.next().await {
            body.extend_from_slice(&chunk?);
        }
        Ok(body.freeze())
    }
}

/// The parts of a streamed body. A failure ends it, and the client sees a truncated body.
pub struct Chunks(Pin<Box<dyn Stream<Item = Result<Bytes, Failure>>>>);

impl Chunks {
    /// A body of the parts that `stream` yields; each is requested when the previous one was taken.
    pub fn new(stream: impl Stream<Item = Result<Bytes, Failure>> + 'static) -> Self {
        Self(Box::pin(stream))
    }

    /// The next part.
    pub async fn next(&mut self) -> Option<Result<Bytes, Failure>> {
        self.0.next().await
    }
}

impl From<Chunks> for Pin<Box<dyn Stream<Item = Result<Bytes, Failure>>>> {
    fn from(chunks: Chunks) -> Self {
        chunks.0
    }
}

impl fmt::Debug for Chunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chunks")
    }
}

/// A JSON response.
pub fn json(status: StatusCode, value: &impl Serialize) -> Response {
    // The functions' responses are maps with string keys and numbers, which can always be written.
    let body = serde_json::to_vec(value).unwrap_or_else(|_| br#"{"status":"error"}"#.to_vec());
    with_content_type(status, "application/json", Body::Full(body.into()))
}

/// A plain text response.
pub fn text(status: StatusCode, text: &'static str) -> Response {
    with_content_type(status, "text/plain; charset=utf-8", Body::Full(Bytes::from_static(text.as_bytes())))
}

/// The response `{"status":"error","error":"…"}` to a failure, with the headers for its status.
pub fn failure(failure: &Failure) -> Response {
    let error = failure.public_message();
    failure_with_body(failure, &ErrorBody { status: "error", error: &error })
}

/// The response to a failure with a body of another form.
pub fn failure_with_body(failure: &Failure, body: &impl Serialize) -> Response {
    let mut response = json(failure.status(), body);
    let headers = response.headers_mut();
    match failure {
        Failure::MethodNotAllowed { allow } => {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        Failure::Unauthorized => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"gatelog\""));
        }
        _ if failure.status() == StatusCode::SERVICE_UNAVAILABLE => {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
        }
        _ => {}
    }
    response
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    status: &'static str,
    error: &'a str,
}

/// A response of any content type.
pub fn with_content_type(status: StatusCode, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    set_content_length(&mut response);
    response
}

/// Sets the `Content-Length` of a complete response to the length of its body; a streamed response has none. The shell
/// calls this for every response, so that every complete response has one, however it was made.
pub fn set_content_length(response: &mut Response) {
    let length = match response.body() {
        Body::Full(bytes) => Some(bytes.len()),
        Body::Stream(_) => None,
    };
    match length {
        Some(length) => response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length)),
        None => response.headers_mut().remove(CONTENT_LENGTH),
    };
}

/// The response to a request with this method. For `HEAD` a complete response keeps its body; the server omits it and
/// sends its length. A streamed body is not produced.
pub fn for_method(method: &Method, mut response: Response) -> Response {
    if *method == Method::HEAD && matches!(response.body(), Body::Stream(_)) {
        *response.body_mut() = Body::Stream(Chunks::new(futures::stream::empty()));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::VariablesError;

    #[test]
    fn a_complete_response_states_its_length_and_a_streamed_one_does_not() {
        let length = |response: &Response| {
            response.headers().get(CONTENT_LENGTH).map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(length(&json(StatusCode::OK, &["é"])).as_deref(), Some("6"));
        assert_eq!(length(&text(StatusCode::OK, "ok")).as_deref(), Some("2"));
        assert_eq!(length(&text(StatusCode::OK, "")).as_deref(), Some("0"));
        let failure = Failure::NotFound { message: "there is no such path".to_owned() };
        let response = super::failure(&failure);
        assert_eq!(length(&response), Some(response.body().as_bytes().len().to_string()));
        let stream = || Body::Stream(Chunks::new(futures::stream::empty()));
        assert_eq!(length(&with_content_type(StatusCode::OK, "text/csv", stream())), None);
    }

    #[test]
    fn a_failure_is_answered_with_its_public_text_and_the_headers_of_its_status() {
        let failure = Failure::Variables(VariablesError { problems: vec!["store: secret".to_owned()] });
        let response = super::failure(&failure);
        assert_eq!(
            (response.status(), &response.headers()["retry-after"]),
            (StatusCode::SERVICE_UNAVAILABLE, &HeaderValue::from_static("2"))
        );
        assert_eq!(
            response.body().as_bytes(),
            br#"{"status":"error","error":"the function is not configured correctly: its log says what is wrong"}"#
        );
    }

    #[test]
    fn the_shell_corrects_the_length_of_a_replaced_body() {
        let mut response = text(StatusCode::OK, "ok");
        *response.body_mut() = Body::Full(Bytes::from_static(b"longer"));
        set_content_length(&mut response);
        assert_eq!(response.headers()[CONTENT_LENGTH], "6");
        *response.body_mut() = Body::Stream(Chunks::new(futures::stream::empty()));
        set_content_length(&mut response);
        assert!(!response.headers().contains_key(CONTENT_LENGTH));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn head_gets_the_length_of_a_complete_body_and_starts_no_stream() {
        let response = for_method(&Method::HEAD, text(StatusCode::OK, "twelve bytes"));
        assert_eq!(response.headers()["content-length"], "12");
        assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
        let stream = Chunks::new(futures::stream::pending());
        let response = with_content_type(StatusCode::OK, "text/csv", Body::Stream(stream));
        let response = for_method(&Method::HEAD, response);
        assert!(!response.headers().contains_key("content-length"), "nobody knows it yet");
        assert!(response.into_body().collect().await.unwrap().is_empty());
        let response = for_method(&Method::GET, text(StatusCode::OK, "ok"));
        assert_eq!(response.body().as_bytes(), b"ok");
    }
}

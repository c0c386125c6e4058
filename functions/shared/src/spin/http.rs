//! Converts requests and responses from and to Spin's types.

use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use futures::{Stream, TryStreamExt};
use http_body::Frame;
use http_body_util::{BodyExt, Either, StreamBody};
use spin_sdk::http::{FullBody, Request};
use thiserror::Error;

use crate::http::body::{self, BodySource};
use crate::http::response::set_content_length;
use crate::{Body, Failure, Response};

/// The body of a request to the component.
pub struct SpinBody(<Request as IntoBody>::Body);

/// Names the body type of a [`Request`], which Spin's SDK does not.
trait IntoBody {
    type Body;
}

impl<B> IntoBody for http::Request<B> {
    type Body = B;
}

impl BodySource for SpinBody {
    async fn read(self, max_bytes: usize) -> Result<Bytes, Failure> {
        let mut body = self.0;
        let mut read = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Failure::BadRequest {
                message: format!("the body ends early after {} bytes: {error}", read.len()),
            })?;
            if let Some(data) = frame.data_ref() {
                if data.len() > max_bytes.saturating_sub(read.len()) {
                    Self(body).discard(max_bytes).await;
                    return Err(body::too_large(max_bytes));
                }
                read.extend_from_slice(data);
            }
        }
        Ok(read.freeze())
    }

    async fn discard(self, max_bytes: usize) {
        let mut body = self.0;
        let mut left = max_bytes;
        while let Some(Ok(frame)) = body.frame().await {
            match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    }
}

/// A request in the handlers' form.
pub fn request(request: Request) -> http::Request<SpinBody> {
    request.map(SpinBody)
}

/// The body of a response in Spin's form.
pub type ResponseBody = Either<FullBody<Bytes>, StreamBody<FrameStream>>;

type FrameStream = Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, BrokenOff>>>>;

/// The error that ends a streamed body early. The host resets the connection, so the client does not take the body
/// for complete.
#[derive(Debug, Error)]
#[error("the response is cut off: {message}")]
pub struct BrokenOff {
    message: String,
}

/// A response in Spin's form.
pub fn response(mut response: Response) -> http::Response<ResponseBody> {
    set_content_length(&mut response);
    response.map(|body| match body {
        Body::Full(bytes) => Either::Left(FullBody::new(bytes)),
        Body::Stream(chunks) => {
            let chunks: Pin<Box<dyn Stream<Item = Result<Bytes, Failure>>>> = chunks.into();
            let broken = |failure: Failure| BrokenOff { message: failure.public_message() };
            let frames: FrameStream = Box::pin(chunks.map_ok(Frame::data).map_err(broken));
            Either::Right(StreamBody::new(frames))
        }
    })
}

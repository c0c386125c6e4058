//! The shell around the handlers under Spin: variables, the database, bodies, the clock, and random bytes.

mod database;

use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use futures::{Stream, TryStreamExt};
use gatelog_record::Timestamp;
use http_body::Frame;
use http_body_util::{BodyExt, Either, StreamBody};
use spin_sdk::http::{FullBody, Request};
use spin_sdk::wasip3::clocks::monotonic_clock;
use spin_sdk::{variables, wasip3};
use thiserror::Error;

pub use database::{Database, database, patient_database};

use crate::body::{self, BodySource};
use crate::{Body, Failure, Host, Response, Variables, answer};

/// The variables that the manifest gives to the component.
#[derive(Clone, Copy, Debug)]
pub struct SpinVariables;

impl Variables for SpinVariables {
    async fn get(&self, name: &str) -> Result<Option<String>, String> {
        match variables::get(name).await {
            Ok(value) => Ok(Some(value)),
            Err(variables::Error::Undefined(_)) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}

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
                message: format!("the body breaks off after {} bytes: {error}", read.len()),
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

/// A request as handlers take it.
pub fn request(request: Request) -> http::Request<SpinBody> {
    request.map(SpinBody)
}

/// The body of an answer as Spin takes it.
pub type ResponseBody = Either<FullBody<Bytes>, StreamBody<FrameStream>>;

type FrameStream = Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, BrokenOff>>>>;

/// What ends a streamed body early. The host breaks the connection off, so the client cannot take the body for whole.
#[derive(Debug, Error)]
#[error("the answer breaks off: {message}")]
pub struct BrokenOff {
    message: String,
}

/// An answer as Spin takes it.
pub fn response(mut response: Response) -> http::Response<ResponseBody> {
    answer::declare_length(&mut response);
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

/// The clocks and random bytes of the host.
#[derive(Clone, Copy, Debug)]
pub struct SpinHost;

impl Host for SpinHost {
    fn now(&self) -> Timestamp {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_nanos(u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX))
    }

    fn ticks(&self) -> Duration {
        Duration::from_nanos(monotonic_clock::now())
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        let random = wasip3::random::random::get_random_bytes(bytes.len() as u64);
        for (byte, random) in bytes.iter_mut().zip(random) {
            *byte = random;
        }
    }

    async fn sleep(&self, duration: Duration) {
        monotonic_clock::wait_for(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)).await;
    }
}

/// Work that goes on after the answer that is being made. The instance lives until it is done.
pub fn spawn(work: impl Future<Output = ()> + 'static) {
    wasip3::spawn(work);
}

//! A collector that acknowledges and counts, to measure the filter without the cost of storing. It takes gatelog's
//! batches, OTLP over HTTP, and Envoy's access log service over gRPC.
//!
//! Each variant pushes to a path of its own, `/push/NUMBER`; the access log service has no path to choose, so the records
//! that come by gRPC are one sender's.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Either, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::exchange::TOTAL_TOKENS;
use super::protobuf;

/// The sender of everything that comes by gRPC.
pub const GRPC: &str = "grpc";

/// Fields on the way from OTLP's `ExportLogsServiceRequest` to a record: `resource_logs`, `scope_logs`, `log_records`.
const OTLP_RECORD: [u64; 3] = [1, 2, 2];
/// Fields on the way from `StreamAccessLogsMessage` to an entry: `http_logs`, `log_entry`.
const ALS_ENTRY: [u64; 2] = [2, 1];

/// A running collector; stops when dropped.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    counts: Counts,
    server: JoinHandle<()>,
}

/// What a sender has pushed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Records.
    pub records: u64,
    /// Those with the token count that the upstream tells.
    pub with_tokens: u64,
}

type Counts = Arc<Mutex<BTreeMap<String, Received>>>;
type Answer = Either<Full<Bytes>, StreamBody<futures::stream::Iter<std::vec::IntoIter<TrailersOnly>>>>;
type TrailersOnly = Result<Frame<Bytes>, Infallible>;

impl Collector {
    /// Starts on a free loopback port.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let counts = Counts::default();
        let server = tokio::spawn(serve(listener, Arc::clone(&counts)));
        Ok(Self { address, counts, server })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What this sender has pushed so far.
    pub fn received(&self, sender: &str) -> Received {
        lock(&self.counts).get(sender).copied().unwrap_or_default()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, counts: Counts) {
    while let Ok((connection, _)) = listener.accept().await {
        let counts = Arc::clone(&counts);
        tokio::spawn(async move {
            let service = hyper::service::service_fn(move |request| take(request, Arc::clone(&counts)));
            let _ = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(connection), service)
                .await;
        });
    }
}

async fn take(request: Request<Incoming>, counts: Counts) -> Result<Response<Answer>, Infallible> {
    let content_type = request.headers().get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    if content_type.starts_with(b"application/grpc") {
        return Ok(take_stream(request.into_body(), &counts).await);
    }
    let is_protobuf = content_type == b"application/x-protobuf";
    let sender = request.uri().path().to_owned();
    let body =
        request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let received = if is_protobuf {
        Received { records: protobuf::count(&body, &OTLP_RECORD), with_tokens: 0 }
    } else {
        read_batch(&body)
    };
    add(&counts, &sender, received);
    let answer = if is_protobuf {
        String::new()
    } else {
        format!("{{\"accepted\":{},\"duplicates\":0,\"rejected\":[]}}", received.records)
    };
    let mut response = Response::new(Either::Left(Full::new(Bytes::from(answer))));
    let content_type = if is_protobuf { "application/x-protobuf" } else { "application/json" };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    Ok(response)
}

/// Counts the messages of a stream as they come, and answers when it ends.
async fn take_stream(mut body: Incoming, counts: &Counts) -> Response<Answer> {
    let mut waiting = BytesMut::new();
    while let Some(Ok(frame)) = body.frame().await {
        if let Ok(data) = frame.into_data() {
            waiting.extend_from_slice(&data);
        }
        // A message is a byte that tells whether it is compressed, four that tell its length, and itself.
        while let Some(&[_, a, b, c, d]) = waiting.first_chunk::<5>() {
            let length = 5 + u32::from_be_bytes([a, b, c, d]) as usize;
            if waiting.len() < length {
                break;
            }
            let message = waiting.split_to(length);
            let records = protobuf::count(message.get(5..).unwrap_or_default(), &ALS_ENTRY);
            add(counts, GRPC, Received { records, with_tokens: 0 });
        }
    }
    let trailers =
        HeaderMap::from_iter([(http::HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"))]);
    let end = futures::stream::iter(vec![Ok(Frame::trailers(trailers))]);
    let mut response = Response::new(Either::Right(StreamBody::new(end)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}

/// What a check needs of a record.
#[derive(Deserialize)]
struct Brief {
    total_tokens: Option<u64>,
}

fn read_batch(body: &[u8]) -> Received {
    let records: Vec<Brief> = serde_json::from_slice(body).unwrap_or_default();
    let with_tokens = records.iter().filter(|record| record.total_tokens == Some(TOTAL_TOKENS)).count();
    Received { records: records.len() as u64, with_tokens: with_tokens as u64 }
}

fn add(counts: &Counts, sender: &str, received: Received) {
    let mut counts = lock(counts);
    let sum = counts.entry(sender.to_owned()).or_default();
    sum.records += received.records;
    sum.with_tokens += received.with_tokens;
}

fn lock(counts: &Counts) -> std::sync::MutexGuard<'_, BTreeMap<String, Received>> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_a_batch_are_counted_and_those_with_the_right_tokens() {
        let body = format!(r#"[{{"total_tokens":{TOTAL_TOKENS}}},{{"total_tokens":3}},{{"path":"/"}}]"#);
        assert_eq!(read_batch(body.as_bytes()), Received { records: 3, with_tokens: 1 });
        assert_eq!(read_batch(b"[]"), Received::default());
    }
}

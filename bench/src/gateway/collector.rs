//! A collector that acknowledges and counts, to measure the filter without the cost of storing.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde::de::IgnoredAny;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running collector; stops when dropped.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    records: Arc<AtomicU64>,
    server: JoinHandle<()>,
}

impl Collector {
    /// Starts on a free loopback port.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let records = Arc::new(AtomicU64::new(0));
        let server = tokio::spawn(serve(listener, Arc::clone(&records)));
        Ok(Self { address, records, server })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Records received so far.
    pub fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, records: Arc<AtomicU64>) {
    while let Ok((connection, _)) = listener.accept().await {
        let records = Arc::clone(&records);
        tokio::spawn(async move {
            let service = hyper::service::service_fn(move |request| count(request, Arc::clone(&records)));
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(connection), service)
                .await;
        });
    }
}

async fn count(
    request: Request<Incoming>,
    records: Arc<AtomicU64>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let body =
        request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let count = serde_json::from_slice::<Vec<IgnoredAny>>(&body).map_or(0, |records| records.len());
    records.fetch_add(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
    let answer = format!("{{\"accepted\":{count},\"duplicates\":0,\"rejected\":[]}}");
    let mut response = Response::new(Full::new(Bytes::from(answer)));
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    Ok(response)
}

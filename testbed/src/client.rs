//! HTTP clients: a well-behaved one, and raw connections for misbehaviour.

use std::net::SocketAddr;

use anyhow::Context as _;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A pooled HTTP/1.1 client.
#[derive(Clone, Debug)]
pub struct Client {
    inner: HyperClient<HttpConnector, Full<Bytes>>,
    /// Sent with [`Client::get_json`].
    authorization: Option<String>,
}

impl Default for Client {
    fn default() -> Self {
        Self { inner: HyperClient::builder(TokioExecutor::new()).build_http(), authorization: None }
    }
}

impl Client {
    /// A client that sends this bearer token when it gets JSON.
    pub fn with_token(token: &str) -> Self {
        Self { authorization: Some(format!("Bearer {token}")), ..Self::default() }
    }

    /// Sends a request and reads the whole response.
    ///
    /// # Errors
    ///
    /// When the connection or the response breaks.
    pub async fn send(&self, request: Request<impl Into<Bytes>>) -> anyhow::Result<Response<Bytes>> {
        let uri = request.uri().clone();
        let request = request.map(|body| Full::new(body.into()));
        let (head, body) =
            self.inner.request(request).await.with_context(|| format!("no answer from {uri}"))?.into_parts();
        let body =
            body.collect().await.with_context(|| format!("the answer from {uri} broke off"))?.to_bytes();
        Ok(Response::from_parts(head, body))
    }

    /// Gets a JSON response.
    ///
    /// # Errors
    ///
    /// When the status is not 200 or the body is not JSON; the error quotes the response.
    pub async fn get_json(&self, url: &str) -> anyhow::Result<Value> {
        let mut request = Request::get(url);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let response = self.send(request.body("")?).await?;
        let body = String::from_utf8_lossy(response.body());
        anyhow::ensure!(response.status() == StatusCode::OK, "{url} answered {}: {body}", response.status());
        serde_json::from_str(&body).with_context(|| format!("{url} did not return JSON: {body}"))
    }
}

/// Writes `request` to a new connection and returns everything received until the peer closes.
///
/// # Errors
///
/// When the connection cannot be opened or written.
pub async fn raw_exchange(address: SocketAddr, request: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut connection = TcpStream::connect(address).await?;
    connection.write_all(request).await?;
    let mut answer = Vec::new();
    // A reset also ends the connection.
    let _ = connection.read_to_end(&mut answer).await;
    Ok(answer)
}

/// Writes `request` to a new connection, waits for the first `bytes` of the response, and hangs up.
///
/// # Errors
///
/// When the connection cannot be opened or written, or ends early.
pub async fn hang_up_after(address: SocketAddr, request: &[u8], bytes: usize) -> anyhow::Result<()> {
    let mut connection = TcpStream::connect(address).await?;
    connection.write_all(request).await?;
    let mut answer = vec![0; bytes];
    connection.read_exact(&mut answer).await?;
    Ok(())
}

//! A proxy that makes `tursodb` look like a libSQL server. It requires a token, removes the request `close` from
//! pipelines, because tursodb does not support it and would refuse the whole pipeline, and translates cursors
//! ([`cursor`]), which tursodb does not support either. Everything else passes unchanged.

use std::net::SocketAddr;

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::cursor;

/// The running shim; it ends when dropped.
#[derive(Debug)]
pub(crate) struct Shim {
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Shim {
    /// Starts a shim in front of the server at `target`, in its own thread.
    pub(crate) fn start(target: String, token: String) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // A thread, because the caller may already be inside a runtime.
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        std::thread::Builder::new().name("turso-shim".to_owned()).spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = TcpListener::from_std(listener) else { return };
                tokio::select! {
                    () = serve(&listener, target, token) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { address, _stop: stop })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn serve(listener: &TcpListener, target: String, token: String) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    while let Ok((stream, _)) = listener.accept().await {
        let (client, target, token) = (client.clone(), target.clone(), token.clone());
        let service = service_fn(move |request| {
            let (client, target, token) = (client.clone(), target.clone(), token.clone());
            async move { Ok::<_, std::convert::Infallible>(answer(&client, &target, &token, request).await) }
        });
        let connection =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::spawn(connection);
    }
}

async fn answer(
    client: &Client<HttpConnector, Full<Bytes>>,
    target: &str,
    token: &str,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let shown = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let is_right = shown.and_then(|value| value.strip_prefix("Bearer ")) == Some(token);
    let (parts, body) = request.into_parts();
    // Reads the whole request first, because a client that is still sending when the connection closes never
    // sees the response.
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return plain(StatusCode::BAD_REQUEST, error.to_string()),
    };
    if !is_right {
        return plain(StatusCode::UNAUTHORIZED, "the token is wrong".to_owned());
    }
    match forward(client, target, parts.uri.path(), &body).await {
        Ok(response) => response,
        Err(error) => plain(StatusCode::BAD_GATEWAY, format!("{error:#}")),
    }
}

async fn forward(
    client: &Client<HttpConnector, Full<Bytes>>,
    target: &str,
    path: &str,
    body: &[u8],
) -> anyhow::Result<Response<Full<Bytes>>> {
    let body: Value = serde_json::from_slice(body)?;
    if path == "/v3/cursor" {
        let pipeline = cursor::pipeline(&body).context("a cursor over other than one statement")?;
        let (status, answer) = post(client, &format!("{target}/v2/pipeline"), &pipeline).await?;
        anyhow::ensure!(status == StatusCode::OK, "tursodb answered {status}");
        let answer = serde_json::from_slice(&answer)?;
        return Ok(plain(StatusCode::OK, cursor::lines(&answer).context("an answer of another form")?));
    }
    let mut pipeline = body;
    let requests =
        pipeline.get_mut("requests").and_then(Value::as_array_mut).context("it has no requests")?;
    requests.retain(|request| request.get("type").and_then(Value::as_str) != Some("close"));
    let (status, answer) = post(client, &format!("{target}{path}"), &pipeline).await?;
    let mut response = Response::new(Full::new(answer));
    *response.status_mut() = status;
    Ok(response)
}

async fn post(
    client: &Client<HttpConnector, Full<Bytes>>,
    url: &str,
    json: &Value,
) -> anyhow::Result<(StatusCode, Bytes)> {
    let request = Request::post(url).header("content-type", "application/json");
    let answer = client.request(request.body(Full::new(Bytes::from(json.to_string())))?).await?;
    let status = answer.status();
    Ok((status, answer.into_body().collect().await?.to_bytes()))
}

fn plain(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response
}

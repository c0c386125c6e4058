//! HTTP/1.1 and HTTP/2 (with prior knowledge) in front of an application.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::dispatch::Dispatcher;
use super::instance::Phase;

/// Rest after a connection could not be accepted, for lack of file handles most likely.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Binds the address that the application is served on.
///
/// # Errors
///
/// The address is in use or not of this machine; the message says what to do.
pub(super) async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            anyhow!(
                "{address} is already in use: stop the other program, or give another address with --listen"
            )
        }
        _ => anyhow!("cannot listen on {address}: {error}; give another address with --listen"),
    })
}

/// Accepts connections until the application drains, then waits for the requests under way.
pub(super) async fn serve(
    listener: TcpListener,
    dispatcher: Arc<Dispatcher>,
    mut phase: watch::Receiver<Phase>,
) {
    let connections = GracefulShutdown::new();
    let mut http = Builder::new(TokioExecutor::new());
    http.http1().half_close(false);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = phase.wait_for(|phase| *phase != Phase::Running) => break,
        };
        match accepted {
            Ok((stream, client)) => connection(stream, client, &http, &connections, &dispatcher),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    tokio::select! {
        () = connections.shutdown() => {}
        _ = phase.wait_for(|phase| *phase == Phase::Stopped) => {}
    }
}

fn connection(
    stream: TcpStream,
    client: SocketAddr,
    http: &Builder<TokioExecutor>,
    connections: &GracefulShutdown,
    dispatcher: &Arc<Dispatcher>,
) {
    // Streamed responses go out piece by piece.
    let _ = stream.set_nodelay(true);
    let dispatcher = Arc::clone(dispatcher);
    let service = service_fn(move |request: http::Request<Incoming>| {
        let dispatcher = Arc::clone(&dispatcher);
        async move {
            let request = request.map(|body| body.map_err(wasmtime_wasi_http::Error::from).boxed_unsync());
            Ok::<_, std::convert::Infallible>(dispatcher.answer(request, client).await)
        }
    });
    let connection = http.serve_connection(TokioIo::new(stream), service).into_owned();
    let watched = connections.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = watched.await {
            tracing::debug!(%client, %error, "a connection ended with an error");
        }
    });
}

/// The address that a listener got.
///
/// # Errors
///
/// The system does not tell it.
pub(super) fn local_address(listener: &TcpListener) -> anyhow::Result<SocketAddr> {
    listener.local_addr().context("the listener has no address")
}

//! Serves an application over HTTP/1.1 and HTTP/2 (with prior knowledge).

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

/// Pause after a connection could not be accepted, most likely for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Binds the address that the application is served on.
///
/// # Errors
///
/// When the address is in use or does not belong to this machine; the message says what to do.
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

/// Accepts connections until the application drains, then waits for requests in flight.
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
    // TCP_NODELAY stays off, as in Spin: a response without Content-Length takes two writes, and the second waits up
    // to 40 ms until the client's system acknowledges the first.
    let dispatcher = Arc::clone(dispatcher);
    let service = service_fn(move |request: http::Request<Incoming>| {
        let dispatcher = Arc::clone(&dispatcher);
        async move {
            let request = request.map(|body| body.map_err(wasmtime_wasi_http::Error::from).boxed_unsync());
            // An error closes the connection without a response, as in Spin.
            dispatcher.answer(request, client).await
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

/// The address that a listener is bound to.
///
/// # Errors
///
/// When the system does not report it.
pub(super) fn local_address(listener: &TcpListener) -> anyhow::Result<SocketAddr> {
    listener.local_addr().context("the listener has no address")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::logs::Logs;
    use crate::router::Router;

    #[tokio::test]
    async fn each_piece_of_a_response_waits_until_the_client_acknowledges_the_previous_one() {
        let dispatcher = Arc::new(Dispatcher {
            name: "none".to_owned(),
            router: Router::new([]).unwrap(),
            components: BTreeMap::new(),
            logs: Logs::new(false),
        });
        let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let mut client = TcpStream::connect(local_address(&listener).unwrap()).await.unwrap();
        let (stream, address) = listener.accept().await.unwrap();
        let stream = stream.into_std().unwrap();
        // The same socket, so that its options can be read after the connection has taken the other handle.
        let seen = stream.try_clone().unwrap();
        let http = Builder::new(TokioExecutor::new());
        // Kept alive, because a connection ends when its shutdown handle is dropped.
        let shutdown = GracefulShutdown::new();
        connection(TcpStream::from_std(stream).unwrap(), address, &http, &shutdown, &dispatcher);
        client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        // Not until the end of the connection, because the other handle keeps it open.
        let mut answer = [0; 12];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 404");
        assert!(!seen.nodelay().unwrap());
    }
}

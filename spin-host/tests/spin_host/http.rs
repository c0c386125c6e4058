//! Tests of routes, headers, streaming and shutdown, through a real socket where it matters.

use bytes::Bytes;
use futures::StreamExt as _;
use gatelog_spin_host::RunningApp;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Empty, StreamBody};
use hyper::body::Frame;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Fixture, PATIENCE, get, post};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_1_and_http_2_are_served() {
    let app = Fixture::new("").start().await;
    for http2 in [false, true] {
        let client = Client::builder(TokioExecutor::new()).http2_only(http2).build_http::<Empty<Bytes>>();
        let response = client.get(app.url("/hello").parse().unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "hello");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_component_sees_spins_headers() {
    let app = Fixture::new("").start().await;
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let request = Request::get(app.url("/headers?a=1")).header("spin-path-info", "forged").body(Empty::new());
    let response = client.request(request.unwrap()).await.unwrap();
    let text = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&text);
    for line in [
        format!("spin-full-url: \"{}\"", app.url("/headers?a=1")),
        "spin-path-info: \"/headers\"".to_owned(),
        "spin-matched-route: \"/...\"".to_owned(),
        "spin-client-addr: \"127.0.0.1:".to_owned(),
    ] {
        assert!(text.contains(&line), "{line} is missing in {text}");
    }
    // Spin adds its own value to the client's and removes neither. (The probe sorts its output.)
    assert!(text.contains("spin-path-info: \"forged\""), "{text}");
    assert!(!text.contains("connection: "), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_route_the_response_is_404() {
    let fixture = Fixture::new("");
    let manifest = fixture.folder.path().join("spin.toml");
    let text = std::fs::read_to_string(&manifest).unwrap().replace("\"/...\"", "\"/hello\"");
    std::fs::write(manifest, text).unwrap();
    let app = fixture.start().await;
    assert_eq!(post(&app, "/hello", "").await.0, 200);
    assert_eq!(post(&app, "/other", "").await.0, 404);
    assert_eq!(post(&app, "/.well-known/spin/health", "").await, (200, "OK".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_are_streamed_both_ways() {
    let app = Fixture::new("").start().await;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let (mut sender, receiver) = futures::channel::mpsc::channel::<Bytes>(1);
    let body = StreamBody::new(receiver.map(|chunk| Ok::<_, std::io::Error>(Frame::data(chunk))));
    let response = client.request(Request::post(app.url("/echo")).body(body).unwrap()).await.unwrap();
    let mut echoed = response.into_body();
    // Each piece must come back before the next is sent.
    for piece in ["one", "two", "three"] {
        sender.try_send(Bytes::from_static(piece.as_bytes())).unwrap();
        let frame = tokio::time::timeout(PATIENCE, echoed.frame()).await.expect(piece).unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), piece);
    }
    drop(sender);
    assert!(echoed.frame().await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_pass() {
    let app = Fixture::new("").start().await;
    let body = Bytes::from(vec![7_u8; 8 * 1024 * 1024]);
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::post(app.url("/echo")).body(http_body_util::Full::new(body.clone())).unwrap();
    let response = client.request(request).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_without_a_host_or_with_an_unreadable_one_gets_no_response() {
    let app = Fixture::new("").start().await;
    for head in [
        b"GET /hello HTTP/1.1\r\n\r\n".as_slice(),
        b"GET /hello HTTP/1.1\r\nhost: a b\r\n\r\n",
        b"GET /hello HTTP/1.1\r\nhost: \xff\r\n\r\n",
    ] {
        assert_eq!(String::from_utf8_lossy(&exchange(&app, head).await), "");
    }
    let response = app.call(Request::get("/hello").body(Empty::new()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_header_that_is_not_utf8_is_answered_with_500_before_the_component_sees_it() {
    let app = Fixture::new("").start().await;
    let with = |value: &[u8]| {
        [b"GET /number HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-name: ", value, b"\r\n\r\n"].concat()
    };
    let latin = exchange(&app, &with(b"caf\xe9")).await;
    assert!(latin.starts_with(b"HTTP/1.1 500"), "{}", String::from_utf8_lossy(&latin));
    let text = String::from_utf8(exchange(&app, &with("café".as_bytes())).await).unwrap();
    assert!(text.starts_with("HTTP/1.1 200") && text.contains("\r\n1\r\n0\r\n"), "{text}");
}

/// Everything that is received on a new connection.
async fn exchange(app: &RunningApp, request: &[u8]) -> Vec<u8> {
    let mut connection = TcpStream::connect(app.addr()).await.unwrap();
    connection.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    // A reset connection has ended too.
    let _ = tokio::time::timeout(PATIENCE, connection.read_to_end(&mut answer)).await.expect("no end");
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_lets_work_finish_and_frees_the_port() {
    let fixture = Fixture::new("");
    let app = fixture.start().await;
    let (address, logs) = (app.addr(), app.logs().clone());
    get(&app, "/background/last").await;
    tokio::time::timeout(PATIENCE, app.shutdown()).await.unwrap();
    assert!(logs.lines().iter().any(|line| line.text == "background last is done"), "{logs:?}");
    let again = fixture.builder().listen(address).start().await.unwrap();
    assert_eq!(get(&again, "/hello").await, "hello");
}

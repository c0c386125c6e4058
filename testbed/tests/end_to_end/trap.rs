//! Tests of the traffic when the filter's VM fails, with the settings of deploy/envoy.

use std::net::SocketAddr;

use gatelog_artifacts as artifacts;
use gatelog_testbed::client::Client;
use gatelog_testbed::envoy::Envoy;
use gatelog_testbed::upstream::Upstream;
use http::Request;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::filter::{await_stat, read_until};

#[tokio::test(flavor = "multi_thread")]
async fn no_request_fails_when_the_filters_vm_fails_not_even_those_in_flight() {
    let upstream = Upstream::start().await.unwrap();
    let envoy = Envoy::start_yaml(&example(upstream.address())).await.unwrap();

    // The first request's response has begun when the VM fails ...
    let mut streamed = open(&envoy, "/echo", "transfer-encoding: chunked").await;
    streamed.write_all(b"5\r\nfirst\r\n").await.unwrap();
    read_until(&mut streamed, "first").await;
    // ... and the second's has not begun, because its body is not yet complete.
    let mut waiting = open(&envoy, "/v1/embeddings", "content-length: 2").await;
    waiting.write_all(b"{").await.unwrap();
    await_stat(&envoy, "cluster.web.upstream_rq_total", 2).await;

    for request in 3..=12 {
        let url = format!("http://{}/hello", envoy.listener());
        let answer = Client::default().send(Request::get(url).body("").unwrap()).await.unwrap();
        assert_eq!(answer.status(), 200, "request {request}:\n{}", envoy.log());
    }
    assert!(envoy.log().contains("proxy_on_request_headers failed"), "it did not trap:\n{}", envoy.log());

    streamed.write_all(b"4\r\nlast\r\n0\r\n\r\n").await.unwrap();
    read_until(&mut streamed, "last\r\n0\r\n\r\n").await;
    waiting.write_all(b"}").await.unwrap();
    read_until(&mut waiting, "HTTP/1.1 200").await;
}

/// deploy/envoy/envoy.yaml on free ports of this machine, with the trapping filter and this upstream.
fn example(upstream: SocketAddr) -> String {
    let file = artifacts::workspace().join("deploy/envoy/envoy.yaml");
    let wasm = artifacts::artifact("gatelog-trap-filter").unwrap();
    let mut text = std::fs::read_to_string(file).unwrap();
    for (old, new) in [
        ("target/wasm32-unknown-unknown/release/gatelog_filter.wasm", wasm.to_str().unwrap().to_owned()),
        ("0.0.0.0, port_value: 10000", "127.0.0.1, port_value: 0".to_owned()),
        ("port_value: 8080", format!("port_value: {}", upstream.port())),
        ("port_value: 9901", "port_value: 0".to_owned()),
    ] {
        assert_eq!(text.matches(old).count(), 1, "deploy/envoy/envoy.yaml does not hold {old:?} once");
        text = text.replace(old, &new);
    }
    text
}

/// Sends the head of a POST.
async fn open(envoy: &Envoy, path: &str, framing: &str) -> TcpStream {
    let mut connection = TcpStream::connect(envoy.listener()).await.unwrap();
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n{framing}\r\n\r\n");
    connection.write_all(head.as_bytes()).await.unwrap();
    connection
}

//! Requests of every kind that a gateway sees.

use std::net::SocketAddr;
use std::time::Duration;

use gatelog_testbed::client::{Client, hang_up_after, raw_exchange};
use gatelog_testbed::tunnel::read_head;
use http::{Request, Response, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Plain requests: the id is the path without its slashes. Some of them fail, each in its way.
pub const PLAIN: [(&str, &str, &str); 18] = [
    ("GET", "/hello?a=1&api_key=s3cr3t", ""),
    ("POST", "/echo", "0123456789"),
    ("HEAD", "/hello", ""),
    ("GET", "/status/204", ""),
    ("GET", "/status/304", ""),
    ("GET", "/status/500", ""),
    ("GET", "/bytes/0", ""),
    ("GET", "/bytes/3000000", ""),
    ("GET", "/no-route", ""),
    ("GET", "/dead", ""),
    ("GET", "/empty", ""),
    ("GET", "/unknown-cluster", ""),
    ("GET", "/direct", ""),
    ("GET", "/old", ""),
    ("GET", "/reset", ""),
    ("GET", "/truncate", ""),
    ("GET", "/delay/5000", ""),
    ("GET", "/retried/500", ""),
];

/// Sends them, and returns how many records they make.
pub async fn send_plain(gateway: SocketAddr) -> usize {
    let client = Client::default();
    for (method, path, body) in PLAIN {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{gateway}{path}"))
            .header("host", "shop.example.com")
            .header("x-request-id", format!("{method} {path}"))
            .header("x-b3-traceid", "463ac35c9f6413ad48485a3953bb6124")
            .header("user-agent", "module/1.0")
            .header("x-forwarded-for", "203.0.113.7")
            .header("x-mse-consumer", "shop");
        // What is broken off is no answer.
        let _ = client.send(request.body(body).unwrap()).await;
    }
    PLAIN.len()
}

/// What a well-behaved client never sends; returns how many records it makes.
pub async fn send_odd(gateway: SocketAddr) -> usize {
    hang_up_after(gateway, b"GET /hang HTTP/1.1\r\nhost: h\r\nx-request-id: hang-up\r\n\r\n", 40)
        .await
        .unwrap();
    for raw in [
        // Envoy refuses these before a filter sees them.
        "GET /no-host HTTP/1.1\r\nconnection: close\r\n\r\n",
        "NONSENSE\r\n\r\n",
        "GET /old-protocol HTTP/1.0\r\nx-request-id: 1.0\r\n\r\n",
        "GET /bad\u{1}header HTTP/1.1\r\nhost: h\r\nx: \u{1}\r\nconnection: close\r\n\r\n",
        "GET /early HTTP/1.1\r\nhost: h\r\nx-request-id: close\r\nconnection: close\r\n\r\n",
    ] {
        raw_exchange(gateway, raw.as_bytes()).await.unwrap();
    }
    6
}

/// AI calls in every form, and calls of MCP; returns how many records they make.
pub async fn send_ai(gateway: SocketAddr) -> usize {
    let chat = |stream: bool| {
        json!({ "model": "gpt-4o-mini", "stream": stream,
                "messages": [{ "role": "user", "content": "What does a gateway see?" }] })
        .to_string()
    };
    let form = "--x\r\ncontent-disposition: form-data; name=model\r\n\r\nwhisper\r\n--x--\r\n".to_owned();
    let mcp = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
                      "params": { "name": "weather", "arguments": {} } });
    let (json, multipart) = ("application/json", "multipart/form-data; boundary=x");
    let calls = [
        ("plain", "/v1/chat/completions", json, "", chat(false)),
        ("streamed", "/v1/chat/completions", json, "", chat(true)),
        ("gzip", "/v1/chat/completions", json, "gzip", chat(false)),
        ("gzip-streamed", "/v1/chat/completions", json, "gzip", chat(true)),
        ("br", "/v1/chat/completions", json, "br", chat(false)),
        ("zstd-streamed", "/v1/chat/completions", json, "zstd", chat(true)),
        ("missing-model", "/v1/chat/completions", json, "", r#"{"model":"no-such-model"}"#.to_owned()),
        ("embeddings", "/v1/embeddings", json, "", r#"{"model":"e","input":"x"}"#.to_owned()),
        ("anthropic", "/v1/messages", json, "", chat(false)),
        ("upload", "/echo/v1/audio/transcriptions", multipart, "", form),
        ("not-ai", "/echo", json, "", r#"{"a":1}"#.to_owned()),
        ("large", "/echo", json, "", format!(r#"{{"a":"{}"}}"#, "x".repeat(300_000))),
        ("mcp", "/echo/mcp", json, "", mcp.to_string()),
    ];
    let client = Client::default();
    let count = calls.len();
    for (id, path, content_type, coding, body) in calls {
        let mut request = Request::post(format!("http://{gateway}{path}"))
            .header("content-type", content_type)
            .header("x-request-id", id)
            .header("authorization", "Bearer s3cr3t");
        if !coding.is_empty() {
            request = request.header("x-answer-coding", coding);
        }
        if id == "mcp" {
            request = request.header("mcp-session-id", "s").header("x-envoy-mcp-server-name", "tools");
        }
        client.send(request.body(body).unwrap()).await.unwrap();
    }
    count
}

/// Requests over HTTP/2, gRPC among them; returns how many records they make.
pub async fn send_http2(gateway: SocketAddr) -> usize {
    let stream = TcpStream::connect(gateway).await.unwrap();
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let calls = [
        ("h2", "GET", "/hello", "text/plain", ""),
        ("h2-post", "POST", "/echo", "application/json", r#"{"a":1}"#),
        ("grpc", "POST", "/grpc.Service/Method", "application/grpc", "x"),
        ("grpc-dead", "POST", "/dead/Service/Method", "application/grpc", "x"),
        ("not-grpc-dead", "POST", "/dead/Service/Method", "application/json", "x"),
    ];
    for (id, method, path, content_type, body) in calls {
        let request = Request::builder()
            .method(method)
            .version(Version::HTTP_2)
            .uri(format!("http://shop.example.com{path}"))
            .header("x-request-id", id)
            .header("content-type", content_type)
            .header("te", "trailers")
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        let answer: Response<_> = sender.send_request(request).await.unwrap();
        answer.into_body().collect().await.unwrap();
    }
    calls.len()
}

/// An upgraded connection and a CONNECT, with bytes both ways; returns how many records they make.
pub async fn send_tunnels(gateway: SocketAddr) -> usize {
    for head in [
        "GET /chat HTTP/1.1\r\nhost: h\r\nx-request-id: websocket\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        "CONNECT h:80 HTTP/1.1\r\nhost: h:80\r\nx-request-id: connect\r\n\r\n",
    ] {
        let mut connection = TcpStream::connect(gateway).await.unwrap();
        connection.write_all(head.as_bytes()).await.unwrap();
        let answer = read_head(&mut connection).await.unwrap();
        if head.starts_with("CONNECT") {
            // Envoy has answered; what passes now is all that the server gets.
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            connection.write_all(b"a beginning\r\n\r\n").await.unwrap();
            read_head(&mut connection).await.unwrap();
        } else {
            assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
        }
        connection.write_all(&[b'x'; 5_000]).await.unwrap();
        let mut echoed = [0; 5_000];
        timeout(Duration::from_secs(120), connection.read_exact(&mut echoed)).await.unwrap().unwrap();
    }
    2
}

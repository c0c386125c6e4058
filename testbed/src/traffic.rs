//! The demo's traffic: a few hundred requests, as varied as those at a gateway, including AI calls.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use futures::StreamExt as _;
use futures::stream;
use http::{Method, Request};
use serde_json::json;
use tokio::time::sleep;

use crate::client::{Client, hang_up_after};

/// Requests in flight at once.
const CONCURRENCY: usize = 8;
/// The shortest pause of [`keep_sending`].
const PAUSE: Duration = Duration::from_millis(250);

/// Sends `count` requests to the gateway in a fixed pattern, and returns how many got a response.
///
/// # Errors
///
/// When the gateway cannot be reached at all.
pub async fn send(gateway: SocketAddr, count: usize) -> anyhow::Result<usize> {
    let client = Client::default();
    client
        .send(Request::get(format!("http://{gateway}/")).body("")?)
        .await
        .context("the gateway does not answer")?;
    let sent = stream::iter(1..count).map(|index| one(&client, gateway, index)).buffer_unordered(CONCURRENCY);
    Ok(1 + sent.filter(|answered| std::future::ready(*answered)).count().await)
}

/// Keeps sending the requests of the pattern, one at a time with a pause after each, from position `first` on. It never
/// returns, and ignores requests that fail.
pub async fn keep_sending(gateway: SocketAddr, first: usize) {
    let client = Client::default();
    for index in first.. {
        one(&client, gateway, index).await;
        // Between a quarter of a second and one and a half, so that a chart over time has hills.
        let beats = u32::try_from(1 + index % 6).unwrap_or(1);
        sleep(PAUSE * beats).await;
    }
}

/// Sends the request at position `index`, and returns whether a response arrived.
async fn one(client: &Client, gateway: SocketAddr, index: usize) -> bool {
    // Occasionally a client hangs up in the middle of a response.
    if index % 40 == 13 {
        let request = format!(
            "GET /hang?n={index} HTTP/1.1\r\nhost: shop.example.com\r\nuser-agent: impatient/1.0\r\n\r\n"
        );
        return hang_up_after(gateway, request.as_bytes(), 64).await.is_ok();
    }
    let Ok(request) = request(gateway, index) else { return false };
    client.send(request).await.is_ok()
}

fn request(gateway: SocketAddr, index: usize) -> http::Result<Request<String>> {
    const CONSUMERS: [&str; 4] = ["web-shop", "mobile-app", "research", "support-bot"];
    const AGENTS: [&str; 3] = ["Mozilla/5.0 (X11; Linux x86_64)", "okhttp/4.12.0", "python-requests/2.32"];
    let pick = |list: &[&'static str]| list.get(index % list.len()).copied().unwrap_or_default();
    let (method, path, body) = call(index);
    let mut request = Request::builder()
        .method(method)
        .uri(format!("http://{gateway}{path}"))
        .header("host", if body.is_some() { "llm.example.com" } else { "shop.example.com" })
        .header("user-agent", pick(&AGENTS))
        .header("x-forwarded-for", format!("203.0.113.{}", index % 50))
        .header("traceparent", format!("00-{index:032x}-{index:016x}-01"))
        .header("authorization", "Bearer not-for-the-log");
    if body.is_some() {
        request =
            request.header("content-type", "application/json").header("x-mse-consumer", pick(&CONSUMERS));
    }
    request.body(body.unwrap_or_default())
}

/// Method, path and body of the request at position `index`.
fn call(index: usize) -> (Method, String, Option<String>) {
    const MODELS: [&str; 3] = ["gpt-4o-mini", "qwen-max", "deepseek-chat"];
    let model = MODELS.get(index / 3 % MODELS.len()).copied().unwrap_or_default();
    let messages = json!([{ "role": "user", "content": "What does a gateway see? ".repeat(1 + index % 7) }]);
    let chat = |stream: bool| json!({ "model": model, "messages": messages, "stream": stream }).to_string();
    let post = |path: &str, body: String| (Method::POST, path.to_owned(), Some(body));
    let get = |path: String| (Method::GET, path, None);
    match index % 20 {
        0 | 5 | 10 => post("/v1/chat/completions", chat(false)),
        1 | 6 | 11 | 16 => post("/v1/chat/completions", chat(true)),
        2 => post(
            "/v1/embeddings",
            json!({ "model": "text-embedding-3-small", "input": "gateway" }).to_string(),
        ),
        3 => post("/v1/messages", json!({ "model": "claude-sonnet-4-5", "messages": messages }).to_string()),
        4 if index % 60 == 44 => {
            post("/v1/chat/completions", json!({ "model": "no-such-model" }).to_string())
        }
        7 => get("/status/404".into()),
        8 => get(format!("/status/{}", if index % 40 == 8 { 500 } else { 304 })),
        9 => get("/dead/end".into()),
        12 if index % 40 == 12 => get("/delay/1000".into()),
        14 => (Method::HEAD, "/".into(), None),
        15 if index % 60 == 15 => get("/reset".into()),
        17 => get("/no-route".into()),
        18 => get("/status/204".into()),
        19 => get(format!("/search?q=gateways&page={}&api_key=not-for-the-log", index % 9)),
        _ => get(format!("/products/{}", index % 30)),
    }
}

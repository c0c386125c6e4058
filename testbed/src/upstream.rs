//! The upstream: a small server that acts as a web site and an LLM API, and misbehaves on request.
//!
//! | request | response |
//! |---|---|
//! | `GET /` and any other path | a short HTML page |
//! | `GET /status/{code}` | that status; a body where the status may have one |
//! | `GET /bytes/{n}` | n bytes |
//! | `GET /delay/{ms}` | a response after that time |
//! | `GET /hang` | headers and a first chunk, then nothing |
//! | `GET /reset` | the connection ends without a response |
//! | `GET /truncate` | the connection ends in the middle of the body |
//! | `POST /echo`, and paths below it | the body, as it arrives, with its content type and coding |
//! | `POST /v1/chat/completions` | an OpenAI chat completion; streamed (SSE) when the body asks for it |
//! | `POST /v1/embeddings` | an OpenAI embedding |
//! | `POST /v1/messages` | an Anthropic message |
//! | `POST /bomb/{MiB}/chat/completions` | a chat completion with that much of one letter in it |
//!
//! A request with `x-answer-coding` gets any of these in that coding: `gzip`, `zstd` or `br`.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::coding::{Coding, Encoder};

/// A running upstream; stops when dropped.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Upstream {
    /// Starts on a free loopback port.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no loopback port for the upstream")?;
        let address = listener.local_addr()?;
        Ok(Self { address, server: tokio::spawn(serve(listener)) })
    }

    /// The address on which it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener) {
    while let Ok((connection, _)) = listener.accept().await {
        // A streamed response is many small writes; without this, each waits for the acknowledgement of the
        // previous one.
        let _ = connection.set_nodelay(true);
        tokio::spawn(async move {
            let service = hyper::service::service_fn(answer);
            let _ = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(connection), service)
                .await;
        });
    }
}

type Body = StreamBody<BoxStream<'static, Result<Frame<Bytes>, Broken>>>;

/// The upstream broke the connection on purpose.
#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("connection broken on purpose")
    }
}

impl std::error::Error for Broken {}

async fn answer(request: Request<Incoming>) -> Result<Response<Body>, Broken> {
    let coding = request.headers().get("x-answer-coding").and_then(|name| Coding::named(name.as_bytes()));
    let answer = plain_answer(request).await?;
    match coding {
        Some(coding) => coded(answer, coding),
        None => Ok(answer),
    }
}

/// The response in a coding, with each of its parts flushed.
fn coded(answer: Response<Body>, coding: Coding) -> Result<Response<Body>, Broken> {
    let (mut head, body) = answer.into_parts();
    head.headers.insert(CONTENT_ENCODING, http::HeaderValue::from_static(coding.name()));
    let encoder = Encoder::new(coding).map_err(|_| Broken)?;
    let parts = stream::unfold(Some((body.into_data_stream(), encoder)), |state| async {
        let (mut parts, mut encoder) = state?;
        match parts.next().await {
            Some(Ok(part)) => {
                let encoded = encoder.part(&part).map_err(|_| Broken);
                Some((encoded, Some((parts, encoder))))
            }
            Some(Err(broken)) => Some((Err(broken), None)),
            None => Some((encoder.finish().map_err(|_| Broken), None)),
        }
    });
    let frames = parts.map(|part| part.map(|part| Frame::data(Bytes::from(part))));
    Ok(Response::from_parts(head, StreamBody::new(frames.boxed())))
}

async fn plain_answer(request: Request<Incoming>) -> Result<Response<Body>, Broken> {
    let path = request.uri().path().to_owned();
    let argument = path.rsplit('/').next().and_then(|last| last.parse::<u64>().ok());
    match (request.method(), path.as_str()) {
        (&Method::POST, path) if path.starts_with("/echo") => Ok(echo(request)),
        (&Method::POST, "/v1/chat/completions") => chat(read_json(request).await?).await,
        (&Method::POST, "/v1/embeddings") => Ok(embeddings(&read_json(request).await?)),
        (&Method::POST, "/v1/messages") => Ok(message(&read_json(request).await?)),
        (&Method::POST, path) if path.starts_with("/bomb/") => Ok(bomb(path)),
        (_, "/reset") => Err(Broken),
        (_, "/truncate") => {
            Ok(plain(StatusCode::OK, chunk("the beginning").chain(stream::once(broken_later()))))
        }
        (_, "/hang") => Ok(plain(StatusCode::OK, chunk("the beginning").chain(stream::pending()))),
        (_, path) if path.starts_with("/status/") => Ok(status(argument)),
        (_, path) if path.starts_with("/bytes/") => Ok(bytes(argument.unwrap_or(0))),
        (_, path) if path.starts_with("/delay/") => {
            tokio::time::sleep(Duration::from_millis(argument.unwrap_or(0))).await;
            Ok(page("late"))
        }
        _ => Ok(page("hello")),
    }
}

fn echo(request: Request<Incoming>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let mut response = plain(StatusCode::OK, body.map_err(|_| Broken).into_data_stream());
    for name in [CONTENT_TYPE, CONTENT_ENCODING] {
        if let Some(value) = head.headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

/// Breaks the connection after a pause that lets earlier data be sent.
async fn broken_later() -> Result<Bytes, Broken> {
    tokio::time::sleep(Duration::from_millis(50)).await;
    Err(Broken)
}

async fn read_json(request: Request<Incoming>) -> Result<Value, Broken> {
    let body = request.into_body().collect().await.map_err(|_| Broken)?.to_bytes();
    Ok(serde_json::from_slice(&body).unwrap_or(Value::Null))
}

async fn chat(request: Value) -> Result<Response<Body>, Broken> {
    let model = text(&request, "model", "gpt-4o-mini");
    let prompt_tokens =
        u64::try_from(request.get("messages").map_or(0, |messages| messages.to_string().len() / 4))
            .unwrap_or(0);
    let words = ["Gateways", " see", " every", " request", "."];
    let usage = json!({
        "prompt_tokens": prompt_tokens, "completion_tokens": words.len(), "total_tokens": prompt_tokens + 5,
        "prompt_tokens_details": { "cached_tokens": 2 },
        "completion_tokens_details": { "reasoning_tokens": 1 },
    });
    if model == "no-such-model" {
        let error =
            json!({ "error": { "message": "the model does not exist", "type": "invalid_request_error" } });
        return Ok(json_answer(StatusCode::NOT_FOUND, &error));
    }
    if request.get("stream") != Some(&json!(true)) {
        return Ok(json_answer(
            StatusCode::OK,
            &json!({
                "id": "chatcmpl-1", "object": "chat.completion", "model": model, "usage": usage,
                "choices": [{ "index": 0, "finish_reason": "stop",
                              "message": { "role": "assistant", "content": words.concat() } }],
            }),
        ));
    }
    let chunk_of = move |choices: Value, usage: Value| {
        let chunk = json!({ "id": "chatcmpl-2", "object": "chat.completion.chunk", "model": model,
                            "choices": choices, "usage": usage });
        format!("data: {chunk}\n\n")
    };
    let mut events: Vec<String> = words
        .iter()
        .map(|word| chunk_of(json!([{ "index": 0, "delta": { "content": word } }]), Value::Null))
        .collect();
    events.push(chunk_of(json!([]), usage));
    events.push("data: [DONE]\n\n".to_owned());
    let paced = stream::iter(events).then(|event| async move {
        tokio::time::sleep(Duration::from_millis(5)).await;
        Ok(Frame::data(Bytes::from(event)))
    });
    Ok(respond(StatusCode::OK, "text/event-stream", paced))
}

fn embeddings(request: &Value) -> Response<Body> {
    let model = text(request, "model", "text-embedding-3-small");
    let answer = json!({ "object": "list", "model": model, "usage": { "prompt_tokens": 8, "total_tokens": 8 },
                         "data": [{ "object": "embedding", "index": 0, "embedding": [0.25, -0.5] }] });
    json_answer(StatusCode::OK, &answer)
}

fn message(request: &Value) -> Response<Body> {
    let model = text(request, "model", "claude-sonnet-4-5");
    let answer = json!({ "id": "msg_1", "type": "message", "role": "assistant", "model": model,
                         "content": [{ "type": "text", "text": "Hello." }], "stop_reason": "end_turn",
                         "usage": { "input_tokens": 12, "output_tokens": 4, "cache_read_input_tokens": 3 } });
    json_answer(StatusCode::OK, &answer)
}

fn bomb(path: &str) -> Response<Body> {
    let mebibytes = path.split('/').nth(2).and_then(|count| count.parse().ok()).unwrap_or(1);
    let start = r#"{"id":"chatcmpl-3","object":"chat.completion","model":"gpt-4o-mini","choices":[{"message":{"content":""#;
    let end = r#""}}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#;
    let letters = Bytes::from(vec![b'x'; 1 << 20]);
    let parts = stream::iter([Bytes::from_static(start.as_bytes())])
        .chain(stream::repeat(letters).take(mebibytes))
        .chain(stream::iter([Bytes::from_static(end.as_bytes())]));
    respond(StatusCode::OK, "application/json", parts.map(|part| Ok(Frame::data(part))))
}

fn text(request: &Value, key: &str, default: &str) -> String {
    request.get(key).and_then(Value::as_str).unwrap_or(default).to_owned()
}

fn status(code: Option<u64>) -> Response<Body> {
    let status =
        code.and_then(|code| u16::try_from(code).ok()).and_then(|code| StatusCode::from_u16(code).ok());
    let status = status.unwrap_or(StatusCode::BAD_REQUEST);
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        let mut empty = Response::new(StreamBody::new(stream::empty().boxed()));
        *empty.status_mut() = status;
        return empty;
    }
    plain(status, chunk("as asked"))
}

fn bytes(count: u64) -> Response<Body> {
    const CHUNK: u64 = 65_536;
    let chunks = (0..count.div_ceil(CHUNK)).map(move |index| (count - index * CHUNK).min(CHUNK));
    let frames = stream::iter(chunks.map(|size| Ok(Frame::data(Bytes::from(vec![b'x'; size as usize])))));
    respond(StatusCode::OK, "application/octet-stream", frames)
}

fn page(word: &str) -> Response<Body> {
    let html = Bytes::from(format!("<!doctype html><title>{word}</title><p>{word}</p>\n"));
    respond(StatusCode::OK, "text/html", stream::once(async { Ok(Frame::data(html)) }))
}

fn json_answer(status: StatusCode, body: &Value) -> Response<Body> {
    let body = Bytes::from(body.to_string());
    respond(status, "application/json", stream::once(async { Ok(Frame::data(body)) }))
}

fn chunk(text: &'static str) -> impl futures::Stream<Item = Result<Bytes, Broken>> + Send + 'static {
    stream::once(async move { Ok(Bytes::from_static(text.as_bytes())) })
}

fn plain(
    status: StatusCode,
    data: impl futures::Stream<Item = Result<Bytes, Broken>> + Send + 'static,
) -> Response<Body> {
    respond(status, "text/plain", data.map(|data| data.map(Frame::data)))
}

fn respond(
    status: StatusCode,
    content_type: &'static str,
    frames: impl futures::Stream<Item = Result<Frame<Bytes>, Broken>> + Send + 'static,
) -> Response<Body> {
    let mut response = Response::new(StreamBody::new(frames.boxed()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    response
}

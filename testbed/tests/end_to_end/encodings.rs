//! Tests of compressed bodies in a real Envoy: the traffic passes byte for byte and without delay, and the record has the
//! values from the bodies.

use gatelog_testbed::client::Client;
use gatelog_testbed::coding::{Coding, Encoder};
use http::{Request, Response, StatusCode};
use hyper::body::Bytes;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::filter::{read_until, resident_bytes};
use crate::setup::Path;

#[tokio::test(flavor = "multi_thread")]
async fn a_response_in_any_coding_passes_byte_for_byte_and_is_read() {
    let path = Path::start().await;
    let mut tried = Vec::new();
    for coding in Coding::ALL {
        for is_streamed in [false, true] {
            let body = json!({ "model": "gpt-4o-mini", "stream": is_streamed, "messages": [{ "role": "user", "content": "hello" }] });
            let ask = async |origin: String| {
                let url = format!("http://{origin}/v1/chat/completions");
                ask(&path.client, &url, coding, &body.to_string()).await
            };
            let passed = ask(path.envoy.listener().to_string()).await;
            let straight = ask(path.upstream.address().to_string()).await;
            assert_eq!(passed.headers()["content-encoding"], coding.name());
            assert!(passed.body() == straight.body(), "{coding:?} is changed on its way");
            tried.push((coding, is_streamed));
        }
    }
    let records = path.records(tried.len()).await;
    for ((coding, is_streamed), record) in tried.into_iter().zip(&records) {
        let expected = json!({
            "model": "gpt-4o-mini",
            "response_type": if is_streamed { "stream" } else { "normal" },
            "chat_id": if is_streamed { "chatcmpl-2" } else { "chatcmpl-1" },
            "output_tokens": 5,
            "cached_tokens": 2,
            "reasoning_tokens": 1,
            "usage_source": "reported",
        });
        for (field, value) in expected.as_object().unwrap() {
            assert_eq!(&record[field], value, "{field} of {coding:?}: {record:#}");
        }
        let sum = record["input_tokens"].as_u64().unwrap() + 5;
        assert_eq!(record["total_tokens"], sum, "{coding:?}: {record:#}");
        assert_eq!(record["time_to_first_token"].is_u64(), is_streamed, "{coding:?}: {record:#}");
    }
    for name in ["skipped_encoding", "over_limit", "damaged"] {
        assert_eq!(counted(&path, name).await, 0, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_part_of_a_compressed_stream_arrives_before_the_next_is_sent() {
    let path = Path::start().await;
    for coding in Coding::ALL {
        let mut connection = TcpStream::connect(path.envoy.listener()).await.unwrap();
        let head = format!(
            "POST /echo/chat/completions HTTP/1.1\r\nhost: llm\r\ncontent-type: text/event-stream\r\ncontent-encoding: {}\r\ntransfer-encoding: chunked\r\n\r\n",
            coding.name()
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut encoder = Encoder::new(coding).unwrap();
        let mut send = async |part: Vec<u8>| {
            let chunk = [format!("{:x}\r\n", part.len()).as_bytes(), &part, b"\r\n"].concat();
            connection.write_all(&chunk).await.unwrap();
            // The echo returns part by part; with a filter that holds parts back, this would wait forever.
            read_until(&mut connection, &part).await;
        };
        for event in [
            r#"{"id":"c1","model":"m","choices":[{"delta":{"content":"a"}}],"usage":null}"#,
            r#"{"id":"c1","model":"m","choices":[{"delta":{"content":"b"}}],"usage":null}"#,
            r#"{"id":"c1","model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#,
        ] {
            send(encoder.part(format!("data: {event}\n\n").as_bytes()).unwrap()).await;
        }
        let end = encoder.finish().unwrap();
        if !end.is_empty() {
            send(end).await;
        }
        connection.write_all(b"0\r\n\r\n").await.unwrap();
        read_until(&mut connection, b"0\r\n\r\n").await;
    }
    for record in path.records(Coding::ALL.len()).await {
        let found = [&record["response_type"], &record["model"], &record["chat_id"], &record["total_tokens"]];
        assert_eq!(found, [&json!("stream"), &json!("m"), &json!("c1"), &json!(5)], "{record:#}");
        let (first, whole) = (&record["time_to_first_token"], &record["duration"]);
        assert!(first.as_u64().unwrap() <= whole.as_u64().unwrap(), "{record:#}");
    }
}

/// Decoded size of a bomb in MiB.
const BOMB: usize = 1_024;
/// Decoded size in MiB of a body that is read to its end.
const LARGE: usize = 256;

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_passes_unchanged_takes_no_memory_and_is_counted() {
    let path = Path::start().await;
    for (index, coding) in (0..).zip(Coding::ALL) {
        let grown = send_bomb(&path, coding, BOMB).await;
        assert!(grown < 20_000_000, "Envoy grew by {grown} bytes at a bomb in {coding:?}");
        let record = path.records(index + 1).await.pop().unwrap();
        assert_eq!((&record["chat_id"], &record["response_code"]), (&json!("chatcmpl-3"), &json!(200)));
        // `/query` shows counts that are absent as 0, as db-log-pusher's collector does.
        assert_eq!((&record["total_tokens"], &record["usage_source"]), (&json!(0), &json!("partial")));
        assert_eq!(counted(&path, "over_limit").await, index as u64 + 1, "{coding:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_decodes_to_a_lot_is_read_to_its_end_without_memory_where_the_limits_allow() {
    let decode = json!({ "max_ratio": 1_000_000, "max_body_bytes": 1_u64 << 30 });
    let path = Path::with_filter(&json!({ "ai": { "decode": decode } })).await;
    let grown = send_bomb(&path, Coding::Gzip, LARGE).await;
    assert!(grown < 20_000_000, "Envoy grew by {grown} bytes");
    let record = path.records(1).await.remove(0);
    assert_eq!((&record["total_tokens"], &record["usage_source"]), (&json!(7), &json!("reported")));
    assert_eq!(counted(&path, "over_limit").await, 0);
}

/// Sends a bomb through Envoy, compares it with the upstream's response, and returns by how many bytes Envoy grew.
async fn send_bomb(path: &Path, coding: Coding, mebibytes: usize) -> u64 {
    let uri = format!("/bomb/{mebibytes}/chat/completions");
    let body = r#"{"model":"gpt-4o-mini","messages":[]}"#;
    let straight = ask(&path.client, &format!("http://{}{uri}", path.upstream.address()), coding, body).await;
    let before = resident_bytes(&path.envoy);
    let passed = ask(&path.client, &path.url(&uri), coding, body).await;
    let grown = resident_bytes(&path.envoy).saturating_sub(before);
    assert!(passed.body() == straight.body(), "{coding:?} is changed on its way");
    assert!(passed.body().len() < mebibytes << 12, "{} bytes are no bomb", passed.body().len());
    grown
}

async fn ask(client: &Client, url: &str, coding: Coding, body: &str) -> Response<Bytes> {
    let request = Request::post(url)
        .header("content-type", "application/json")
        .header("x-answer-coding", coding.name())
        .body(body.to_owned());
    let answer = client.send(request.unwrap()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer
}

/// The filter's counter of bodies with this name.
async fn counted(path: &Path, name: &str) -> u64 {
    let stats = path.envoy.stats(&format!("gatelog_bodies_{name}")).await.unwrap();
    stats.into_iter().map(|(_, value)| value).sum()
}

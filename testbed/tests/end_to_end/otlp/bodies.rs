//! Bodies that are compressed, become too much, or come without the token, over the wire.

use bytes::Bytes;
use gatelog_testbed::client::Client;
use gatelog_testbed::coding::{Coding, Encoder};
use gatelog_testbed::functions::Functions;
use http::{Request, Response};
use serde_json::{Value, json};

use super::functions;

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_body_is_read_and_one_that_becomes_too_much_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let functions = functions(&directory, &[("max_decompressed_bytes", "1000000")]).await;
    for coding in [Coding::Gzip, Coding::Zstd] {
        let record = format!(r#"{{"record_id":"{}","method":"GET"}}"#, coding.name());
        let answer = post(&functions, "/ingest", coding, compressed(coding, record.as_bytes(), 1)).await;
        assert_eq!((answer.status().as_u16(), json_of(&answer)["accepted"].clone()), (200, json!(1)));
        let log = br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[{"key":"method","value":{"stringValue":"GET"}}]}]}]}]}"#;
        let answer = post(&functions, "/v1/logs", coding, compressed(coding, log, 1)).await;
        assert_eq!((answer.status().as_u16(), &answer.body()[..]), (200, &b"{}"[..]));
        // 256 MiB of spaces.
        let bomb = compressed(coding, &vec![b' '; 1 << 20], 256);
        assert!(bomb.len() < 1_000_000, "{}", bomb.len());
        let answer = post(&functions, "/ingest", coding, bomb.clone()).await;
        assert_eq!(answer.status(), 413);
        let error = json_of(&answer)["error"].to_string();
        assert!(error.contains("decompresses to more than 1000000 bytes"), "{error}");
        let answer = post(&functions, "/v1/logs", coding, bomb).await;
        assert_eq!((answer.status().as_u16(), json_of(&answer)["code"].clone()), (413, json!(8)));
    }
    let url = format!("http://{}/query", functions.address());
    assert_eq!(Client::default().get_json(&url).await.unwrap()["total"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_token_nothing_is_stored_and_the_answer_is_a_status_in_the_encoding_of_the_request() {
    let directory = tempfile::tempdir().unwrap();
    let functions = functions(&directory, &[("ingest_token", "right")]).await;
    let send = async |token: &str, content_type: &str| {
        let request = Request::post(format!("http://{}/v1/logs", functions.address()))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", content_type);
        Client::default()
            .send(request.body(if content_type.ends_with("json") { "{}" } else { "" }).unwrap())
            .await
            .unwrap()
    };
    let answer = send("wrong", "application/json").await;
    assert_eq!(
        (answer.status().as_u16(), json_of(&answer)),
        (401, json!({"code": 16, "message": "the bearer token is missing or wrong"}))
    );
    let answer = send("wrong", "application/x-protobuf").await;
    assert_eq!((answer.status().as_u16(), &answer.body()[..4]), (401, &[8, 16, 18, 36][..]));
    assert_eq!(answer.headers()["content-type"], "application/x-protobuf");
    for content_type in ["application/json", "application/x-protobuf"] {
        assert_eq!(send("right", content_type).await.status(), 200);
    }
    assert_eq!(send("right", "text/plain").await.status(), 415);
}

async fn post(functions: &Functions, path: &str, coding: Coding, body: Vec<u8>) -> Response<Bytes> {
    let request = Request::post(format!("http://{}{path}", functions.address()))
        .header("content-type", "application/json")
        .header("content-encoding", coding.name());
    Client::default().send(request.body(body).unwrap()).await.unwrap()
}

fn compressed(coding: Coding, part: &[u8], times: usize) -> Vec<u8> {
    let mut encoder = Encoder::new(coding).unwrap();
    let mut body: Vec<u8> = (0..times).flat_map(|_| encoder.part(part).unwrap()).collect();
    body.extend(encoder.finish().unwrap());
    body
}

fn json_of(answer: &Response<Bytes>) -> Value {
    serde_json::from_slice(answer.body()).unwrap()
}

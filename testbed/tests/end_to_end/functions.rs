//! Tests of the functions over HTTP, as components.

use std::time::Duration;

use gatelog_databases::SmallDisk;
use gatelog_testbed::client::Client;
use gatelog_testbed::functions::{Functions, Options};
use gatelog_testbed::runtime::Runtime;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

/// A payload of Higress's db-log-pusher: its keys, no `record_id`.
const GO_PAYLOAD: &str = include_str!("../../../record/testdata/db_log_pusher.json");

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_of_db_log_pusher_is_accepted_and_returned() {
    let (functions, _directory) = start().await;
    let answer = post(&functions, "/ingest", "application/json", GO_PAYLOAD).await;
    assert_eq!(answer.0, StatusCode::OK, "{}", answer.1);
    assert_eq!(answer.1["accepted"], 1);

    let page = Client::default()
        .get_json(&format!("http://{}/query?model=qwen-max", functions.address()))
        .await
        .unwrap();
    assert_eq!(page["total"], 1);
    assert_eq!(page["status"], "success");
    let (stored, sent) = (&page["logs"][0], serde_json::from_str::<Value>(GO_PAYLOAD).unwrap());
    for (key, value) in sent.as_object().unwrap() {
        match key.as_str() {
            "start_time" => assert_eq!(stored[key], "2026-03-27T02:15:04.000000Z"),
            // Headers and bodies, including secrets, which the reference's collector ignores too.
            "req_headers" | "req_body" | "resp_headers" | "resp_body" => assert!(stored.get(key).is_none()),
            _ => assert_eq!(&stored[key], value, "{key}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_get_the_right_status_and_an_error_that_names_the_problem() {
    let (functions, _directory) = start().await;
    let too_large = format!("[{}]", "1,".repeat(5_000_000));
    for (method, path, content_type, body, status, error) in [
        ("GET", "/ingest", "", "", 405, "POST"),
        ("POST", "/ingest", "application/json", "", 400, "empty"),
        ("POST", "/ingest", "application/json", "{\"path\":", 400, "not JSON"),
        ("POST", "/ingest", "text/xml", "<a/>", 415, "text/xml"),
        ("POST", "/ingest", "application/json", &too_large, 413, "bytes"),
        ("DELETE", "/query", "", "", 405, "GET"),
        ("GET", "/query?nonsense=1", "", "", 400, "nonsense"),
        ("GET", "/query?page=two", "", "", 400, "page"),
        ("GET", "/query?start=yesterday", "", "", 400, "start"),
        ("GET", "/query/a/b", "", "", 404, "/query/a/b"),
        ("GET", "/health/nothing", "", "", 404, "/health/nothing"),
    ] {
        let request = Request::builder().method(method).uri(format!("http://{}{path}", functions.address()));
        let request =
            if content_type.is_empty() { request } else { request.header("content-type", content_type) };
        let answer = Client::default().send(request.body(body.to_owned()).unwrap()).await.unwrap();
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        assert_eq!(answer.status(), status, "{method} {path}: {text}");
        assert!(text.contains(error), "{method} {path}: {text}");
        let json: Value =
            serde_json::from_str(&text).unwrap_or_else(|_| panic!("{method} {path} answered {text}"));
        assert_eq!(json["status"], "error");
        assert_eq!(answer.headers().contains_key("allow"), status == 405, "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_with_a_wrong_type_is_rejected_alone() {
    let (functions, _directory) = start().await;
    let body = r#"[{"path":"/a"},{"path":"/b","duration":"long"}]"#;
    let answer = post(&functions, "/ingest", "application/json", body).await;
    assert_eq!(answer.0, StatusCode::OK);
    assert_eq!(answer.1["accepted"], 1);
    assert_eq!(answer.1["rejected"][0]["index"], 1);
    assert!(answer.1["rejected"][0]["error"].as_str().unwrap().starts_with("duration: "), "{}", answer.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_arrives_byte_by_byte_is_given_up_when_its_time_is_over() {
    let directory = tempfile::tempdir().unwrap();
    let variables = [("body_timeout_ms", "300")];
    let functions =
        Functions::start(&Options::storing_in(&directory.path().join("gatelog.db")).variables(&variables))
            .await
            .unwrap();
    let mut client = TcpStream::connect(functions.address()).await.unwrap();
    client.write_all(b"POST /ingest HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n[").await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut answer = vec![0; 1_024];
    let read = loop {
        assert!(Instant::now() < deadline, "the client waits for ever: {}", functions.log());
        match timeout(Duration::from_millis(50), client.read(&mut answer)).await {
            Ok(read) => break read.unwrap(),
            // The server may refuse the rest of the body.
            Err(_) => drop(client.write_all(b" ").await),
        }
    };
    let answer = String::from_utf8_lossy(&answer[..read]);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_send_unreadable_bodies_do_not_fill_the_log() {
    let (functions, _directory) = start().await;
    for _ in 0..50 {
        let body = r#"[{"path":"/a","total_tokens":"many"},{"duration":"long"}]"#;
        assert_eq!(post(&functions, "/ingest", "application/json", body).await.0, StatusCode::OK);
    }
    let log = functions.log();
    for words in ["values were cut", "records cannot be read"] {
        let lines = log.lines().filter(|line| line.contains(words)).count();
        // One per instance in ten seconds.
        assert!((1..10).contains(&lines), "{lines} lines with {words}:\n{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_returns_ok_and_readiness_queries_the_database() {
    let (functions, _directory) = start().await;
    let url = |path: &str| format!("http://{}{path}", functions.address());
    let alive = Client::default().send(Request::get(url("/health")).body("").unwrap()).await.unwrap();
    assert_eq!((alive.status(), alive.body().as_ref()), (StatusCode::OK, &b"ok"[..]));
    let ready = Client::default().get_json(&url("/health/ready")).await.unwrap();
    assert_eq!(ready["status"], "ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_made_after_responses_are_in_the_metrics() {
    let (functions, _directory) = start().await;
    let body = r#"[{"record_id":"1","path":"/a"},{"record_id":"2"},{"duration":"long"}]"#;
    for _ in 0..2 {
        assert_eq!(post(&functions, "/ingest", "application/json", body).await.0, StatusCode::OK);
    }
    let counted = |outcome: &str| format!("gatelog_ingest_records_total{{outcome=\"{outcome}\"}} 2\n");
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let url = format!("http://{}/health/metrics", functions.address());
        let answer = Client::default().send(Request::get(url).body("").unwrap()).await.unwrap();
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        if ["accepted", "duplicate", "rejected"].iter().all(|outcome| text.contains(&counted(outcome))) {
            return;
        }
        assert!(Instant::now() < deadline, "the counts do not come:\n{text}\n{}", functions.log());
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_written_fails_no_request() {
    let directory = tempfile::tempdir().unwrap();
    // Spin writes the components' output to files.
    let disk = Runtime::chosen().unwrap().is_spin().then(|| SmallDisk::new(1).unwrap());
    let mut options = Options::storing_in(&directory.path().join("gatelog.db"));
    if let Some(disk) = &disk {
        options = options.log_folder(disk.path());
    }
    let functions = Functions::start(&options).await.unwrap();
    let body = r#"[{"record_id":"1","path":"/a"},{"duration":"long"}]"#;
    // Ingest logs rejections, and the first request has more to log.
    assert_eq!(post(&functions, "/ingest", "application/json", body).await.0, StatusCode::OK);
    let written = functions.log();
    assert!(written.contains("function=ingest"), "{written}");
    functions.fail_logging();
    if let Some(disk) = &disk {
        disk.fill().unwrap();
    }
    // The last page of a file on a full disk still has room for some lines.
    for _ in 0..100 {
        let answer = post(&functions, "/ingest", "application/json", body).await;
        assert_eq!(answer.0, StatusCode::OK, "{}", functions.log());
        assert_eq!((&answer.1["duplicates"], answer.1["rejected"].as_array().unwrap().len()), (&json!(1), 1));
    }
}

async fn start() -> (Functions, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let functions =
        Functions::start(&Options::storing_in(&directory.path().join("gatelog.db"))).await.unwrap();
    (functions, directory)
}

async fn post(functions: &Functions, path: &str, content_type: &str, body: &str) -> (StatusCode, Value) {
    let request =
        Request::post(format!("http://{}{path}", functions.address())).header("content-type", content_type);
    let answer = Client::default().send(request.body(body.to_owned()).unwrap()).await.unwrap();
    (answer.status(), serde_json::from_slice(answer.body()).unwrap_or(Value::Null))
}

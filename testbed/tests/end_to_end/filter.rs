//! What operators fear of a filter, tried in a real Envoy: buffering, memory, outages, restarts, new configurations,
//! hostile traffic.

use std::time::Duration;

use gatelog_harness::artifacts;
use gatelog_testbed::client::{Client, raw_exchange};
use gatelog_testbed::envoy::Envoy;
use gatelog_testbed::functions::Functions;
use gatelog_testbed::gateway_config::{Filter, Gateway};
use gatelog_testbed::upstream::Upstream;
use http::Request;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::setup::Path;

#[tokio::test(flavor = "multi_thread")]
async fn a_streamed_answer_arrives_chunk_by_chunk() {
    let path = Path::start().await;
    let body = r#"{"model":"m","stream":true}"#;
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: llm\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut connection = TcpStream::connect(path.envoy.listener()).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    let (mut answer, mut arrivals) = (Vec::new(), 0);
    while !answer.ends_with(b"0\r\n\r\n") {
        let mut chunk = vec![0; 65_536];
        let count = connection.read(&mut chunk).await.unwrap();
        assert!(count > 0, "the answer broke off");
        answer.extend_from_slice(&chunk[..count]);
        arrivals += 1;
    }
    // Seven events 5 ms apart: a filter that buffers makes one arrival of them.
    assert!(arrivals >= 4, "{arrivals} arrivals");
    let record = path.records(1).await.remove(0);
    assert_eq!(record["response_type"], "stream");
    assert_eq!(record["total_tokens"].as_i64().unwrap() - record["input_tokens"].as_i64().unwrap(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_uploads_and_downloads_do_not_raise_envoys_memory() {
    const SIZE: usize = 100_000_000;
    let path = Path::start().await;
    let warm = path.client.send(Request::get(path.url("/bytes/1000000")).body("").unwrap()).await.unwrap();
    assert_eq!(warm.body().len(), 1_000_000);
    let before = resident_bytes(&path.envoy);

    let download = Request::get(path.url(&format!("/bytes/{SIZE}"))).body("").unwrap();
    assert_eq!(path.client.send(download).await.unwrap().body().len(), SIZE);
    let upload = Request::post(path.url("/echo")).header("content-type", "application/json");
    let upload = upload.body(vec![b'1'; SIZE]).unwrap();
    assert_eq!(path.client.send(upload).await.unwrap().body().len(), SIZE);

    let grown = resident_bytes(&path.envoy).saturating_sub(before);
    assert!(grown < 20_000_000, "Envoy grew by {grown} bytes");
    let records = path.records(3).await;
    assert!(records[2]["bytes_received"].as_u64().unwrap() > SIZE as u64, "{:#}", records[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_an_outage_of_the_collector_are_stored_once_it_is_back() {
    const REQUESTS: u64 = 200;
    let mut path = Path::with_filter(&json!({ "queue": { "max_retry_delay": 1 } })).await;
    let address = path.functions.address();
    get_many(&path, REQUESTS / 2).await;
    let stopped = std::mem::replace(&mut path.functions, elsewhere().await);
    stopped.stop().await;

    get_many(&path, REQUESTS / 2).await;
    await_stat(&path.envoy, "gatelog_retries", 3).await;
    path.functions = Functions::start_local_at(address, &path.database()).await.unwrap();
    path.await_total(REQUESTS).await;
    assert_eq!(dropped(&path.envoy).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_batch_that_is_waiting_when_envoy_is_terminated_is_stored() {
    let mut path = Path::start().await;
    // Opens the connection to the collector: a process that ends has no time to open one.
    get_many(&path, 1).await;
    path.await_total(1).await;
    get_many(&path, 30).await;
    let replacement = second_envoy(&path).await;
    std::mem::replace(&mut path.envoy, replacement).terminate().await.unwrap();
    path.await_total(31).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_configuration_takes_over_and_the_old_one_drains() {
    let directory = tempfile::tempdir().unwrap();
    let functions = Functions::start_local(&directory.path().join("gatelog.db")).await.unwrap();
    let upstream = Upstream::start().await.unwrap();
    let configured = |instance: &str| Gateway {
        upstream: upstream.address(),
        collector: functions.address(),
        filters: vec![Filter::gatelog(
            &artifacts::artifact("gatelog-filter").unwrap(),
            // Longer than the test: only draining brings these records out.
            &json!({ "instance_id": instance, "queue": { "max_coalescing_delay": 600 } }),
        )],
        access_log: None,
    };
    let listener_file = directory.path().join("listener.json");
    let publish = |gateway: &Gateway, version: &str| {
        let next = directory.path().join(version);
        std::fs::write(&next, gateway.listener_file(version).to_string()).unwrap();
        std::fs::rename(next, &listener_file).unwrap();
    };
    publish(&configured("old"), "1");
    let envoy = Envoy::start(&configured("old").dynamic_bootstrap(&listener_file), 1).await.unwrap();
    let client = Client::default();
    let url = format!("http://{}/hello", envoy.listener());
    for _ in 0..10 {
        client.send(Request::get(&url).body("").unwrap()).await.unwrap();
    }
    publish(&configured("new"), "2");

    let query = format!("http://{}/query?instance_id=old&page_size=1", functions.address());
    let deadline = Instant::now() + Duration::from_secs(30);
    while client.get_json(&query).await.unwrap()["total"] != 10 {
        assert!(Instant::now() < deadline, "the old filter did not drain:\n{}", envoy.log());
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_configuration_is_refused_with_every_problem_named_and_traffic_flows_on() {
    let directory = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await.unwrap();
    let gateway = |configuration: Value| Gateway {
        upstream: upstream.address(),
        collector: upstream.address(),
        filters: vec![Filter::gatelog(&artifacts::artifact("gatelog-filter").unwrap(), &configuration)],
        access_log: None,
    };
    let listener_file = directory.path().join("listener.json");
    std::fs::write(&listener_file, gateway(json!({})).listener_file("1").to_string()).unwrap();
    let envoy = Envoy::start(&gateway(json!({})).dynamic_bootstrap(&listener_file), 1).await.unwrap();

    let wrong = gateway(json!({ "timeout_ms": "soon", "no_such_key": 1 }));
    let next = directory.path().join("next.json");
    std::fs::write(&next, wrong.listener_file("2").to_string()).unwrap();
    std::fs::rename(next, &listener_file).unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while !(envoy.log().contains("timeout_ms") && envoy.log().contains("no_such_key")) {
        assert!(Instant::now() < deadline, "Envoy's log does not name the keys:\n{}", envoy.log());
        sleep(Duration::from_millis(50)).await;
    }
    let request = Request::get(format!("http://{}/hello", envoy.listener())).body("").unwrap();
    assert_eq!(Client::default().send(request).await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_traffic_never_traps_the_filter() {
    let path = Path::start().await;
    let long = "x".repeat(50_000);
    let deep = format!("{{\"model\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let beyond = r#"{"model":"m","usage":{"prompt_tokens":99999999999999999999999999,"total_tokens":1e400}}"#;
    let post = |body: &str| {
        format!(
            "POST /echo HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    };
    let hostile: Vec<Vec<u8>> = vec![
        b"GET /\xff\xfe HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nhost: h\r\nuser-agent: \xf0\x28\x8c\x28\r\nconnection: close\r\n\r\n".to_vec(),
        format!("GET / HTTP/1.1\r\nhost: h\r\nuser-agent: {long}\r\nconnection: close\r\n\r\n").into_bytes(),
        b"NONSENSE\r\n\r\n".to_vec(),
        post(&deep),
        post(beyond),
        post("data: {\"usage\": \n\ndata: \0\0\n\n"),
        post("{\"model\":\"\\u0000\\ud800\"}"),
    ];
    for request in hostile {
        raw_exchange(path.envoy.listener(), &request).await.unwrap();
    }
    let last = Request::get(path.url("/hello")).header("x-request-id", "the-last").body("").unwrap();
    assert_eq!(path.client.send(last).await.unwrap().status(), 200);
    let deadline = Instant::now() + Duration::from_secs(20);
    while path.query("request_id=the-last").await["total"] != 1 {
        assert!(Instant::now() < deadline, "{}", path.envoy.log());
        sleep(Duration::from_millis(50)).await;
    }
    let log = path.envoy.log();
    assert!(!log.contains("Proxy-Wasm failed") && !log.contains("in-VM"), "{log}");
    for (name, value) in path.envoy.stats("wasm.*(fail|reload|crash)").await.unwrap() {
        assert_eq!(value, 0, "{name}");
    }
}

async fn get_many(path: &Path, count: u64) {
    for _ in 0..count {
        let request = Request::get(path.url("/hello")).body("").unwrap();
        assert_eq!(path.client.send(request).await.unwrap().status(), 200);
    }
}

/// Functions that nothing pushes to, to hold the place of those that are down.
async fn elsewhere() -> Functions {
    let directory = tempfile::tempdir().unwrap();
    Functions::start_local(&directory.keep().join("elsewhere.db")).await.unwrap()
}

/// An Envoy without a filter, to hold the place of the one that ends.
async fn second_envoy(path: &Path) -> Envoy {
    let gateway = Gateway {
        upstream: path.functions.address(),
        collector: path.functions.address(),
        filters: Vec::new(),
        access_log: None,
    };
    Envoy::start(&gateway.bootstrap(), 1).await.unwrap()
}

async fn await_stat(envoy: &Envoy, name: &str, least: u64) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let stats = envoy.stats(name).await.unwrap();
        if stats.iter().any(|(_, value)| *value >= least) {
            return;
        }
        assert!(Instant::now() < deadline, "{name} is {stats:?}; Envoy said:\n{}", envoy.log());
        sleep(Duration::from_millis(50)).await;
    }
}

async fn dropped(envoy: &Envoy) -> u64 {
    let stats = envoy.stats("gatelog_dropped").await.unwrap();
    assert!(!stats.is_empty(), "Envoy shows no counters of drops");
    stats.into_iter().map(|(_, value)| value).sum()
}

fn resident_bytes(envoy: &Envoy) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", envoy.pid().unwrap())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1_024
}

//! Tests of operators' concerns about a filter in a real Envoy: buffering, memory, outages, restarts, new
//! configurations, hostile traffic.

use std::collections::HashSet;
use std::time::Duration;

use gatelog_artifacts as artifacts;
use gatelog_testbed::client::{Client, raw_exchange};
use gatelog_testbed::envoy::Envoy;
use gatelog_testbed::functions::{Functions, Options};
use gatelog_testbed::gateway_config::{Filter, Gateway};
use gatelog_testbed::upstream::Upstream;
use http::Request;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, interval, sleep, timeout};

use crate::setup::Path;

#[tokio::test(flavor = "multi_thread")]
async fn each_part_of_a_streamed_response_arrives_before_the_next_is_sent() {
    let path = Path::start().await;
    let mut connection = TcpStream::connect(path.envoy.listener()).await.unwrap();
    // The echo must return part by part; with a filter that holds parts back, this would wait forever.
    let head = "POST /echo/chat/completions HTTP/1.1\r\nhost: llm\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    connection.write_all(head.as_bytes()).await.unwrap();
    for part in [
        r#"data: {"id":"c1","model":"m","choices":[{"delta":{"content":"a"}}],"usage":null}"#,
        r#"data: {"id":"c1","model":"m","choices":[{"delta":{"content":"b"}}],"usage":null}"#,
        r#"data: {"id":"c1","model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#,
    ] {
        connection.write_all(format!("{:x}\r\n{part}\n\n\r\n", part.len() + 2).as_bytes()).await.unwrap();
        read_until(&mut connection, part).await;
    }
    connection.write_all(b"0\r\n\r\n").await.unwrap();
    read_until(&mut connection, "0\r\n\r\n").await;
    let record = path.records(1).await.remove(0);
    assert_eq!((&record["response_type"], &record["model"]), (&json!("stream"), &json!("m")), "{record:#}");
    assert_eq!(record["total_tokens"], 5, "{record:#}");
    let (first, whole) =
        (record["time_to_first_token"].as_u64().unwrap(), record["duration"].as_u64().unwrap());
    assert!(first <= whole, "{record:#}");
}

pub async fn read_until(connection: &mut TcpStream, end: impl AsRef<[u8]>) {
    let (end, mut answer) = (end.as_ref(), Vec::new());
    while !answer.windows(end.len()).any(|found| found == end) {
        let mut chunk = vec![0; 65_536];
        let read = timeout(Duration::from_secs(20), connection.read(&mut chunk)).await;
        let so_far = String::from_utf8_lossy(&answer);
        let count = read.unwrap_or_else(|_| panic!("only {so_far:?} came")).unwrap();
        assert!(count > 0, "the answer broke off: {so_far:?}");
        answer.extend_from_slice(&chunk[..count]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn large_uploads_and_downloads_do_not_raise_envoys_memory_more_than_a_filter_that_does_nothing() {
    const SIZE: usize = 100_000_000;
    let path = Path::start().await;
    let filter = Filter {
        wasm: artifacts::artifact("gatelog-noop-filter").unwrap(),
        ..Filter::gatelog(std::path::Path::new(""), &json!({}))
    };
    let gateway = Gateway {
        upstream: path.upstream.address(),
        collector: path.functions.address(),
        filters: vec![filter],
        access_log: None,
    };
    let idle = Envoy::start(&gateway.bootstrap(), 1).await.unwrap();
    let (grown, allowed) = (growth(&path.envoy, SIZE).await, growth(&idle, SIZE).await);
    // A filter that buffers holds the body at least once.
    assert!(
        grown < allowed + 20_000_000,
        "Envoy grew by {grown} bytes, and by {allowed} with a filter that does nothing"
    );
    let records = path.records(3).await;
    assert!(records[2]["bytes_received"].as_u64().unwrap() > SIZE as u64, "{:#}", records[2]);
}

/// By how many bytes an Envoy grows when large bodies pass both ways.
async fn growth(envoy: &Envoy, size: usize) -> u64 {
    let client = Client::default();
    let url = |path: &str| format!("http://{}{path}", envoy.listener());
    let download = async |size: usize| {
        let request = Request::get(url(&format!("/bytes/{size}"))).body("").unwrap();
        assert_eq!(client.send(request).await.unwrap().body().len(), size);
    };
    download(1_000_000).await;
    let before = resident_bytes(envoy);
    download(size).await;
    let upload = Request::post(url("/echo")).header("content-type", "application/json");
    let upload = upload.body(vec![b'1'; size]).unwrap();
    assert_eq!(client.send(upload).await.unwrap().body().len(), size);
    resident_bytes(envoy).saturating_sub(before)
}

/// With every setting of the queue at its default.
#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_down_for_30_s_under_traffic_loses_nothing_and_stores_nothing_twice() {
    let mut path = Path::start().await;
    let address = path.functions.address();
    let mut ids = HashSet::new();
    let mut get = async |path: &Path| {
        let id = format!("request-{}", ids.len());
        let request = Request::get(path.url("/hello")).header("x-request-id", &id).body("").unwrap();
        assert_eq!(path.client.send(request).await.unwrap().status(), 200);
        ids.insert(id);
    };
    for _ in 0..100 {
        get(&path).await;
    }
    let stopped = std::mem::replace(&mut path.functions, elsewhere().await);
    stopped.stop().await;

    let back = Instant::now() + Duration::from_secs(30);
    let mut next = interval(Duration::from_millis(20));
    while Instant::now() < back {
        next.tick().await;
        get(&path).await;
    }
    await_stat(&path.envoy, "gatelog_retries", 3).await;
    path.functions = Functions::start(&Options::storing_in(&path.database()).at(address)).await.unwrap();
    for _ in 0..100 {
        get(&path).await;
    }
    path.await_ids(&ids, ids.len()).await;
    assert_eq!(dropped(&path.envoy).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answered_request_is_stored_although_envoy_is_terminated_under_load() {
    let mut path = Path::start().await;
    let (client, url) = (path.client.clone(), path.url("/hello"));
    let load = (0..8).map(|worker| {
        let (client, url) = (client.clone(), url.clone());
        tokio::spawn(async move {
            let mut answered = Vec::new();
            loop {
                let id = format!("{worker}-{}", answered.len());
                let request = Request::get(&url).header("x-request-id", &id).body("").unwrap();
                // Envoy ends in the middle of some requests.
                if client.send(request).await.is_err() {
                    return answered;
                }
                answered.push(id);
            }
        })
    });
    let load: Vec<_> = load.collect();
    await_stat(&path.envoy, "gatelog_pushed", 500).await;
    let replacement = second_envoy(&path).await;
    std::mem::replace(&mut path.envoy, replacement).terminate().await.unwrap();
    let mut answered = HashSet::new();
    for worker in load {
        answered.extend(worker.await.unwrap());
    }
    // A client that was cut off may also have a record.
    path.await_ids(&answered, answered.len() + 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_very_first_records_are_stored_when_envoy_is_terminated_at_once() {
    let mut path = Path::with_filter(&json!({ "queue": { "max_coalescing_delay": 600 } })).await;
    // Empty pushes open connections, including those of the main thread.
    await_stat(&path.envoy, "cluster.gatelog.upstream_rq_completed", 4).await;
    get_many(&path, 120).await;
    let replacement = second_envoy(&path).await;
    std::mem::replace(&mut path.envoy, replacement).terminate().await.unwrap();
    path.await_total(120).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_configuration_takes_over_and_the_old_one_drains() {
    let directory = tempfile::tempdir().unwrap();
    let functions =
        Functions::start(&Options::storing_in(&directory.path().join("gatelog.db"))).await.unwrap();
    let upstream = Upstream::start().await.unwrap();
    let configured = |instance: &str| Gateway {
        upstream: upstream.address(),
        collector: functions.address(),
        filters: vec![Filter::gatelog(
            &artifacts::artifact("gatelog-filter").unwrap(),
            // Longer than the test, so only draining pushes these records.
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
async fn rules_give_two_routes_two_instances_and_leave_the_others_out() {
    let rules = json!({ "_rules_": [
        { "_match_route_": ["llm"], "instance_id": "ai", "collector_cluster": "gatelog", "collector_path": "/ingest" },
        { "_match_route_": ["web"], "instance_id": "site", "collector_cluster": "gatelog", "collector_path": "/ingest",
          "fields": { "omit": ["user_agent"] } },
    ] });
    let path = Path::with_configuration(&rules).await;
    for (method, uri) in
        [("POST", "/v1/embeddings"), ("GET", "/hello"), ("GET", "/direct"), ("GET", "/status/204")]
    {
        let request =
            Request::builder().method(method).uri(path.url(uri)).header("user-agent", "x").body("").unwrap();
        path.client.send(request).await.unwrap();
    }
    let records = path.records(3).await;
    let mut seen: Vec<_> = records
        .iter()
        .map(|record| {
            (
                record["path"].as_str().unwrap(),
                record["instance_id"].as_str().unwrap(),
                record["user_agent"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    seen.sort_unstable();
    assert_eq!(seen, [("/hello", "site", ""), ("/status/204", "site", ""), ("/v1/embeddings", "ai", "x")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_configuration_is_refused_with_all_its_problems_and_traffic_continues() {
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
    envoy.await_log(&["timeout_ms", "no_such_key"]).await.unwrap();
    let request = Request::get(format!("http://{}/hello", envoy.listener())).body("").unwrap();
    assert_eq!(Client::default().send(request).await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_traffic_never_traps_the_filter() {
    let path = Path::start().await;
    // Envoy accepts 60 KiB of headers and itself refuses more.
    let (long, longer) = ("x".repeat(59_000), "x".repeat(62_000));
    let deep = format!("{{\"model\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let beyond = r#"{"model":"m","usage":{"prompt_tokens":99999999999999999999999999,"total_tokens":1e400}}"#;
    // Echoed in the response, so that both directions carry it.
    let post_as = |content_type: &str, body: &str| {
        format!(
            "POST /echo/chat/completions HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    };
    let post = |body: &str| post_as("application/json", body);
    let hostile: Vec<Vec<u8>> = vec![
        b"GET /\xff\xfe HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nhost: h\r\nuser-agent: \xf0\x28\x8c\x28\r\nconnection: close\r\n\r\n".to_vec(),
        format!("GET / HTTP/1.1\r\nhost: h\r\nuser-agent: {long}\r\nconnection: close\r\n\r\n").into_bytes(),
        format!("GET / HTTP/1.1\r\nhost: h\r\nuser-agent: {longer}\r\nconnection: close\r\n\r\n")
            .into_bytes(),
        b"GET /a\0b HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n".to_vec(),
        b"NONSENSE\r\n\r\n".to_vec(),
        post(&deep),
        post(beyond),
        post_as("text/event-stream", "data: {\"usage\": \n\ndata: \0\0\n\ndata\n:\n\n\rdata:{]"),
        post_as("text/event-stream", &format!("data: {deep}\n\ndata: {beyond}\n\n")),
        post("\0\0{\"model\":\"a\0b\"}"),
        post("{\"model\":\"\\u0000\\ud800\"}"),
    ];
    let vms = path.envoy.stats("wasm.*(active|created)").await.unwrap();
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
    // A VM that fails is counted and replaced.
    let failures = path.envoy.stats("wasm.*(fail|reload|crash)").await.unwrap();
    assert!(failures.iter().any(|(name, _)| name.ends_with("vm_reload")), "{failures:?}");
    assert!(failures.iter().all(|(_, value)| *value == 0), "{failures:?}");
    assert_eq!(path.envoy.stats("wasm.*(active|created)").await.unwrap(), vms);
}

async fn get_many(path: &Path, count: u64) {
    for _ in 0..count {
        let request = Request::get(path.url("/hello")).body("").unwrap();
        assert_eq!(path.client.send(request).await.unwrap().status(), 200);
    }
}

/// Functions that nothing pushes to: a placeholder for those that are down.
async fn elsewhere() -> Functions {
    let directory = tempfile::tempdir().unwrap();
    Functions::start(&Options::storing_in(&directory.keep().join("elsewhere.db"))).await.unwrap()
}

/// An Envoy without a filter: a placeholder for the one that ends.
async fn second_envoy(path: &Path) -> Envoy {
    let gateway = Gateway {
        upstream: path.functions.address(),
        collector: path.functions.address(),
        filters: Vec::new(),
        access_log: None,
    };
    Envoy::start(&gateway.bootstrap(), 1).await.unwrap()
}

pub async fn await_stat(envoy: &Envoy, name: &str, least: u64) {
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

pub fn resident_bytes(envoy: &Envoy) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", envoy.pid().unwrap())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1_024
}

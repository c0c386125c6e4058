//! Tests of the ingest component with a real rsyslog, over the sockets used in production.

use std::time::Duration;

use gatelog_testbed::client::Client;
use gatelog_testbed::functions::{Functions, Options};
use gatelog_testbed::rsyslog::Rsyslog;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::variables;

pub struct Ingest {
    pub functions: Functions,
    client: Client,
    _folder: TempDir,
}

impl Ingest {
    pub async fn start(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let functions =
            Functions::start(&Options::storing_in(&folder.path().join("gatelog.db")).variables(variables))
                .await
                .unwrap();
        Self { functions, client: Client::default(), _folder: folder }
    }

    async fn with_rsyslog(rsyslog: &Rsyslog, more: &[(&str, &str)]) -> Self {
        let of_rsyslog = variables(rsyslog);
        // When a variable is given twice, the later value applies.
        let of_rsyslog = of_rsyslog.iter().map(|(name, value)| (*name, &**value));
        Self::start(&of_rsyslog.chain(more.iter().copied()).collect::<Vec<_>>()).await
    }

    /// Posts records with the ids `first` to `last`, each with a path of the same name.
    pub async fn post(&self, first: usize, last: usize) -> (StatusCode, Value) {
        self.post_with(first, last, "").await
    }

    /// Like [`Self::post`], with a suffix on each path.
    pub async fn post_with(&self, first: usize, last: usize, behind: &str) -> (StatusCode, Value) {
        let records: Vec<Value> = (first..=last)
            .map(|number| {
                json!({"record_id": format!("id-{number}"), "path": format!("/{number}{behind}"), "method": "GET",
                       "start_time": "2026-01-31T12:00:00Z", "response_code": 200, "instance_id": "gateway-1"})
            })
            .collect();
        self.send(&Value::from(records)).await
    }

    async fn send(&self, records: &Value) -> (StatusCode, Value) {
        let request = Request::post(format!("http://{}/ingest", self.functions.address()))
            .header("content-type", "application/json");
        let request = request.body(records.to_string()).unwrap();
        let answer = self.client.send(request).await.unwrap();
        (answer.status(), serde_json::from_slice(answer.body()).unwrap())
    }

    pub async fn stored(&self) -> u64 {
        let url = format!("http://{}/query?page_size=1", self.functions.address());
        self.client.get_json(&url).await.unwrap()["total"].as_u64().unwrap()
    }
}

fn uris(rsyslog: &Rsyslog) -> Vec<String> {
    let received = rsyslog.received().unwrap();
    let uri = |text: &str| {
        let log: Value = serde_json::from_str(text).unwrap();
        log["request"]["uri"].as_str().unwrap().to_owned()
    };
    received.iter().map(|message| uri(&message.text)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_arrive_over_both_protocols_with_the_entries_of_the_file() {
    for protocol in ["tcp", "udp"] {
        let rsyslog = Rsyslog::start(65_536).await.unwrap();
        let more = [("syslog_protocol", protocol), ("syslog_format", "rfc5424")];
        let ingest = Ingest::with_rsyslog(&rsyslog, &more).await;
        for batch in 0..5 {
            let (status, answer) = ingest.post(batch * 20, batch * 20 + 19).await;
            assert_eq!((status, &answer["accepted"]), (StatusCode::OK, &json!(20)), "{answer}");
        }
        let received = rsyslog.await_received(100).await.unwrap();
        let message = &received[0];
        assert_eq!((&*message.facility, &*message.severity), ("user", "info"), "{protocol}");
        assert_eq!((&*message.tag, &*message.host), ("kong[1]", "gateway-1"), "{protocol}");
        let expected: Vec<String> = (0..100).map(|number| format!("/{number}")).collect();
        assert_eq!(uris(&rsyslog), expected, "{protocol}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_best_effort_an_already_stored_record_is_not_logged_again() {
    let rsyslog = Rsyslog::start(65_536).await.unwrap();
    let ingest = Ingest::with_rsyslog(&rsyslog, &[]).await;
    ingest.post(1, 3).await;
    let (_, answer) = ingest.post(2, 4).await;
    assert_eq!((&answer["accepted"], &answer["duplicates"]), (&json!(1), &json!(2)));
    rsyslog.await_received(4).await.unwrap();
    ingest.post(5, 5).await;
    rsyslog.await_received(5).await.unwrap();
    assert_eq!(uris(&rsyslog), ["/1", "/2", "/3", "/4", "/5"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn under_best_effort_records_are_stored_even_if_the_receiver_is_absent() {
    let mut rsyslog = Rsyslog::start(65_536).await.unwrap();
    let ingest = Ingest::with_rsyslog(&rsyslog, &[]).await;
    rsyslog.stop().await.unwrap();
    for number in 1..=3 {
        assert_eq!(ingest.post(number, number).await.0, StatusCode::OK);
    }
    assert_eq!(ingest.stored().await, 3);
    // The log line is written after the response.
    let said = "1 of 1 syslog messages were not delivered: connecting to";
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while !ingest.functions.log().contains(said) {
        assert!(tokio::time::Instant::now() < deadline, "{}", ingest.functions.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_best_effort_the_response_does_not_wait_for_a_receiver_that_reads_nothing() {
    let deaf = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = deaf.local_addr().unwrap().port().to_string();
    let variables = [
        ("syslog_delivery", "best_effort"),
        ("syslog_port", &*port),
        ("syslog_timeout_ms", "60000"),
        ("syslog_queue_max_bytes", "65536"),
    ];
    let ingest = Ingest::start(&variables).await;
    // Far more than the sockets' own buffers and the queue hold.
    let post_all = async {
        for batch in 0..40 {
            assert_eq!(ingest.post(batch * 500, batch * 500 + 499).await.0, StatusCode::OK);
        }
    };
    tokio::time::timeout(Duration::from_secs(60), post_all).await.expect("an answer waited for the receiver");
    assert_eq!(ingest.stored().await, 20_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn under_at_least_once_a_batch_is_acknowledged_when_the_receiver_has_it() {
    let mut rsyslog = Rsyslog::start(65_536).await.unwrap();
    let ingest = Ingest::with_rsyslog(&rsyslog, &[("syslog_delivery", "at_least_once")]).await;
    let (status, answer) = ingest.post(1, 2).await;
    assert_eq!((status, &answer["accepted"]), (StatusCode::OK, &json!(2)));
    rsyslog.await_received(2).await.unwrap();

    rsyslog.stop().await.unwrap();
    let (status, answer) = ingest.post(3, 4).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer["error"].as_str().unwrap().contains("syslog"), "{answer}");
    assert_eq!(ingest.stored().await, 4, "the database does not wait");

    rsyslog.restart().await.unwrap();
    let answer = loop {
        let (status, answer) = ingest.post(3, 4).await;
        if status == StatusCode::OK {
            break answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!((&answer["accepted"], &answer["duplicates"]), (&json!(0), &json!(2)));
    rsyslog.await_received(4).await.unwrap();
    assert_eq!(uris(&rsyslog), ["/1", "/2", "/3", "/4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_problems_are_reported_at_once_in_the_log() {
    let variables = [
        ("syslog_delivery", "best_effort"),
        ("syslog_address", "syslog.example.com"),
        ("syslog_protocol", "tls"),
        ("syslog_entries", r#"[{"route": "r", "config": {"facility": "local8", "log_level": "warn"}}]"#),
    ];
    let ingest = Ingest::start(&variables).await;
    let (status, answer) = ingest.post(1, 1).await;
    assert_eq!((status, &answer["accepted"]), (StatusCode::OK, &json!(1)), "{answer}");
    let log = ingest.functions.log();
    for named in [
        "syslog_address: ",
        "not an IP address",
        "syslog_protocol: ",
        "syslog_entries: [0].config.facility is",
        "syslog_entries: [0].config.log_level is",
        r#"(entry for route \"r\")"#,
    ] {
        assert!(log.contains(named), "{named}: {log}");
    }
    let metrics = format!("http://{}/health/metrics", ingest.functions.address());
    let counted = r#"gatelog_syslog_events_total{event="misconfigured"} 1"#;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        let answer = ingest.client.send(Request::get(&*metrics).body("").unwrap()).await.unwrap();
        let text = String::from_utf8(answer.body().to_vec()).unwrap();
        if text.contains(counted) {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "{text}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_at_least_once_a_script_that_does_not_compile_stops_the_acknowledgement_but_not_the_database() {
    let entries = r#"[{"config": {"custom_fields_by_lua": {"a": "return ("}}}]"#;
    let ingest = Ingest::start(&[("syslog_delivery", "at_least_once"), ("syslog_entries", entries)]).await;
    let (status, answer) = ingest.post(1, 3).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer["error"].as_str().unwrap().contains("syslog is not configured correctly"), "{answer}");
    assert_eq!(ingest.stored().await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_that_syslog_is_off_when_an_address_is_set() {
    let ingest = Ingest::start(&[("syslog_address", "10.0.0.5")]).await;
    assert_eq!(ingest.post(1, 1).await.0, StatusCode::OK);
    let log = ingest.functions.log();
    assert!(log.contains("syslog is off although syslog_address is set: set syslog_delivery to"), "{log}");
}

/// Scripts that try to use all the time, all the memory, or the whole stack of the component, which is smaller than a
/// program's.
const GREEDY: [&str; 14] = [
    "while true do end",
    "while true do pcall(function() while true do end end) end",
    "local s = 'x' while true do s = s .. s end",
    "local t = {} while true do t[#t + 1] = 'x' .. #t end",
    "return #('x'):rep(1024 * 1024 * 1024)",
    "local function f() return 1 + f() end return f()",
    "local function f() local ok, e = pcall(f) return ok and e or error('x') end return f()",
    "local function f() return (string.gsub('a', 'a', f)) end return f()",
    "local function f() table.sort({1, 2, 3}, function(a, b) f() return a < b end) end f()",
    "local function f() return xpcall(f, function(e) return f() end) end error(tostring(f()))",
    "local s = 'x' for i = 1, 12 do s = s .. s end return s:find('.*.*.*.*.*.*.*y')",
    "local p = 'a?' for i = 1, 16 do p = p .. p end return ('b'):find(p)",
    "local t = {} local u = t for i = 1, 5000 do u[1] = {} u = u[1] end return t",
    "local t = {} t.t = t return t",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_greedy_script_stops_neither_the_component_nor_the_next_record() {
    let rsyslog = Rsyslog::start(65_536).await.unwrap();
    let mut entries = vec![json!({"config": {"custom_fields_by_lua": {"good": "return 'yes'"}}})];
    let mut records = Vec::new();
    for (number, script) in GREEDY.iter().enumerate() {
        let route = format!("greedy-{number}");
        let fields = json!({"bad": script, "good": "return 'yes'"});
        entries.push(json!({"route": route, "config": {"custom_fields_by_lua": fields}}));
        records.push(json!({"route_name": route, "response_code": 200}));
        records.push(json!({"route_name": "next", "response_code": 200}));
    }
    let entries = Value::from(entries).to_string();
    let ingest = Ingest::with_rsyslog(&rsyslog, &[("syslog_entries", &entries)]).await;
    let (status, answer) = ingest.send(&Value::from(records)).await;
    assert_eq!((status, &answer["accepted"]), (StatusCode::OK, &json!(2 * GREEDY.len())), "{answer}");
    for message in rsyslog.await_received(2 * GREEDY.len()).await.unwrap() {
        let log: Value = serde_json::from_str(&message.text).unwrap();
        assert_eq!((&log["good"], log.get("bad")), (&json!("yes"), None), "{log}");
    }
    let log = ingest.functions.log();
    assert_eq!(log.matches("failed and is left out").count(), GREEDY.len(), "{log}");
    assert!(!log.contains("an instance failed"), "{log}");
}

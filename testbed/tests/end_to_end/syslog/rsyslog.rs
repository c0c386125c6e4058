//! Tests of how rsyslog parses the sink's messages, and of messages during a restart.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use gatelog_forward::Runtime;
use gatelog_record::{AccessRecord, Timestamp};
use gatelog_syslog::logger::logger;
use gatelog_syslog::transport::native::NativeTransport;
use gatelog_syslog::{Logger, Sink, SinkConfig};
use gatelog_testbed::rsyslog::{Received, Rsyslog};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{Instant, sleep};

const START: i64 = 1_769_860_800_123_456;

/// A logger that sends to an rsyslog.
struct Sender {
    logger: Rc<Logger<NativeTransport>>,
    clock: Rc<Clock>,
}

struct Clock(Instant);

impl Runtime for Clock {
    fn ticks(&self) -> Duration {
        self.0.elapsed()
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_micros(START)
    }

    fn random(&self) -> u8 {
        0
    }

    fn delivery_failed(&self, _: &dyn fmt::Display) {}

    async fn sleep(&self, duration: Duration) {
        sleep(duration).await;
    }
}

impl Sender {
    fn new(rsyslog: &Rsyslog, settings: &[(&str, &str)], entries: &Value) -> Self {
        let address = rsyslog.address();
        let options = SinkConfig::read(|name| match name {
            "address" => address.ip().to_string(),
            "port" => address.port().to_string(),
            _ => {
                let default = if name == "delivery" { "best_effort" } else { "" };
                settings.iter().find(|(key, _)| *key == name).map_or(default, |(_, value)| value).to_owned()
            }
        });
        let options = options.unwrap().unwrap();
        let transport = NativeTransport::new(options.target, Duration::from_secs(20));
        let sink = Sink::new(&options, &entries.to_string()).unwrap();
        let logger = logger(sink, &options, transport);
        Self { logger: Rc::new(logger), clock: Rc::new(Clock(Instant::now())) }
    }

    async fn log(&self, records: &[AccessRecord<'_>]) -> Result<(), String> {
        let now = Timestamp::from_micros(START);
        let logged = self.logger.forward(records, now, &*self.clock).await;
        if self.logger.has_pending() {
            let (logger, clock) = (Rc::clone(&self.logger), Rc::clone(&self.clock));
            spawn_local(async move { logger.send(&*clock).await });
        }
        logged.map_err(|error| error.to_string())
    }

    /// Waits until the logger's queue is empty.
    async fn flush(&self) {
        while self.logger.queue_bytes() > 0 {
            sleep(Duration::from_millis(1)).await;
        }
    }

    fn counted(&self, name: &str) -> u64 {
        self.logger.destination().stats().all().iter().find(|(known, _)| *known == name).unwrap().1
    }
}

fn record(path: &str, status: i64) -> AccessRecord<'_> {
    AccessRecord {
        start_time: Some(Timestamp::from_micros(START)),
        method: "GET".into(),
        path: path.into(),
        response_code: status,
        duration: 250,
        instance_id: "gateway-1".into(),
        ..AccessRecord::default()
    }
}

fn uri(received: &Received) -> String {
    let log: Value = serde_json::from_str(&received.text).unwrap_or_else(|_| panic!("{}", received.text));
    log["request"]["uri"].as_str().unwrap().to_owned()
}

fn uris(received: &[Received]) -> BTreeSet<String> {
    received.iter().map(uri).collect()
}

async fn local(test: impl Future<Output = ()>) {
    LocalSet::new().run_until(test).await;
}

#[tokio::test]
async fn facility_severity_tag_host_time_and_json_arrive_in_every_form_framing_and_protocol() {
    let entries = json!([
        {"config": {"log_level": "debug", "successful_severity": "notice", "client_errors_severity": "warning",
                    "server_errors_severity": "crit", "facility": "local5"}},
    ]);
    local(async {
        for (protocol, framing) in [("tcp", "octet_counting"), ("tcp", "newline"), ("udp", "")] {
            for (format, tag, time) in [
                ("rfc3164", "kong[1]:", "-01-31T12:00:00+00:00"),
                ("rfc5424", "kong[1]", "2026-01-31T12:00:00.373456Z"),
            ] {
                let rsyslog = Rsyslog::start(65_536).await.unwrap();
                let settings = [("protocol", protocol), ("framing", framing), ("format", format)];
                let sender = Sender::new(&rsyslog, &settings, &entries);
                sender.log(&[record("/é/a?b=c", 204), record("/b", 404), record("/c", 503)]).await.unwrap();
                let received = rsyslog.await_received(3).await.unwrap();
                for (message, (severity, path)) in
                    received.iter().zip([("notice", "/é/a?b=c"), ("warning", "/b"), ("crit", "/c")])
                {
                    let context = format!("{protocol} {framing} {format} {message:?}");
                    assert_eq!((&*message.facility, &*message.severity), ("local5", severity), "{context}");
                    assert_eq!((&*message.tag, &*message.host), (tag, "gateway-1"), "{context}");
                    assert!(message.time.ends_with(time), "{context}");
                    let log: Value = serde_json::from_str(&message.text).unwrap();
                    assert_eq!(log["request"]["uri"], path, "{context}");
                    assert_eq!(log["started_at"], START / 1_000, "{context}");
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn every_facility_and_severity_has_the_same_name_in_rsyslog() {
    let severities = ["debug", "info", "notice", "warning", "err", "crit", "alert", "emerg"];
    let facilities = [
        "auth", "authpriv", "cron", "daemon", "ftp", "kern", "lpr", "mail", "news", "syslog", "user", "uucp",
        "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
    ];
    let mut entries = Vec::new();
    let mut records = Vec::new();
    for facility in facilities {
        for severity in severities {
            let route = format!("{facility}.{severity}");
            entries.push(json!({"route": route, "config": {
                "log_level": "debug", "successful_severity": severity, "facility": facility}}));
            records.push(AccessRecord { route_name: route.into(), ..record("/", 200) });
        }
    }
    local(async {
        let rsyslog = Rsyslog::start(65_536).await.unwrap();
        let sender = Sender::new(&rsyslog, &[], &Value::from(entries));
        sender.log(&records).await.unwrap();
        for message in rsyslog.await_received(160).await.unwrap() {
            let log: Value = serde_json::from_str(&message.text).unwrap();
            assert_eq!(log["route"]["name"], format!("{}.{}", message.facility, message.severity));
        }
    })
    .await;
}

#[tokio::test]
async fn a_message_of_sixty_kilobytes_arrives_whole_when_both_sides_allow_it() {
    let long = "v".repeat(60_500);
    let headers = RawValue::from_string(json!({"x-long": long}).to_string()).unwrap();
    local(async {
        for protocol in ["tcp", "udp"] {
            let rsyslog = Rsyslog::start(65_536).await.unwrap();
            let settings = [("protocol", protocol), ("max_message_bytes", "65000")];
            let sender = Sender::new(&rsyslog, &settings, &json!([{}]));
            let large =
                AccessRecord { request_headers: Some(Cow::Borrowed(&*headers)), ..record("/large", 200) };
            sender.log(&[large, record("/next", 200)]).await.unwrap();
            let received = rsyslog.await_received(2).await.unwrap();
            assert!(received[0].text.len() > 60_000, "{protocol}: {}", received[0].text.len());
            let log: Value = serde_json::from_str(&received[0].text).unwrap();
            assert_eq!(log["request"]["headers"]["x-long"], long, "{protocol}");
            assert_eq!(uri(&received[1]), "/next", "{protocol}");
            assert_eq!(sender.counted("cut"), 0);
        }
    })
    .await;
}

#[tokio::test]
async fn a_message_over_the_default_size_is_cut_and_still_json_for_an_rsyslog_with_its_default() {
    let headers = RawValue::from_string(json!({"cookie": "v".repeat(60_500)}).to_string()).unwrap();
    local(async {
        let rsyslog = Rsyslog::start(8_192).await.unwrap();
        let sender = Sender::new(&rsyslog, &[], &json!([{}]));
        let large = AccessRecord { request_headers: Some(Cow::Borrowed(&*headers)), ..record("/large", 200) };
        sender.log(&[large]).await.unwrap();
        let received = rsyslog.await_received(1).await.unwrap();
        let log: Value = serde_json::from_str(&received[0].text).unwrap();
        assert_eq!((&log["request"]["uri"], &log["truncated"]), (&json!("/large"), &json!(true)));
        assert_eq!(sender.counted("cut"), 1);
    })
    .await;
}

#[tokio::test]
async fn best_effort_counts_every_message_when_rsyslog_is_restarted_under_load() {
    local(async {
        let mut rsyslog = Rsyslog::start(65_536).await.unwrap();
        let sender = Sender::new(&rsyslog, &[], &json!([{}]));
        let restarted = Cell::new(false);
        let send = async {
            for batch in (0..).take_while(|_| !restarted.get()) {
                let paths: Vec<String> = (0..20).map(|number| format!("/{batch}/{number}")).collect();
                let records: Vec<_> = paths.iter().map(|path| record(path, 200)).collect();
                sender.log(&records).await.unwrap();
                sleep(Duration::from_millis(2)).await;
            }
            sender.flush().await;
        };
        let restart = async {
            rsyslog.await_received(1_000).await.unwrap();
            rsyslog.stop().await.unwrap();
            // With a receiver that is back at once, no message known to the sender may be lost.
            while sender.counted("failed") == 0 {
                sleep(Duration::from_millis(2)).await;
            }
            rsyslog.restart().await.unwrap();
            restarted.set(true);
        };
        tokio::join!(send, restart);
        // The pause after a failure may not be over.
        let last = loop {
            let sent = sender.counted("sent");
            sender.log(&[record("/last", 200)]).await.unwrap();
            sender.flush().await;
            if sender.counted("sent") > sent {
                break rsyslog.await_received(1).await.unwrap();
            }
            sleep(Duration::from_millis(20)).await;
        };
        let (sent, failed) = (sender.counted("sent"), sender.counted("failed"));
        assert_eq!(sent + failed + sender.counted("dropped"), sender.counted("messages"));
        assert!(failed > 0 && sender.counted("connects") > 1, "the restart went unnoticed");
        assert!(last.len() as u64 <= sent, "{} received of {sent}", last.len());
        assert!(last.len() as u64 > sent / 2, "{} received of {sent}", last.len());
    })
    .await;
}

#[tokio::test]
async fn at_least_once_loses_nothing_when_rsyslog_is_restarted_under_load() {
    local(async {
        let mut rsyslog = Rsyslog::start(65_536).await.unwrap();
        let sender = Sender::new(&rsyslog, &[("delivery", "at_least_once")], &json!([{}]));
        let mut refused = 0;
        let send = async {
            for batch in 0..200 {
                let paths: Vec<String> = (0..20).map(|number| format!("/{batch}/{number}")).collect();
                let records: Vec<_> = paths.iter().map(|path| record(path, 200)).collect();
                while sender.log(&records).await.is_err() {
                    refused += 1;
                    sleep(Duration::from_millis(20)).await;
                }
            }
        };
        let restart = async {
            for received in [500, 1_500] {
                rsyslog.await_received(received).await.unwrap();
                rsyslog.restart().await.unwrap();
            }
        };
        tokio::join!(send, restart);
        assert!(refused > 0, "the restarts went unnoticed");
        rsyslog.stop().await.unwrap();
        let received = rsyslog.received().unwrap();
        assert_eq!(uris(&received).len(), 4_000, "of {} received", received.len());
    })
    .await;
}

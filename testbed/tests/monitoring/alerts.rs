//! Each alert fires when its fault is made, and none where nothing is wrong.

use std::cell::RefCell;
use std::collections::BTreeSet;

use gatelog_testbed::client::Client;
use gatelog_testbed::envoy::Envoy;
use gatelog_testbed::prometheus::{Alert, Prometheus};
use gatelog_testbed::upstream::Upstream;
use http::Request;
use serde_json::json;
use tokio::time::{Duration, Instant, sleep};

use crate::sites::{
    Healthy, Misconfigured, OnMariaDb, Overloaded, Panicking, chat, of_functions, of_gateway, push,
    reloading, stopped,
};
use crate::{dashboards, rules};

#[tokio::test(flavor = "multi_thread")]
async fn each_alert_fires_when_its_fault_is_made_and_every_series_of_rules_and_dashboards_exists() {
    let upstream = Upstream::start().await.unwrap();
    let (healthy, overloaded, misconfigured, database) = tokio::join!(
        Healthy::start(&upstream),
        Overloaded::start(&upstream),
        Misconfigured::start(),
        OnMariaDb::start()
    );
    let (stopped, reloading, panicking) = tokio::join!(
        stopped(&upstream),
        reloading(&upstream),
        Panicking::start(&upstream, healthy.functions.address())
    );
    let mut targets: Vec<rules::Target> = healthy.targets().into_iter().chain(overloaded.targets()).collect();
    targets.extend([
        of_gateway("stopped", &stopped.envoy),
        of_gateway("reloading", &reloading.envoy),
        of_gateway("panicking", &panicking.envoy),
        of_functions("misconfigured", &misconfigured.functions),
        of_functions("database", &database.functions),
    ]);
    let configuration = rules::scrape_configuration(&targets);
    let prometheus = Prometheus::start(&configuration, &rules::shortened()).await.unwrap();

    let watcher = Watcher { prometheus: &prometheus, fired: RefCell::default() };
    let fired = tokio::join!(
        watcher.await_firing("stopped", &["GatelogFilterStopped"]),
        watcher.await_firing("reloading", &["GatelogVmReloaded", "GatelogVmNotReloaded"]),
        watcher.await_firing("panicking", &["GatelogModulePanics"]),
        overload(&watcher, overloaded),
        misconfigure(&watcher, &misconfigured),
        break_database(&watcher, &database),
    );
    let alerts = prometheus.alerts().await.unwrap();
    let wrong: Vec<&Alert> =
        alerts.iter().filter(|alert| is_of(alert, "healthy") && alert.is_firing()).collect();
    assert!(wrong.is_empty(), "nothing is wrong there: {wrong:#?}");
    let of_calls = send_what_is_not_understood(&watcher, &healthy).await;

    let all = [fired.0, fired.1, fired.2, fired.3, fired.4, fired.5, of_calls];
    let seen: BTreeSet<String> = all.into_iter().flatten().map(str::to_owned).collect();
    assert_eq!(seen, rules::shipped().alerts, "every alert has a fault in this test");
    dashboards::every_series_exists(&prometheus).await;
}

/// The collector goes down under traffic: pushes are repeated, the queue fills up, records are lost, and Envoy's own loggers lose
/// theirs at once. When it is back, the filter reports its losses.
async fn overload(watcher: &Watcher<'_>, mut site: Overloaded) -> Vec<&'static str> {
    // The functions' count of losses has to be there before it grows.
    watcher
        .prometheus
        .await_result(r#"gatelog_filter_dropped_records_total{site="overloaded"} == 0"#)
        .await
        .unwrap();
    site.stop_collector().await;
    let mut sent = 0;
    while stat(&site.envoy, "gatelog_queue_entries").await < Overloaded::QUEUE - 2 {
        get(&site.envoy).await;
        sent += 1;
        await_stat(&site.envoy, "gatelog_collected", sent).await;
    }
    let names = ["GatelogQueueFilling", "GatelogPushRetrying", "EnvoyOtlpLogsDropped"];
    let mut fired = watcher.await_firing("overloaded", &names).await;
    for _ in 0..50 {
        get(&site.envoy).await;
    }
    fired.extend(watcher.await_firing("overloaded", &["GatelogRecordsDropped"]).await);
    site.start_collector().await;
    fired.extend(watcher.await_firing("overloaded", &["GatelogFilterLosses"]).await);
    fired
}

/// Records arrive at functions whose variables are wrong, among them some that cannot be stored.
async fn misconfigure(watcher: &Watcher<'_>, site: &Misconfigured) -> Vec<&'static str> {
    let names = [
        "GatelogNoFilterReports",
        "GatelogIngestFailing",
        "GatelogSyslogLosses",
        "GatelogPricesWrong",
        "GatelogRecordsRejected",
    ];
    let mut numbers = 0..;
    let pushes = async {
        loop {
            let id = format!("call-{}", numbers.next().unwrap());
            let call = json!([{ "record_id": id, "model": "gpt-4o", "total_tokens": 7, "input_tokens": 7 }]);
            assert_eq!(push(&site.functions, &call).await, 503, "syslog has to have it");
            assert_eq!(push(&site.functions, &json!([{ "response_code": "none" }])).await, 400);
            sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::select! {
        fired = watcher.await_firing("misconfigured", &names) => fired,
        () = pushes => unreachable!("they go on"),
    }
}

/// The database is slow, then cannot take counts, then is down, and then well again.
async fn break_database(watcher: &Watcher<'_>, site: &OnMariaDb) -> Vec<&'static str> {
    let mut numbers = 0..;
    let slow_pushes = async {
        loop {
            let record = json!([{ "record_id": format!("slow-{}", numbers.next().unwrap()) }]);
            let lock = site.lock("access_logs", 1.7);
            let record = async {
                sleep(Duration::from_millis(200)).await;
                assert_eq!(push(&site.functions, &record).await, 200);
            };
            tokio::join!(lock, record);
        }
    };
    assert_eq!(push(&site.functions, &json!([{ "record_id": "first" }])).await, 200, "the tables exist");
    let mut fired = tokio::select! {
        fired = watcher.await_firing("database", &["GatelogWriteSlow"]) => fired,
        () = slow_pushes => unreachable!("they go on"),
    };
    let uncounted = async {
        sleep(Duration::from_millis(200)).await;
        assert_eq!(push(&site.functions, &json!([{ "record_id": "uncounted" }])).await, 200);
    };
    // Longer than the functions wait for the database.
    tokio::join!(site.lock("gatelog_counters", 6.0), uncounted);
    fired.extend(watcher.await_firing("database", &["GatelogCountsLost"]).await);

    site.stop().await;
    watcher.prometheus.await_result(r#"gatelog_ready{site="database"} == 0"#).await.unwrap();
    fired.extend(watcher.await_firing("database", &["GatelogNotReady"]).await);
    site.start_again().await;
    watcher.await_cleared("database", "GatelogNotReady").await;
    fired
}

/// A model that no price is known for, and a body in an encoding that nobody knows.
async fn send_what_is_not_understood(watcher: &Watcher<'_>, site: &Healthy) -> Vec<&'static str> {
    let gateway = site.envoy.listener();
    for request in [chat(gateway, "nobody-knows", None), chat(gateway, "gpt-4o", Some("x-unknown"))] {
        Client::default().send(request).await.unwrap();
    }
    watcher.await_firing("healthy", &["GatelogUnpricedModels", "GatelogBodiesNotRead"]).await
}

/// Looks at the alerts, and remembers those that have fired: one may clear while another is waited for.
struct Watcher<'p> {
    prometheus: &'p Prometheus,
    fired: RefCell<Vec<Alert>>,
}

impl Watcher<'_> {
    /// Returns the names of the alerts once each of them has fired at a site.
    async fn await_firing(&self, site: &str, names: &[&'static str]) -> Vec<&'static str> {
        for name in names {
            let fires = |alert: &Alert| alert.name() == *name && is_of(alert, site) && alert.is_firing();
            let has_fired = |alerts: &[Alert]| {
                let mut fired = self.fired.borrow_mut();
                fired.extend(alerts.iter().filter(|alert| alert.is_firing()).cloned());
                fired.iter().any(fires)
            };
            self.prometheus
                .await_alerts(&format!("{name} does not fire at {site}"), has_fired)
                .await
                .unwrap();
        }
        names.to_vec()
    }

    async fn await_cleared(&self, site: &str, name: &str) {
        let is_there = |alert: &Alert| alert.name() == name && is_of(alert, site);
        let what = format!("{name} still fires at {site}");
        self.prometheus.await_alerts(&what, |alerts| !alerts.iter().any(is_there)).await.unwrap();
    }
}

/// Alerts of functions have the site's label only, and those of gateways by job and instance only the instance, which has the same
/// name.
fn is_of(alert: &Alert, site: &str) -> bool {
    ["site", "instance"].iter().any(|label| alert.labels.get(*label).is_some_and(|value| value == site))
}

async fn get(envoy: &Envoy) {
    let url = format!("http://{}/hello", envoy.listener());
    assert_eq!(Client::default().send(Request::get(url).body("").unwrap()).await.unwrap().status(), 200);
}

async fn stat(envoy: &Envoy, name: &str) -> u64 {
    envoy.stats(&format!("wasmcustom.{name}$")).await.unwrap().first().map_or(0, |(_, value)| *value)
}

async fn await_stat(envoy: &Envoy, name: &str, least: u64) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while stat(envoy, name).await < least {
        assert!(Instant::now() < deadline, "{name} does not reach {least}:\n{}", envoy.log());
        sleep(Duration::from_millis(10)).await;
    }
}

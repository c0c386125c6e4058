//! A panic in any hook costs no request anything: Envoy goes on, the panic is counted and logged once, and the next exchanges
//! are recorded.

use gatelog_artifacts as artifacts;
use gatelog_testbed::envoy;
use gatelog_testbed::module_config::Module;
use serde_json::json;
use tokio::time::{Duration, Instant, sleep};

use crate::requests;
use crate::site::{Site, options_for};

/// The hooks of an exchange.
const OF_EXCHANGES: [&str; 9] = [
    "access_logger_log",
    "http_filter_new",
    "http_filter_destroy",
    "http_filter_request_headers",
    "http_filter_request_body",
    "http_filter_response_headers",
    "http_filter_response_body",
    "http_filter_stream_complete",
    "bootstrap_extension_config_scheduled",
];
/// The hooks of pushes.
const OF_PUSHES: [&str; 3] = [
    "bootstrap_extension_server_initialized",
    "bootstrap_extension_timer_fired",
    "bootstrap_extension_http_callout_done",
];

fn panicking(hooks: &str) -> envoy::Options {
    let mut options = options_for(artifacts::panicking_module().unwrap());
    options.variables.push(("GATELOG_PANIC_IN".to_owned(), hooks.into()));
    options
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_a_hook_is_counted_and_traffic_and_records_go_on() {
    for hook in OF_EXCHANGES.into_iter().chain(OF_PUSHES) {
        // A batch of one calls the main thread for each record.
        let overrides = json!({ "queue": { "max_batch_size": 1 }, "timeout_ms": 1_000 });
        let site = Site::start_with(&panicking(hook), &Module::whole(&overrides), |_, _| {}).await;
        requests::send_ai(site.envoy.listener()).await;
        for number in 0..5 {
            assert!(site.get(&format!("after-{number}")).await, "{hook}: {}", site.envoy.log());
        }
        site.await_metric("gatelog_panics", 1).await;
        let deadline = Instant::now() + Duration::from_secs(60);
        let url = format!("http://{}/query?request_id=after-4&page_size=1", site.functions.address());
        while site.client.get_json(&url).await.unwrap()["total"] != 1 {
            assert!(
                Instant::now() < deadline,
                "{hook}: the last request has no record:\n{}",
                site.envoy.log()
            );
            sleep(Duration::from_millis(50)).await;
        }
        let log = site.envoy.log();
        assert_eq!(log.matches("because a test asks for it").count(), 1, "{hook}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn panics_in_every_hook_at_once_leave_envoy_alive_and_able_to_end() {
    let mut site = Site::start_with(&panicking("all"), &Module::whole(&json!({})), |_, _| {}).await;
    requests::send_ai(site.envoy.listener()).await;
    for number in 0..10 {
        assert!(site.get(&format!("after-{number}")).await, "{}", site.envoy.log());
    }
    let gateway = gatelog_testbed::gateway_config::Gateway {
        upstream: site.upstream.address(),
        collector: site.functions.address(),
        filters: Vec::new(),
        access_log: None,
    };
    let replacement = envoy::Envoy::start(&gateway.bootstrap(), 1).await.unwrap();
    std::mem::replace(&mut site.envoy, replacement).terminate().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shipped_module_takes_no_orders_to_panic() {
    let mut options = options_for(artifacts::module().unwrap());
    options.variables.push(("GATELOG_PANIC_IN".to_owned(), "all".into()));
    let site = Site::start_with(&options, &Module::whole(&json!({})), |_, _| {}).await;
    for number in 0..10 {
        assert!(site.get(&format!("calm-{number}")).await);
    }
    site.records(10).await;
    assert_eq!(site.metric("gatelog_panics").await, 0);
}

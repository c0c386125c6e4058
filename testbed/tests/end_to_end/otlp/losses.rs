//! What Envoy's own logger loses, beside the filter under the same conditions. docs/otlp.md tells it. (The module's own
//! tests do the same with it.)

use std::collections::HashSet;

use gatelog_testbed::client::Client;
use gatelog_testbed::envoy::Envoy;
use gatelog_testbed::functions::{Functions, Options};
use gatelog_testbed::upstream::Upstream;
use http::Request;
use serde_json::json;
use tokio::time::{Duration, sleep};

use super::{envoy, functions, get};
use crate::setup::Path;

const COUNT: usize = 50;
/// So that the logs of the requests are still in Envoy's buffer when it ends, however slow the machine is.
const LONG_FLUSH: (&str, &str) = ("buffer_flush_interval: 1s", "buffer_flush_interval: 600s");

#[tokio::test(flavor = "multi_thread")]
async fn while_the_collector_is_down_envoys_logger_loses_every_log_and_the_filter_none() {
    let mut path = Path::start().await;
    let address = path.functions.address();
    let elsewhere = tempfile::tempdir().unwrap();
    let other = functions(&elsewhere, &[]).await;
    std::mem::replace(&mut path.functions, other).stop().await;
    let envoy = envoy(path.upstream.address(), address, &[]).await;
    let ids: HashSet<String> = (0..COUNT).map(|number| format!("down-{number}")).collect();
    for id in &ids {
        get(&path.client, &envoy, id).await;
        get(&path.client, &path.envoy, id).await;
    }
    await_dropped(&envoy, COUNT as u64).await;
    path.functions = Functions::start(&Options::storing_in(&path.database()).at(address)).await.unwrap();
    // One record of each, so they are the filter's alone.
    path.await_ids(&ids, COUNT).await;
    assert_eq!(dropped(&envoy).await, COUNT as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_sigterm_envoys_logger_loses_what_it_has_not_sent_and_the_filter_nothing() {
    let filter = Path::start().await;
    let directory = tempfile::tempdir().unwrap();
    let (stored, upstream) = (functions(&directory, &[]).await, Upstream::start().await.unwrap());
    let logger = envoy(upstream.address(), stored.address(), &[LONG_FLUSH]).await;
    for number in 0..COUNT {
        let id = format!("last-{number}");
        get(&filter.client, &logger, &id).await;
        get(&filter.client, &filter.envoy, &id).await;
    }
    logger.terminate().await.unwrap();
    let Path { envoy, functions, client, .. } = filter;
    envoy.terminate().await.unwrap();
    // Spin stores the filter's last push after its connection has ended.
    let total = async |functions: &Functions| {
        client.get_json(&format!("http://{}/query", functions.address())).await.unwrap()["total"]
            .as_u64()
            .unwrap()
    };
    for _ in 0..600 {
        if total(&functions).await == COUNT as u64 {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!((total(&functions).await, total(&stored).await), (COUNT as u64, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_answered_503_is_not_sent_again_by_envoy() {
    let upstream = Upstream::start().await.unwrap();
    // The upstream answers every push of logs with 503.
    let path = ("http://gatelog/v1/logs", "http://gatelog/status/503");
    let envoy = envoy(upstream.address(), upstream.address(), &[path]).await;
    for number in 0..COUNT {
        let request = Request::get(format!("http://{}/{number}", envoy.listener())).body("").unwrap();
        Client::default().send(request).await.unwrap();
    }
    await_dropped(&envoy, COUNT as u64).await;
    let counters = envoy.stats("open_telemetry_access_log.gatelog.logs_").await.unwrap();
    assert_eq!(
        json!(counters),
        json!([[format!("{PREFIX}logs_dropped"), COUNT], [format!("{PREFIX}logs_written"), 0]])
    );
}

const PREFIX: &str = "access_logs.open_telemetry_access_log.gatelog.";

async fn await_dropped(envoy: &Envoy, count: u64) {
    for _ in 0..1_200 {
        if dropped(envoy).await >= count {
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("Envoy has dropped {} of {count} logs", dropped(envoy).await);
}

async fn dropped(envoy: &Envoy) -> u64 {
    let counters = envoy.stats("open_telemetry_access_log.gatelog.logs_dropped").await.unwrap();
    counters.iter().map(|(_, count)| count).sum()
}

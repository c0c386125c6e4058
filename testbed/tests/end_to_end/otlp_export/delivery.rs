//! Tests of both guarantees while the receiver is down, asks for time, or refuses.

use std::time::Duration;

use gatelog_testbed::otlp_receiver::OtlpReceiver;
use http::StatusCode;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use super::component::{Exporting, ids};

#[tokio::test(flavor = "multi_thread")]
async fn under_best_effort_records_survive_a_short_outage_and_no_response_waits() {
    let mut receiver = OtlpReceiver::start().await.unwrap();
    let exporting = Exporting::to(&receiver.endpoint(), "best_effort", &[("max_retry_ms", "60000")]).await;
    receiver.stop().await.unwrap();
    for number in 1..=20 {
        assert_eq!(exporting.post(number, number).await.0, StatusCode::OK);
    }
    exporting.await_log("records were not exported to").await;
    receiver.restart().await.unwrap();
    let mut taken = ids(&receiver.await_records(20).await.unwrap());
    taken.sort_by_key(|id| id.get(3..).unwrap().parse::<usize>().unwrap());
    assert_eq!(taken, (1..=20).map(|number| format!("id-{number}")).collect::<Vec<_>>());
    exporting.await_counted(&[("sent", 20), ("unreachable", 0), ("dropped", 0)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_best_effort_what_an_absent_receiver_does_not_take_in_time_is_counted() {
    let mut receiver = OtlpReceiver::start().await.unwrap();
    let exporting = Exporting::to(&receiver.endpoint(), "best_effort", &[("max_retry_ms", "300")]).await;
    receiver.stop().await.unwrap();
    for number in 1..=3 {
        assert_eq!(exporting.post(number * 10, number * 10 + 9).await.0, StatusCode::OK);
    }
    exporting.await_counted(&[("unreachable", 30), ("sent", 0)]).await;
    assert_eq!(exporting.stored().await, 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_overloaded_is_left_alone_for_as_long_as_it_asks() {
    let receiver = OtlpReceiver::start().await.unwrap();
    let exporting = Exporting::to(&receiver.endpoint(), "best_effort", &[("max_retry_ms", "30000")]).await;
    let busy =
        json!({"status": 503, "headers": {"retry-after": "2"}, "body": "{\"code\":8,\"message\":\"busy\"}"});
    receiver.steps(&json!([busy, {"status": 429}, {"status": 502}, {"status": 504}])).await.unwrap();
    let start = Instant::now();
    assert_eq!(exporting.post(1, 5).await.0, StatusCode::OK);
    receiver.await_records(5).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(2), "a lower bound holds on any machine");
    let statuses: Vec<_> =
        receiver.requests().unwrap().iter().map(|request| request["status"].clone()).collect();
    assert_eq!(statuses, [503, 429, 502, 504, 200]);
    exporting.await_counted(&[("sent", 5), ("unavailable", 0)]).await;
    exporting.await_log("status 503: busy").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_receiver_rejects_is_not_sent_again_and_counted() {
    for delivery in ["best_effort", "at_least_once"] {
        let receiver = OtlpReceiver::start().await.unwrap();
        let exporting = Exporting::to(&receiver.endpoint(), delivery, &[]).await;
        receiver.steps(&json!([{"status": 400, "body": "{\"message\":\"bad\"}"}])).await.unwrap();
        assert_eq!(exporting.post(1, 3).await.0, StatusCode::OK);
        exporting.await_counted(&[("rejected", 3)]).await;
        receiver.steps(&json!([{"rejected": 2}])).await.unwrap();
        assert_eq!(exporting.post(4, 8).await.0, StatusCode::OK);
        exporting.await_counted(&[("rejected", 5), ("sent", 3)]).await;
        assert_eq!(receiver.requests().unwrap().len(), 2, "{delivery}");
        assert_eq!(ids(&receiver.records().unwrap()), ["id-6", "id-7", "id-8"]);
        exporting.await_log("rejects 2 of 5 records: not wanted").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_too_large_for_the_receiver_arrives_in_parts() {
    let receiver = OtlpReceiver::start().await.unwrap();
    let exporting = Exporting::to(&receiver.endpoint(), "at_least_once", &[]).await;
    receiver.steps(&json!([{"status": 413}])).await.unwrap();
    assert_eq!(exporting.post(1, 9).await.0, StatusCode::OK);
    let sizes: Vec<_> =
        receiver.requests().unwrap().iter().map(|request| request["records"].clone()).collect();
    assert_eq!(sizes, [9, 4, 5]);
    exporting.await_counted(&[("sent", 9), ("rejected", 0)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_best_effort_a_status_that_is_not_retried_gives_the_records_up() {
    let receiver = OtlpReceiver::start().await.unwrap();
    let exporting = Exporting::to(&receiver.endpoint(), "best_effort", &[]).await;
    receiver.steps(&json!([{"status": 401}])).await.unwrap();
    assert_eq!(exporting.post(1, 3).await.0, StatusCode::OK);
    exporting.await_counted(&[("refused", 3), ("sent", 0)]).await;
    assert_eq!(receiver.requests().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn under_at_least_once_nothing_is_lost_across_an_outage() {
    let mut receiver = OtlpReceiver::start().await.unwrap();
    let exporting = Exporting::to(&receiver.endpoint(), "at_least_once", &[]).await;
    assert_eq!(exporting.post(1, 2).await.0, StatusCode::OK);
    receiver.await_records(2).await.unwrap();
    receiver.stop().await.unwrap();
    let (status, answer) = exporting.post(3, 4).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer["error"].as_str().unwrap().contains("OTLP receiver has not confirmed"), "{answer}");
    assert_eq!(exporting.stored().await, 4, "the database does not wait");
    receiver.restart().await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let answer = loop {
        let (status, answer) = exporting.post(3, 4).await;
        if status == StatusCode::OK {
            break answer;
        }
        assert!(Instant::now() < deadline, "{answer}");
        sleep(Duration::from_millis(50)).await;
    };
    assert_eq!((&answer["accepted"], &answer["duplicates"]), (&json!(0), &json!(2)));
    assert_eq!(ids(&receiver.records().unwrap()), ["id-1", "id-2", "id-3", "id-4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn under_at_least_once_every_acknowledged_record_has_arrived_whatever_happens_to_the_receiver() {
    const CLIENTS: usize = 8;
    const REQUESTS: usize = 12;
    let mut receiver = OtlpReceiver::start().await.unwrap();
    let exporting = Exporting::to(&receiver.endpoint(), "at_least_once", &[]).await;
    let steps: Vec<_> = (0..200)
        .map(|number| [200, 503, 200, 429, 200][number % 5])
        .map(|status| json!({"status": status}))
        .collect();
    receiver.steps(&json!(steps)).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(120);
    let client = |client: usize| {
        let exporting = &exporting;
        async move {
            for request in 0..REQUESTS {
                let first = (client * REQUESTS + request) * 5;
                while exporting.post(first, first + 4).await.0 != StatusCode::OK {
                    assert!(Instant::now() < deadline, "{}", exporting.functions.log());
                    sleep(Duration::from_millis(20)).await;
                }
            }
        }
    };
    let outage = async {
        receiver.await_records(60).await.unwrap();
        receiver.stop().await.unwrap();
        exporting.await_log("were not exported").await;
        receiver.restart().await.unwrap();
    };
    tokio::join!(futures::future::join_all((0..CLIENTS).map(client)), outage);
    let mut taken = ids(&receiver.records().unwrap());
    taken.sort();
    taken.dedup();
    assert_eq!(taken.len(), CLIENTS * REQUESTS * 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn under_best_effort_what_waits_is_bounded_and_what_finds_no_room_is_counted() {
    for bound in [("queue_max_records", "40"), ("queue_max_bytes", "65536")] {
        let receiver = OtlpReceiver::start().await.unwrap();
        let more = [bound, ("timeout_ms", "60000"), ("max_request_records", "10")];
        let exporting = Exporting::to(&receiver.endpoint(), "best_effort", &more).await;
        receiver.steps(&json!([{"delay_ms": 3000}])).await.unwrap();
        let post_all = async {
            for batch in 0..10 {
                assert_eq!(exporting.post(batch * 100, batch * 100 + 99).await.0, StatusCode::OK);
            }
        };
        timeout(Duration::from_secs(60), post_all).await.expect("a response waited for the receiver");
        assert_eq!(exporting.stored().await, 1_000);
        // Everything is sent or counted as dropped in the end.
        let deadline = Instant::now() + Duration::from_secs(60);
        while exporting.counted().await < 1_000 {
            assert!(Instant::now() < deadline, "{}", exporting.functions.log());
            sleep(Duration::from_millis(50)).await;
        }
        let taken = receiver.records().unwrap().len();
        assert!((1..1_000).contains(&taken), "{taken}");
        exporting.await_counted(&[("sent", taken), ("dropped", 1_000 - taken)]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_configuration_keeps_no_record_from_being_stored_and_tells_no_secret() {
    let more = [("headers", "authorization=Bearer s3cr3t,s3cr3t"), ("compression", "zip"), ("path", "logs")];
    let exporting = Exporting::to("http://127.0.0.1:4318", "best_effort", &more).await;
    assert_eq!(exporting.post(1, 3).await.0, StatusCode::OK);
    exporting.await_log("OTLP is configured wrongly: otlp_path: ").await;
    let log = exporting.functions.log();
    assert!(log.contains("otlp_headers: header 2") && log.contains("otlp_compression: "), "{log}");
    assert!(!log.contains("s3cr3t"), "{log}");
    exporting.await_counted(&[("misconfigured", 3)]).await;
    let exporting = Exporting::to("http://127.0.0.1:4318", "at_least_once", &more).await;
    let (status, answer) = exporting.post(1, 3).await;
    assert_eq!((status, exporting.stored().await), (StatusCode::SERVICE_UNAVAILABLE, 3));
    assert!(answer["error"].as_str().unwrap().contains("OTLP is not configured correctly"), "{answer}");
}

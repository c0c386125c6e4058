//! Tests of the lifetime of instances, the effect of traps, and concurrency.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::{Fixture, PATIENCE, begin_to_wait, get, get_from_ready, post};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_serves_128_requests_and_keeps_its_statics_that_long() {
    let app = Arc::new(Fixture::new("").start().await);
    // A waiting request keeps the instance alive between two others.
    for _ in 0..3 {
        begin_to_wait(&app, 1).await;
        for number in 2..=128 {
            assert_eq!(get_from_ready(&app, "/number").await, number.to_string());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_without_work_ends_after_a_second() {
    let app = Fixture::new("").start().await;
    let start = Instant::now();
    assert_eq!(get(&app, "/number").await, "1");
    tokio::time::timeout(PATIENCE, app.all_instances_ended()).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(get(&app, "/number").await, "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_that_prints_traps_while_its_log_cannot_be_written_and_others_do_not() {
    let app = Fixture::new("").start().await;
    assert_eq!(get(&app, "/print/before").await, "printed");
    app.logs().set_full(true);
    assert_eq!(post(&app, "/print/lost", "").await.0, 500);
    assert_eq!(get(&app, "/hello").await, "hello");
    app.logs().set_full(false);
    assert_eq!(get(&app, "/print/after").await, "printed");
    let lines: Vec<_> = app.logs().lines().into_iter().map(|line| line.text).collect();
    for (text, expected) in
        [("to stderr: before", true), ("to stdout: lost", false), ("to stderr: after", true)]
    {
        assert_eq!(lines.iter().any(|line| line == text), expected, "{text}: {lines:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_memory_of_the_largest_instance_is_known() {
    let app = Fixture::new("").start().await;
    assert_eq!(app.peak_memory_bytes("probe"), Some(0));
    get(&app, "/number").await;
    let small = app.peak_memory_bytes("probe").unwrap();
    assert!(small > 0);
    // The probe reads the statement but has no database to run it in.
    let statement = "x".repeat(8_000_000);
    post(&app, "/sql/rows", &statement).await;
    let large = app.peak_memory_bytes("probe").unwrap();
    assert!(large - small >= statement.len(), "{small} {large}");
    get(&app, "/number").await;
    assert_eq!(app.peak_memory_bytes("probe"), Some(large));
    assert_eq!(app.peak_memory_bytes("another"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_serves_16_requests_at_once() {
    let app = Arc::new(Fixture::new("").start().await);
    for place in 1..=16 {
        begin_to_wait(&app, place).await;
    }
    assert_eq!(app.instances(), 1);
    // The seventeenth gets a new instance, in which no request waits.
    assert_eq!(get(&app, "/release").await, "0");
    assert_eq!(app.instances(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_in_one_instance_reach_each_other() {
    let app = Arc::new(Fixture::new("").start().await);
    let (first, second) = (begin_to_wait(&app, 1).await, begin_to_wait(&app, 2).await);
    assert_eq!(get_from_ready(&app, "/release").await, "2");
    assert_eq!(first.await.unwrap(), (200, "1".to_owned()));
    assert_eq!(second.await.unwrap(), (200, "2".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trap_ends_every_request_of_its_instance_and_no_other() {
    let fixture = Fixture::with_head(
        r#"
        [[trigger.http]]
        route = "/number"
        component = "other"
        [component.other]
        source = "OTHER"
        "#,
        "",
    );
    let manifest = fixture.folder.path().join("spin.toml");
    let probe = gatelog_artifacts::artifact("gatelog-probe").unwrap();
    let text = std::fs::read_to_string(&manifest).unwrap().replace("OTHER", &probe.display().to_string());
    std::fs::write(manifest, text).unwrap();
    let app = Arc::new(fixture.start().await);
    assert_eq!(get(&app, "/number").await, "1");
    let (first, second) = (begin_to_wait(&app, 1).await, begin_to_wait(&app, 2).await);
    app.all_instances_ready().await;
    assert_eq!(post(&app, "/trap", "").await.0, 500);
    assert_eq!((first.await.unwrap().0, second.await.unwrap().0), (500, 500));
    assert_eq!(get(&app, "/number").await, "2", "the other component's instance lives on");
    assert_eq!(get(&app, "/hello").await, "hello", "a new instance serves");
    let log = format!("{:#?}", app.logs());
    assert!(log.contains("the probe traps") && log.contains("an instance failed"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_that_computes_does_not_keep_others_from_answering() {
    let app = Arc::new(Fixture::new("").start().await);
    // More of them than there are threads, each longer than anything else in this test.
    let busy: Vec<_> = (0..3)
        .map(|_| {
            let app = Arc::clone(&app);
            tokio::spawn(async move { get(&app, "/busy/60000").await })
        })
        .collect();
    app.logs().wait_for(|line| line.text == "busy").await;
    assert_eq!(get(&app, "/hello").await, "hello");
    assert!(busy.iter().all(|request| !request.is_finished()), "the answer waited for a computation");
    busy.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_a_handler_leaves_behind_continues_after_its_response() {
    let app = Fixture::new("").start().await;
    assert_eq!(get(&app, "/background/one").await, "started");
    let done = app.logs().wait_for(|line| line.text == "background one is done");
    tokio::time::timeout(PATIENCE, done).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_output_of_a_component_is_kept_with_its_name() {
    let app = Fixture::new("").start().await;
    get(&app, "/print/something").await;
    let lines: Vec<String> = app.logs().lines().iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["[probe] to stdout: something", "[probe] to stderr: something"]);
}

//! Batches that are sent more than once.

use std::path::Path;

use bytes::Bytes;
use futures::future::join_all;
use gatelog_artifacts::workspace;
use gatelog_spin_host::{App, RunningApp};
use http_body_util::{BodyExt as _, Full};

use super::store::{assert_stored_once, body, ids};

/// Records in a batch.
const RECORDS: usize = 50;
/// Clients that send the same batches at once.
const CLIENTS: usize = 16;

#[tokio::test(flavor = "multi_thread")]
async fn batches_sent_again_whole_and_in_part_are_stored_once() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("gatelog.db");
    let app = start(&database).await;
    assert_eq!(post(&app, body(ids(0, RECORDS))).await, (RECORDS, 0));
    assert_eq!(post(&app, body(ids(0, RECORDS))).await, (0, RECORDS));
    assert_eq!(post(&app, body(ids(1, RECORDS).take(20))).await, (20, 0));
    assert_eq!(post(&app, body(ids(1, RECORDS))).await, (RECORDS - 20, 20));
    assert_eq!(post(&app, body(ids(1, RECORDS).skip(40))).await, (0, 10));
    // A part of one batch and a part of another, each record twice.
    let mixed = || ids(1, RECORDS).skip(40).chain(ids(2, RECORDS).take(10));
    assert_eq!(post(&app, body(mixed().chain(mixed()))).await, (10, 30));
    app.shutdown().await;
    assert_stored_once(&database, ids(0, RECORDS).chain(ids(1, RECORDS)).chain(ids(2, RECORDS).take(10)))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_that_16_clients_send_at_once_are_stored_once_and_accepted_once() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("gatelog.db");
    let app = start(&database).await;
    let batches = 20;
    let client = async |client: usize| {
        let (mut accepted, mut duplicates) = (0, 0);
        for turn in 0..batches {
            // Each client sends in a different order, and every other one from the end.
            let batch = if client.is_multiple_of(2) { turn } else { batches - 1 - turn };
            let mut batch: Vec<String> = ids(batch, RECORDS).collect();
            batch.rotate_left(client);
            let (new, old) = post(&app, body(batch)).await;
            accepted += new;
            duplicates += old;
        }
        (accepted, duplicates)
    };
    let answers = join_all((0..CLIENTS).map(client)).await;
    let sum = |of: fn(&(usize, usize)) -> usize| answers.iter().map(of).sum::<usize>();
    assert_eq!(sum(|answer| answer.0), batches * RECORDS, "each record is accepted from one client");
    assert_eq!(sum(|answer| answer.1), batches * RECORDS * (CLIENTS - 1));
    app.shutdown().await;
    assert_stored_once(&database, (0..batches).flat_map(|batch| ids(batch, RECORDS))).await;
}

async fn start(database: &Path) -> RunningApp {
    App::builder(workspace().join("spin.toml")).sqlite_file(database).start().await.unwrap()
}

/// Sends a batch until it is acknowledged, as the filter does, and returns the numbers of accepted and duplicate
/// records.
async fn post(app: &RunningApp, body: String) -> (usize, usize) {
    let body = Bytes::from(body);
    loop {
        let request =
            http::Request::post("http://gatelog.test/ingest").body(Full::new(body.clone())).unwrap();
        let response = app.call(request).await;
        let status = response.status();
        let answer = response.into_body().collect().await.unwrap().to_bytes();
        if status == 503 {
            continue;
        }
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert_eq!(status, 200, "{answer}\n{:#?}", app.logs());
        return (number(&answer, "accepted"), number(&answer, "duplicates"));
    }
}

/// A number from a response such as `{"accepted":50,"duplicates":0,"rejected":[]}`.
pub fn number(answer: &str, key: &str) -> usize {
    let (_, rest) =
        answer.split_once(&format!("\"{key}\":")).unwrap_or_else(|| panic!("no {key} in {answer}"));
    let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap();
    rest.get(..end).unwrap().parse().unwrap()
}

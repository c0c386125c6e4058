//! Tests of databases that fail: the response is 503 with `Retry-After` before the time is over, the function recovers
//! by itself, and every acknowledged record is stored once.

use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use gatelog_databases::{MariaDb, MySql, SmallDisk, SqlServer};
use gatelog_storage::driver::native_mysql::NativeMysql;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;
use tokio::time::{Duration, Instant};

use crate::support::{Stored, numbered};

/// Time limit of a statement in these tests.
const LIMIT_MS: &str = "1000";
/// The same, with slack for a busy machine.
const PATIENCE: Duration = Duration::from_secs(8);

#[tokio::test(flavor = "multi_thread")]
async fn a_mariadb_that_stops_crashes_freezes_or_is_read_only_loses_no_acknowledged_record() {
    a_server_that_fails_costs_no_acknowledged_record(&MariaDb::start(&[]).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mysql_that_stops_crashes_freezes_or_is_read_only_loses_no_acknowledged_record() {
    a_server_that_fails_costs_no_acknowledged_record(&MySql::start(&[]).unwrap()).await;
}

async fn a_server_that_fails_costs_no_acknowledged_record(server: &SqlServer) {
    let stored = on(server).await;
    assert_eq!(stored.store(&numbered(0..10)).await, (10, 0));

    server.stop().unwrap();
    it_is_refused(&stored, &["unavailable"]).await;
    server.start_again().unwrap();
    stored.store_when_possible(&numbered(5..20)).await;

    server.kill().unwrap();
    it_is_refused(&stored, &["unavailable"]).await;
    server.start_again().unwrap();
    stored.store_when_possible(&numbered(15..30)).await;

    // A restart between two requests goes unnoticed.
    server.stop().unwrap();
    server.start_again().unwrap();
    assert_eq!(stored.store(&numbered(25..40)).await, (10, 5));

    server.signal("STOP").unwrap();
    it_is_refused(&stored, &["no answer within 1000 ms"]).await;
    server.signal("CONT").unwrap();
    stored.store_when_possible(&numbered(35..50)).await;

    server.sql("SET GLOBAL read_only = 1").unwrap();
    it_is_refused(&stored, &["1290"]).await;
    // A frozen server may store the refused record when it continues. That record has a later time.
    let until = "/query?page_size=1&end=2026-01-31T12:30:00Z";
    assert_eq!(stored.json(until).await["total"], 50, "reading goes on");
    server.sql("SET GLOBAL read_only = 0").unwrap();
    stored.store_when_possible(&numbered(45..60)).await;
    every_number_is_there_once(&stored, 60).await;
}

/// Requests that wait for a connection, statements that wait behind them and connections that are given up occur in
/// every order here, and no request may wait longer than its time limit.
#[tokio::test(flavor = "multi_thread")]
async fn a_mysql_that_freezes_again_and_again_under_many_pushes_answers_each_in_time() {
    const PUSHES_AT_ONCE: usize = 24;
    const FREEZES: usize = 4;
    let server = MySql::start(&[]).unwrap();
    let stored = on(&server).await;
    assert_eq!(stored.store(&numbered(0..1)).await, (1, 0));
    let (next, frozen, is_over) = (AtomicUsize::new(1), AtomicUsize::new(0), AtomicBool::new(false));
    let acknowledged = Mutex::new(vec![0]);
    let push = async || {
        while !is_over.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let answer = tokio::time::timeout(PATIENCE, stored.post(&numbered(number..number + 1))).await;
            let answer = answer.expect("no answer in time");
            match answer.status().as_u16() {
                200 => acknowledged.lock().unwrap().push(number),
                503 => _ = frozen.fetch_add(1, Ordering::Relaxed),
                other => panic!("{other}: {}", answer.body()),
            }
        }
    };
    let freeze = async {
        for _ in 0..FREEZES {
            let (refused, done) = (frozen.load(Ordering::Relaxed), acknowledged.lock().unwrap().len());
            server.signal("STOP").unwrap();
            await_that(|| frozen.load(Ordering::Relaxed) >= refused + 2 * PUSHES_AT_ONCE).await;
            server.signal("CONT").unwrap();
            await_that(|| acknowledged.lock().unwrap().len() >= done + 2 * PUSHES_AT_ONCE).await;
        }
        is_over.store(true, Ordering::Relaxed);
    };
    let pushes = futures::future::join_all((0..PUSHES_AT_ONCE).map(|_| push()));
    futures::future::join(pushes, freeze).await;
    let lines = stored.get("/query?format=csv&fields=duration").await;
    let kept: Vec<usize> = lines.body().lines().skip(1).map(|line| line.parse().unwrap()).collect();
    let acknowledged = acknowledged.into_inner().unwrap();
    let lost = acknowledged.iter().filter(|number| !kept.contains(number)).count();
    assert_eq!(lost, 0, "of {} acknowledged", acknowledged.len());
}

async fn await_that(mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "it does not come to be");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mariadb_out_of_connections_is_waited_for() {
    let server = MariaDb::start(&["--max-connections=10"]).unwrap();
    let url = server.database().unwrap();
    let stored = on(&server).await;
    let mut others = Vec::new();
    while let Ok(connection) = NativeMysql::connect(&url).await {
        others.push(connection);
        assert!(others.len() <= 10);
    }
    it_is_refused(&stored, &["1040"]).await;
    drop(others);
    stored.store_when_possible(&numbered(0..10)).await;
    every_number_is_there_once(&stored, 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mariadb_on_a_full_disk_accepts_records_again_when_there_is_room() {
    let disk = SmallDisk::new(96).unwrap();
    let server = MariaDb::start_on(&disk.path().join("data"), &[]).unwrap();
    let stored = on(&server).await;
    assert_eq!(stored.store(&numbered(0..10)).await, (10, 0));
    disk.fill().unwrap();
    let acknowledged = until_it_is_full(&stored).await;
    // InnoDB reports it or waits for room, depending on which of its files runs out first.
    it_is_refused(&stored, &["the database is full", "no answer within 1000 ms"]).await;
    disk.empty().unwrap();
    stored.store_when_possible(&large(acknowledged)).await;
    every_number_is_there_once(&stored, acknowledged + 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_libsql_file_on_a_full_disk_accepts_records_again_when_there_is_room() {
    let disk = SmallDisk::new(8).unwrap();
    let folder = tempfile::tempdir_in(disk.path()).unwrap();
    let file = folder.path().join("gatelog.db");
    let stored = Stored::start(&[("database_timeout_ms", LIMIT_MS)], &file, folder).await;
    assert_eq!(stored.store(&numbered(0..10)).await, (10, 0));
    disk.fill().unwrap();
    let acknowledged = until_it_is_full(&stored).await;
    it_is_refused(&stored, &["full"]).await;
    disk.empty().unwrap();
    stored.store_when_possible(&large(acknowledged)).await;
    every_number_is_there_once(&stored, acknowledged + 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_libsql_file_that_another_process_locks_is_waited_for_and_given_up_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gatelog.db");
    let stored = Stored::start(&[("database_timeout_ms", LIMIT_MS)], &file, folder).await;
    assert_eq!(stored.store(&numbered(0..10)).await, (10, 0));

    let script = "import sqlite3, sys\n\
        c = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
        c.execute('BEGIN IMMEDIATE')\n\
        print('locked', flush=True)\n\
        sys.stdin.read()\n\
        c.execute('ROLLBACK')";
    let mut other = Command::new("python3")
        .args(["-c", script])
        .arg(&file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("this needs python3 with its module sqlite3 (Debian: python3)");
    let said = BufReader::new(other.stdout.take().unwrap()).lines().next_line().await.unwrap();
    assert_eq!(said.as_deref(), Some("locked"));
    it_is_refused(&stored, &["no answer within 1000 ms"]).await;
    assert_eq!(stored.json("/query?page_size=1").await["total"], 10, "reading goes on");
    other.stdin.take().unwrap().shutdown().await.unwrap();
    other.wait().await.unwrap();
    stored.store_when_possible(&numbered(0..20)).await;
    every_number_is_there_once(&stored, 20).await;
}

async fn on(server: &SqlServer) -> Stored {
    let url = server.database().unwrap();
    let host = format!("127.0.0.1:{}", server.port());
    Stored::in_mysql_at(&url, &host, &[("database_timeout_ms", LIMIT_MS)]).await
}

/// The next record gets 503, and the log gives the reason, with one of these texts.
async fn it_is_refused(stored: &Stored, why: &[&str]) {
    let began = Instant::now();
    let answer = stored.post(&large(1_000_000)).await;
    assert_eq!(answer.status(), 503, "{}\n{}", answer.body(), stored.functions.log());
    assert_eq!(answer.headers()["retry-after"], "2");
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    // The line may be from the same failure a moment before.
    let log = stored.functions.log();
    let failures: Vec<&str> = log.lines().filter(|line| line.contains("level=error")).collect();
    let says_why = |line: &&str| why.iter().any(|words| line.contains(words));
    assert!(failures.iter().any(says_why), "{why:?}: {failures:#?}");
}

/// A record with a body too long for a full disk.
fn large(number: usize) -> Value {
    let mut record = numbered(number..number + 1)[0].clone();
    record["request_body"] = json!("x".repeat(60_000));
    json!([record])
}

/// Stores large records from number 10 on until the database refuses one, and returns how many were acknowledged.
async fn until_it_is_full(stored: &Stored) -> usize {
    let mut number = 10;
    loop {
        let answer = stored.post(&large(number)).await;
        match answer.status().as_u16() {
            200 => number += 1,
            503 => return number,
            other => panic!("{other}: {}", answer.body()),
        }
        assert!(number < 5_000, "the disk does not fill");
    }
}

/// The record that was always refused may still be stored, because a time-out says nothing about the
/// database.
async fn every_number_is_there_once(stored: &Stored, count: usize) {
    let lines = stored.get("/query?format=csv&fields=duration&sort_order=ASC").await;
    let mut numbers: Vec<usize> = lines.body().lines().skip(1).map(|line| line.parse().unwrap()).collect();
    numbers.retain(|number| *number != 1_000_000);
    numbers.sort_unstable();
    assert_eq!(numbers, (0..count).collect::<Vec<_>>());
}

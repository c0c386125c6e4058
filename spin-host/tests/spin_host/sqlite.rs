//! Tests of databases as a component sees them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::{Fixture, PATIENCE, begin_to_wait, get, post, sql, with_database};

const TEN_ROWS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT i FROM n";
const MANY_ROWS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i, 'row ' || i FROM n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_come_back_with_their_columns() {
    let (_fixture, app) = with_database().await;
    let statement = "SELECT 1 AS one, 1.5 AS real, 'tëxt' AS text, x'00ff' AS blob, NULL AS none";
    let expected = "one,real,text,blob,none\n1|1.5|tëxt|2 bytes|NULL";
    assert_eq!(sql(&app, "/sql/run", statement).await, expected);
    assert_eq!(sql(&app, "/sql/sync", statement).await, format!("{expected}\n0"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_arrives_in_the_result_and_not_from_execute() {
    let (_fixture, app) = with_database().await;
    for (statement, message) in [
        ("SELEC 1", "near \\\"SELEC\\\": syntax error in SELEC 1 at offset 0"),
        ("SELECT * FROM nowhere", "no such table: nowhere"),
        ("SELECT ?", "Wrong number of parameters"),
        ("SELECT json('{')", "malformed JSON"),
        ("ATTACH 'other.db' AS other", "not authorized"),
    ] {
        let answer = sql(&app, "/sql/run", statement).await;
        assert!(answer.starts_with("from the result: ") && answer.contains(message), "{statement}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_first_statement_of_a_text_runs() {
    let (_fixture, app) = with_database().await;
    sql(&app, "/sql/run", "CREATE TABLE a (x); CREATE TABLE b (x); not even SQL").await;
    assert!(!sql(&app, "/sql/run", "SELECT * FROM a").await.contains("no such table"));
    assert!(sql(&app, "/sql/run", "SELECT * FROM b").await.contains("no such table"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_databases_in_the_manifest_can_be_opened() {
    let (_fixture, app) = with_database().await;
    assert_eq!(sql(&app, "/sql/open", "default").await, "opened");
    assert_eq!(sql(&app, "/sql/open", "other").await, "error: Error::AccessDenied");
    let without = Fixture::new("").start().await;
    assert_eq!(sql(&without, "/sql/open", "default").await, "error: Error::AccessDenied");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_holds_at_most_256_connections() {
    let (_fixture, app) = with_database().await;
    for _ in 0..2 {
        let answer = get(&app, "/sql/connections").await;
        assert!(answer.starts_with("256: ") && answer.contains("too many connections"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_journal_mode_is_delete_until_the_component_sets_it() {
    let (_fixture, app) = with_database().await;
    assert_eq!(sql(&app, "/sql/run", "PRAGMA journal_mode").await, "journal_mode\ndelete");
    sql(&app, "/sql/run", "PRAGMA journal_mode = WAL").await;
    assert_eq!(sql(&app, "/sql/run", "PRAGMA journal_mode").await, "journal_mode\nwal");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_counted_when_the_rows_are_read() {
    let (_fixture, app) = with_database().await;
    sql(&app, "/sql/run", "CREATE TABLE t (x)").await;
    assert_eq!(sql(&app, "/sql/changes", "INSERT INTO t VALUES (1), (2), (3) RETURNING x").await, "3 3");
    assert_eq!(sql(&app, "/sql/sync", "DELETE FROM t WHERE x < 3").await, "\n\n2");
    // A statement without rows has no unread rows.
    assert_eq!(sql(&app, "/sql/changes-unread", "INSERT INTO t VALUES (4), (5)").await, "2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asking_for_changes_with_unread_rows_hangs_the_component() {
    let (_fixture, app) = with_database().await;
    let asking = post(&app, "/sql/changes-unread", TEN_ROWS);
    let noticed = app.logs().wait_for(|line| line.text.contains("rows of the last statement are unread"));
    tokio::select! {
        answer = asking => panic!("answered: {answer:?}"),
        line = noticed => assert!(line.text.starts_with("changes()"), "{line}"),
    }
    let request = http::Request::get("http://probe.test/hello").body(http_body_util::Empty::new()).unwrap();
    let next = tokio::time::timeout(Duration::from_millis(200), app.call(request)).await;
    assert!(next.is_err(), "the component must answer nothing any more");
    tokio::time::timeout(PATIENCE, app.shutdown()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_streamed_and_need_not_be_read_to_their_end() {
    let (_fixture, app) = with_database().await;
    assert_eq!(sql(&app, "/sql/count", MANY_ROWS).await, "20000");
    assert_eq!(sql(&app, "/sql/first", MANY_ROWS).await, "1|row 1 still here");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_of_more_than_128_mib_is_an_error() {
    let (_fixture, app) = with_database().await;
    let rows = |count: u32| {
        format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT zeroblob(1048576) FROM n"
        )
    };
    assert_eq!(sql(&app, "/sql/count", &rows(127)).await, "127");
    let answer = sql(&app, "/sql/count", &rows(128)).await;
    assert!(answer.contains("exceeds limit of 134217728 bytes"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_work_on_one_connection() {
    let (_fixture, app) = with_database().await;
    sql(&app, "/sql/run", "CREATE TABLE t (x)").await;
    assert_eq!(sql(&app, "/sql/transaction", "INSERT INTO t VALUES (1)").await, "done");
    assert_eq!(sql(&app, "/sql/run", "SELECT count(*) AS n FROM t").await, "n\n1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_connection_lives_as_long_as_its_instance() {
    let (_fixture, app) = with_database().await;
    let app = Arc::new(app);
    // This keeps the instance alive between two statements.
    begin_to_wait(&app, 1).await;
    app.all_instances_ready().await;
    assert_eq!(sql(&app, "/sql/kept", "CREATE TEMP TABLE t AS SELECT 7 AS x").await, "");
    app.all_instances_ready().await;
    assert_eq!(sql(&app, "/sql/kept", "SELECT x FROM t").await, "7");
    assert!(sql(&app, "/sql/run", "SELECT x FROM t").await.contains("no such table"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_waits_for_a_locked_database_while_others_continue() {
    let (_fixture, app) = with_database().await;
    let app = Arc::new(app);
    sql(&app, "/sql/run", "CREATE TABLE t (x)").await;
    // This keeps the instance, and with it the transaction, alive.
    begin_to_wait(&app, 1).await;
    app.all_instances_ready().await;
    sql(&app, "/sql/kept", "BEGIN EXCLUSIVE").await;
    let start = Instant::now();
    let mut locked = std::pin::pin!(sql(&app, "/sql/run", "INSERT INTO t VALUES (1)"));
    tokio::select! {
        answer = &mut locked => panic!("the statement did not wait, or the other request did: {answer}"),
        hello = get(&app, "/hello") => assert_eq!(hello, "hello"),
    }
    let locked = locked.await;
    assert!(locked.contains("database is locked"), "{locked}");
    assert!(start.elapsed() >= Duration::from_secs(5), "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_is_a_file_that_outlives_the_application() {
    let (fixture, app) = with_database().await;
    sql(&app, "/sql/run", "CREATE TABLE t AS SELECT 1 AS x").await;
    app.shutdown().await;
    assert!(fixture.database().is_file());
    let again = fixture.start().await;
    assert_eq!(sql(&again, "/sql/run", "SELECT x FROM t").await, "x\n1");
    let elsewhere =
        fixture.builder().sqlite_file(fixture.folder.path().join("other.db")).start().await.unwrap();
    assert!(sql(&elsewhere, "/sql/run", "SELECT x FROM t").await.contains("no such table"));
}

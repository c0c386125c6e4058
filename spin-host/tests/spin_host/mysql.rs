//! Tests of MySQL as a component sees it, with a real MariaDB.

use std::net::TcpListener;
use std::time::Duration;

use gatelog_databases::MariaDb;
use gatelog_spin_host::RunningApp;

use crate::support::{Fixture, PATIENCE, post, sql};

struct Tried {
    app: RunningApp,
    url: String,
    _fixture: Fixture,
}

impl Tried {
    async fn start() -> Self {
        let server = MariaDb::shared().unwrap();
        let fixture =
            Fixture::new(&format!("allowed_outbound_hosts = [\"mysql://127.0.0.1:{}\"]", server.port()));
        Self { app: fixture.start().await, url: server.database().unwrap(), _fixture: fixture }
    }

    async fn ask(&self, how: &str, statements: &str) -> String {
        sql(&self.app, &format!("/mysql/{how}"), &format!("{}\n{statements}", self.url)).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_come_back_with_the_types_that_the_interface_knows() {
    let tried = Tried::start().await;
    let statement = "SELECT 1 AS one, 1.5e0 AS real_, 'tëxt' AS text_, CAST(NULL AS DATETIME) AS none";
    assert_eq!(
        tried.ask("query", statement).await,
        "one DbDataType::Int32, real_ DbDataType::Floating64, text_ DbDataType::Str, none DbDataType::Other\n\
         DbValue::Int32(1), DbValue::Floating64(1.5), DbValue::Str(\"tëxt\"), DbValue::DbNull"
    );
    tried
        .ask(
            "execute",
            "CREATE TABLE t (j JSON, s VARCHAR(9) CHARACTER SET ascii COLLATE ascii_bin, m MEDIUMTEXT)",
        )
        .await;
    tried.ask("execute", "INSERT INTO t VALUES ('{}', 'a', 'b')").await;
    let answer = tried.ask("query", "SELECT j, s, m FROM t").await;
    assert!(answer.contains("DbValue::Binary"), "JSON and binary collations come as bytes: {answer}");
    for expression in ["m", "CAST(m AS CHAR(20))", "LEFT(m, 20)"] {
        let answer = tried.ask("query", &format!("SELECT {expression} AS x FROM t")).await;
        assert_eq!(answer, "x DbDataType::Str\nDbValue::Str(\"b\")", "{expression}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_text_from_an_expression_fails_the_statement() {
    let tried = Tried::start().await;
    tried.ask("execute", "CREATE TABLE t (m MEDIUMTEXT, l LONGTEXT)").await;
    tried.ask("execute", "INSERT INTO t VALUES ('a', 'b')").await;
    for expression in ["CAST(m AS CHAR)", "CAST(l AS CHAR)"] {
        let answer = tried.ask("query", &format!("SELECT {expression} AS x FROM t")).await;
        assert!(
            answer.starts_with("from the result: ") && answer.contains("ValueConversionFailed"),
            "{expression}: {answer}"
        );
        let answer = tried
            .ask("query", &format!("SELECT {expression} AS x FROM (SELECT NULL AS n) e LEFT JOIN t ON FALSE"))
            .await;
        assert!(answer.ends_with("DbValue::DbNull"), "{expression}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dates_and_decimals_fail_the_statement() {
    let tried = Tried::start().await;
    for expression in
        ["CAST('2026-01-31 12:00:00' AS DATETIME)", "CAST('2026-01-31' AS DATE)", "1.5", "SUM(1)"]
    {
        let answer = tried.ask("query", &format!("SELECT {expression} AS x")).await;
        assert!(
            answer.starts_with("from the result: ") && answer.contains("ValueConversionFailed"),
            "{expression}: {answer}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_error_is_reported_by_execute_and_lost_by_query() {
    let tried = Tried::start().await;
    let told = tried.ask("execute", "SELECT * FROM nowhere").await;
    assert!(told.contains("code: 1146") && told.contains("QueryFailed"), "{told}");
    let lost = tried.ask("query", "SELECT * FROM nowhere").await;
    assert!(
        lost.starts_with("from query: ") && lost.contains("channel closed") && !lost.contains("1146"),
        "{lost}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_open_is_a_new_connection_and_uncommitted_changes_are_lost_with_it() {
    let tried = Tried::start().await;
    let first = tried.ask("query", "SELECT CONNECTION_ID() AS id").await;
    assert_ne!(first, tried.ask("query", "SELECT CONNECTION_ID() AS id").await);
    tried.ask("execute", "CREATE TABLE t (x INT)").await;
    tried.ask("execute", "SET autocommit = 0\nINSERT INTO t VALUES (1)").await;
    tried.ask("execute", "SET autocommit = 0\nINSERT INTO t VALUES (2)\nCOMMIT").await;
    assert!(tried.ask("query", "SELECT x FROM t").await.ends_with("DbValue::Int32(2)"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_servers_in_the_manifest_are_reachable() {
    let server = MariaDb::shared().unwrap();
    let app = Fixture::new("allowed_outbound_hosts = [\"mysql://localhost:3306\"]").start().await;
    let answer = sql(&app, "/mysql/query", &server.database().unwrap()).await;
    assert!(answer.contains("ConnectionFailed") && answer.contains("is not permitted"), "{answer}");
    let log = format!("{:?}", app.logs());
    assert!(log.contains(&format!("add \\\"mysql://127.0.0.1:{}\\\"", server.port())), "{log}");
    assert!(!log.contains("s3cret"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_a_connection_while_another_one_is_being_opened_hangs_the_component() {
    let server = MariaDb::shared().unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = silent.local_addr().unwrap();
    let app = Fixture::new(&format!(
        "allowed_outbound_hosts = [\"mysql://127.0.0.1:{}\", \"mysql://{other}\"]",
        server.port()
    ))
    .start()
    .await;
    let urls = format!("{}\nmysql://u:p@{other}/d", server.database().unwrap());
    let asking = post(&app, "/mysql/drop-while-opening", &urls);
    let noticed = app.logs().wait_for(|line| line.text.contains("while another one was being opened"));
    tokio::select! {
        answer = asking => panic!("answered: {answer:?}"),
        _ = noticed => {}
    }
    let next = tokio::time::timeout(Duration::from_millis(200), post(&app, "/hello", "")).await;
    assert!(next.is_err(), "the component must answer nothing any more");
    tokio::time::timeout(PATIENCE, app.shutdown()).await.unwrap();
}

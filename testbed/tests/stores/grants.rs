//! Tests of `deploy/mysql-grants.sql`: each function works with just these rights, and none can do what it need not.

use gatelog_databases::{MariaDb, MySql, SqlServer};
use gatelog_record::Timestamp;
use gatelog_storage::driver::native_mysql::NativeMysql;
use gatelog_storage::query::records;
use gatelog_storage::schema::Partitioning;
use gatelog_storage::{StorageError, counters, partitions, retention};
use serde_json::json;
use tokio::time::{Duration, Instant, sleep};

use crate::support::{Stored, numbered};

const GRANTS: &str = include_str!("../../../deploy/mysql-grants.sql");

#[tokio::test(flavor = "multi_thread")]
async fn each_function_works_on_mariadb_with_the_rights_it_is_granted() {
    each_function_works_with_the_rights_it_is_granted(&MariaDb::start(&[]).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_function_works_on_mysql_with_the_rights_it_is_granted() {
    each_function_works_with_the_rights_it_is_granted(&MySql::start(&[]).unwrap()).await;
}

async fn each_function_works_with_the_rights_it_is_granted(server: &SqlServer) {
    for partitioning in [Partitioning::None, Partitioning::Day] {
        let owner = server.database().unwrap();
        let name = owner.rsplit('/').next().unwrap();
        NativeMysql::open_divided(&owner, partitioning).await.unwrap();
        let grants = GRANTS
            .replace(" gatelog.", &format!(" {name}."))
            .replace("CREATE USER", "CREATE USER IF NOT EXISTS");
        let is_needed = |line: &&str| partitioning == Partitioning::Day || !line.starts_with("GRANT ALTER");
        let grants: String = grants.lines().filter(is_needed).map(|line| format!("{line}\n")).collect();
        server.sql(&grants).unwrap();
        let url = |user: &str| {
            format!("mysql://gatelog_{user}:change-me-{user}@127.0.0.1:{}/{name}", server.port())
        };
        the_functions_work(server, &url, partitioning).await;
        nothing_else_is_allowed(&url).await;
    }
}

async fn the_functions_work(server: &SqlServer, url: &impl Fn(&str) -> String, partitioning: Partitioning) {
    let host = format!("127.0.0.1:{}", server.port());
    let partitions = if partitioning == Partitioning::Day { "day" } else { "none" };
    // Old records are deleted while there is traffic.
    let more = [("retention_days", "1"), ("mysql_partitions", partitions)];
    let ingest = Stored::in_mysql_at(&url("ingest"), &host, &more).await;
    let query = Stored::in_mysql_at(&url("query"), &host, &more).await;
    let health = Stored::in_mysql_at(&url("health"), &host, &more).await;

    let now = Timestamp::from_micros(now_micros()).to_string();
    let kept = json!([{"record_id": "kept", "start_time": now, "model": "m", "total_tokens": 7}]);
    assert_eq!(ingest.store(&kept).await, (1, 0));
    assert_eq!(ingest.store(&kept).await, (0, 1));
    assert_eq!(ingest.store(&numbered(0..600)).await, (600, 0));
    assert_eq!(query.json("/query/kept").await["log"]["model"], "m");
    for path in [
        "?page_size=1",
        "/summary",
        "/facets?fields=model",
        "/sessions",
        "/tail",
        "/filters/model",
        "/scenarios/pv",
    ] {
        query.json(&format!("/query{path}")).await;
    }
    assert_eq!(query.get("/query?format=csv&fields=record_id").await.status(), 200);
    assert_eq!(health.json("/health/ready").await, json!({"status": "ready"}));
    let began = Instant::now();
    loop {
        let metrics = health.get("/health/metrics").await;
        assert_eq!(metrics.status(), 200, "{}", health.functions.log());
        // Maintenance and its count come after responses.
        ingest.store(&kept).await;
        if metrics.body().contains("gatelog_retention_deleted_records_total 600") {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "{}\n{}", metrics.body(), ingest.functions.log());
        sleep(Duration::from_millis(200)).await;
    }
    for stored in [&ingest, &query, &health] {
        let log = stored.functions.log();
        assert!(!log.contains("level=error") && !log.contains("postponed"), "{log}");
    }
}

async fn nothing_else_is_allowed(url: &impl Fn(&str) -> String) {
    let refused = |answer: Result<(), StorageError>| {
        assert!(matches!(answer, Err(StorageError::Misconfigured { .. })), "{answer:?}");
    };
    for reader in ["query", "health"] {
        let database = NativeMysql::connect(&url(reader)).await.unwrap();
        refused(retention::delete_older(&database, Timestamp::MIN, 1).await.map(|_| ()));
        refused(counters::add(&database, &[("a".to_owned(), 1)]).await);
    }
    let health = NativeMysql::connect(&url("health")).await.unwrap();
    refused(records::count(&health, &[]).await.map(|_| ()));
    let query = NativeMysql::connect(&url("query")).await.unwrap();
    refused(counters::read(&query).await.map(|_| ()));
    let parts = partitions::parts(&query).await.unwrap();
    assert!(parts.parts.len() != 1, "a table in one piece has no partitions, and a divided one has several");
}

fn now_micros() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_micros()).unwrap()
}

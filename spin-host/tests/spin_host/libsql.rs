//! Tests of a database on a server, as a component sees it. The server is Turso's, behind a shim that adds
//! cursors.

use gatelog_databases::Turso;

use crate::support::{Fixture, sql};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_statement_is_one_request_to_the_server_and_changes_are_not_counted() {
    let turso = Turso::start().unwrap();
    let fixture = Fixture::new("sqlite_databases = [\"default\"]");
    let config = fixture.folder.path().join("runtime-config.toml");
    let (url, token) = (turso.url(), Turso::TOKEN);
    let text =
        format!("[sqlite_database.default]\ntype = \"libsql\"\nurl = \"{url}\"\ntoken = \"{token}\"\n");
    std::fs::write(&config, text).unwrap();
    let app = fixture.builder().runtime_config(&config).start().await.unwrap();

    sql(&app, "/sql/run", "CREATE TABLE t (x)").await;
    assert_eq!(sql(&app, "/sql/changes", "INSERT INTO t VALUES (1), (2) RETURNING x").await, "0 0");
    assert_eq!(sql(&app, "/sql/run", "SELECT count(*) AS n, 'a' AS a FROM t").await, "n,a\n2|a");
    let answer = sql(&app, "/sql/run", "SELECT * FROM nowhere").await;
    assert!(answer.starts_with("from the result: ") && answer.contains("no such table"), "{answer}");
}

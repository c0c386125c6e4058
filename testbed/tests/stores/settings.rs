//! Tests of the variables that name a database: contradictory ones are reported by the first response and `/health/ready`,
//! without secrets, and a database may be named as Higress's log-collector names it.

use gatelog_databases::{MariaDb, Turso};

use crate::support::{Stored, numbered};

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_combination_is_reported_at_the_first_request_and_by_readiness() {
    let server = MariaDb::shared().unwrap();
    let url = server.database().unwrap();
    let host = format!("127.0.0.1:{}", server.port());
    let wrong_password = url.replace("s3cret", "wr0ng");
    let no_database = url.rsplit_once('/').map(|(start, _)| format!("{start}/nowhere")).unwrap();
    let turso = Turso::start().unwrap();
    let turso_url = turso.url();
    let cases: [(&[(&str, &str)], &str); 10] = [
        (&[("store", "postgres")], "is none of libsql, mysql, turso"),
        (&[("store", "mysql")], "mysql_url: it is not set"),
        (&[("mysql_dsn", "u:s3cret@tcp(db)/d")], "mysql_dsn: it is set, but store is libsql"),
        (&[("store", "mysql"), ("mysql_url", &url), ("mysql_dsn", "u:s3cret@tcp(db)/d")], "keep one of them"),
        (&[("store", "mysql"), ("mysql_dsn", "u:s3cret@unix(/mysql.sock)/d")], "only tcp is supported"),
        (&[("store", "mysql"), ("mysql_url", &url)], "`mysql_host` must be the host:port of `mysql_url`"),
        (&[("store", "mysql"), ("mysql_url", &wrong_password), ("mysql_host", &host)], "1045"),
        (&[("store", "mysql"), ("mysql_url", &no_database), ("mysql_host", &host)], "nowhere"),
        (&[("store", "turso")], "turso_url: it is not set"),
        (
            &[("store", "turso"), ("turso_url", &turso_url), ("turso_token", "wr0ng-token")],
            "Check `turso_token`",
        ),
    ];
    for (variables, expected) in cases {
        let stored = Stored::with(variables).await;
        assert_eq!(stored.get("/health").await.body(), "ok");
        let answer = stored.post(&numbered(0..1)).await;
        assert_eq!(answer.status(), 503, "{variables:?}");
        assert!(answer.headers().contains_key("retry-after"));
        let ready = stored.get("/health/ready").await;
        assert_eq!(ready.status(), 503);
        let log = stored.functions.log();
        assert!(ready.body().contains("database_misconfigured"), "{variables:?}: {}\n{log}", ready.body());
        assert_eq!(stored.get("/query").await.status(), 503);
        let log = stored.functions.log();
        for function in ["ingest", "query", "health"] {
            let line =
                log.lines().find(|line| line.contains(&format!("level=error function={function}"))).unwrap();
            assert!(line.contains(&expected.replace('"', "\\\"")), "{line}");
        }
        for secret in ["s3cret", "wr0ng"] {
            assert!(!log.contains(secret) && !ready.body().contains(secret), "a secret is shown: {log}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dsn_of_log_collector_reaches_the_database_whatever_its_password_holds() {
    let server = MariaDb::shared().unwrap();
    let url = server.database().unwrap();
    let (_, database) = url.rsplit_once('/').unwrap();
    let (user, password) = (format!("{database}_dsn"), "p@ss/w:o(r)d?a=b&c#%40 \"\u{e9}");
    let grant = format!(
        "CREATE USER {user}@'%' IDENTIFIED BY '{password}'; GRANT ALL ON {database}.* TO {user}@'%';"
    );
    server.sql(&grant).unwrap();
    let host = format!("127.0.0.1:{}", server.port());
    let dsn = format!("{user}:{password}@tcp({host})/{database}?charset=utf8mb4&parseTime=True&loc=Local");
    let stored = Stored::with(&[("store", "mysql"), ("mysql_dsn", &dsn), ("mysql_host", &host)]).await;
    assert_eq!(stored.store(&numbered(0..3)).await, (3, 0));
    assert_eq!(stored.get("/health/ready").await.status(), 200);
}

//! Every SQL statement in a document runs on a fresh database with gatelog's tables: on MariaDB and MySQL, or on libSQL where
//! `<!-- dialect: sqlite -->` is before the block.

use std::sync::LazyLock;

use gatelog_databases::{MariaDb, MySql, SqlServer};
use gatelog_documents::{Block, block};
use gatelog_storage::{Dialect, schema};

/// The database in the documents.
const DATABASE: &str = "gatelog";

/// Accounts that the servers have, or the tests.
const USERS: &str = "SELECT CONCAT(QUOTE(user), '@', QUOTE(host)) FROM mysql.user";

#[expect(clippy::unwrap_used, reason = "a server that does not start fails the test")]
static MARIADB: LazyLock<MariaDb> = LazyLock::new(|| MariaDb::start(&[]).unwrap());
#[expect(clippy::unwrap_used, reason = "a server that does not start fails the test")]
static MYSQL: LazyLock<MySql> = LazyLock::new(|| MySql::start(&[]).unwrap());

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_in_the_documents_runs_on_its_database() {
    let mut problems = Vec::new();
    let blocks = block::all().unwrap();
    let mut run = 0;
    for block in blocks.iter().filter(|block| block.language == "sql" && block.not_run.is_none()) {
        let results = match block.dialect.as_deref() {
            None => vec![on_server("MariaDB", &MARIADB, block), on_server("MySQL", &MYSQL, block)],
            Some("mariadb") => vec![on_server("MariaDB", &MARIADB, block)],
            Some("mysql") => vec![on_server("MySQL", &MYSQL, block)],
            Some("sqlite") => vec![on_libsql(block).await],
            Some(other) => vec![Err(format!("`dialect: {other}` is none of mariadb, mysql and sqlite"))],
        };
        run += 1;
        let failed = results.into_iter().filter_map(Result::err);
        problems.extend(failed.map(|error| format!("{}: {error}", block.place())));
    }
    println!("{run:4} blocks of SQL ran");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(run > 0, "no document has SQL");
}

fn on_server(name: &str, server: &SqlServer, block: &Block) -> Result<(), String> {
    let named = |error: anyhow::Error| format!("{name}: {error:#}");
    let before = users(server).map_err(named)?;
    let script = format!(
        "DROP DATABASE IF EXISTS {DATABASE}; CREATE DATABASE {DATABASE}; USE {DATABASE};\n{}\n{}",
        schema::script(Dialect::Mysql),
        block.text,
    );
    let result = server.sql(&script).map(drop).map_err(named);
    // The next block may make the same account.
    for user in users(server).map_err(named)?.iter().filter(|user| !before.contains(user)) {
        server.sql(&format!("DROP USER {user}")).map_err(named)?;
    }
    result
}

fn users(server: &SqlServer) -> anyhow::Result<Vec<String>> {
    Ok(server.sql(USERS)?.lines().map(str::to_owned).collect())
}

async fn on_libsql(block: &Block) -> Result<(), String> {
    let named = |error: libsql::Error| format!("libSQL: {error}");
    let database = libsql::Builder::new_local(":memory:").build().await.map_err(named)?;
    let connection = database.connect().map_err(named)?;
    let script = format!("{}\n{}", schema::script(Dialect::Sqlite), block.text);
    connection.execute_batch(&script).await.map(drop).map_err(named)
}

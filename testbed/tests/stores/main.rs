//! Tests of the functions, as components, over each supported database: the same story for all, and databases
//! that fail.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test says where by panicking"
)]

mod aggregates;
mod faults;
mod galera;
mod grants;
mod partitions;
mod scenarios;
mod settings;
mod story;
mod support;

use gatelog_databases::{MariaDb, MySql, Turso};
use support::Stored;

#[tokio::test(flavor = "multi_thread")]
async fn the_story_on_a_libsql_file() {
    let stored = Stored::in_a_file().await;
    story::tell(&stored).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_on_mariadb() {
    let stored = Stored::in_mysql(MariaDb::shared().unwrap()).await;
    story::tell(&stored).await;
}

/// Its accounts use `caching_sha2_password`, over a connection without TLS.
#[tokio::test(flavor = "multi_thread")]
async fn the_story_on_mysql() {
    let stored = Stored::in_mysql(MySql::shared().unwrap()).await;
    story::tell(&stored).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_on_turso() {
    let turso = Turso::start().unwrap();
    let stored = Stored::in_turso(&turso).await;
    story::tell(&stored).await;
}

/// The server is tursodb, which does not support cursors: `gatelog-databases` translates for it and responds like a libSQL
/// server. This therefore tests Spin's side and the SQL, not the protocol of a libSQL server.
#[tokio::test(flavor = "multi_thread")]
async fn the_story_on_a_libsql_server_by_runtime_config() {
    let turso = Turso::start().unwrap();
    let stored = Stored::by_runtime_config(&turso).await;
    story::tell(&stored).await;
}

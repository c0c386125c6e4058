//! The stories on a real MariaDB.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

mod stories;

use gatelog_databases::MariaDb;
use gatelog_storage::driver::native_mysql::NativeMysql;

stories::every_story! { database }

async fn database() -> (NativeMysql, ()) {
    let url = MariaDb::shared().unwrap().database().unwrap();
    (NativeMysql::open(&url).await.unwrap(), ())
}

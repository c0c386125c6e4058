//! The database of a component, selected by its variables, with connections that live as long as the
//! instance.

use std::cell::OnceCell;
use std::rc::Rc;
use std::time::Duration;

use gatelog_storage::driver::spin_http::SpinHttp;
use gatelog_storage::driver::spin_mysql::SpinMysql;
use gatelog_storage::driver::spin_sqlite::SpinSqlite;
use gatelog_storage::driver::turso::Turso;
use gatelog_storage::{Dialect, Executor, Pool, Rows, Statement, StorageError};

use super::variables::SpinVariables;
use crate::config::store::{Store, StoreConfig};

/// Most connections of a reading component; each is a connection to the server.
const READERS: usize = 16;
/// Connections of a component that writes to SQLite. SQLite allows one writer at a time; waiting in the pool is fair and
/// costs nothing, while SQLite waits by sleeping.
const SQLITE_WRITERS: usize = 1;
/// Connections of a component that writes to MySQL.
const MYSQL_WRITERS: usize = 4;
/// Concurrent requests to Turso; this is their only bound.
const TURSO_REQUESTS: usize = 8;

/// The selected database.
#[derive(Debug)]
pub enum Database {
    /// `store = "libsql"`.
    Sqlite(Pool<SpinSqlite>),
    /// `store = "mysql"`.
    Mysql(Pool<SpinMysql>),
    /// `store = "turso"`.
    Turso(Pool<Turso<SpinHttp>>),
    /// The variables are wrong, so every statement fails with the reason.
    Misconfigured {
        /// The problem.
        reason: String,
    },
}

thread_local! {
    static DATABASE: OnceCell<Rc<Database>> = const { OnceCell::new() };
}

/// The database of this instance. `writes` says whether the component inserts.
///
/// Wrong variables are not an error here: every statement will fail, as when the database is down. They are read
/// again for the next request.
pub async fn database(writes: bool) -> Rc<Database> {
    opened(writes, None).await
}

/// Like [`database`], for a component that queries, bounds the number and time of running statements itself, and must
/// know when a statement that it gave up has ended.
pub async fn patient_database() -> Rc<Database> {
    opened(false, Some(PATIENCE)).await
}

/// After this time, even a statement that was given up counts as ended.
const PATIENCE: Duration = Duration::from_secs(3_600);

async fn opened(writes: bool, patience: Option<Duration>) -> Rc<Database> {
    if let Some(database) = DATABASE.with(|database| database.get().cloned()) {
        return database;
    }
    match StoreConfig::read(&SpinVariables).await {
        Ok(mut config) => {
            config.time_limit = patience.unwrap_or(config.time_limit);
            DATABASE.with(|database| Rc::clone(database.get_or_init(|| Rc::new(open(config, writes)))))
        }
        Err(error) => Rc::new(Database::Misconfigured { reason: error.to_string() }),
    }
}

fn open(config: StoreConfig, writes: bool) -> Database {
    let limit = config.time_limit;
    match config.store {
        Store::Libsql { durability } => {
            let sqlite = SpinSqlite { database: "default", writes: writes.then_some(durability) };
            Database::Sqlite(Pool::new(sqlite, if writes { SQLITE_WRITERS } else { READERS }, limit))
        }
        Store::Mysql { url, partitioning } => {
            let connections = if writes { MYSQL_WRITERS } else { READERS };
            Database::Mysql(Pool::new(SpinMysql::new(url, partitioning), connections, limit))
        }
        Store::Turso { url, token } => {
            Database::Turso(Pool::new(Turso::new(SpinHttp, &url, &token), TURSO_REQUESTS, limit))
        }
    }
}

impl Database {
    /// The value of the variable `store`; empty while the variables are wrong.
    pub fn store(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "libsql",
            Self::Mysql(_) => "mysql",
            Self::Turso(_) => "turso",
            Self::Misconfigured { .. } => "",
        }
    }
}

impl Executor for Database {
    fn dialect(&self) -> Dialect {
        match self {
            Self::Mysql(_) => Dialect::Mysql,
            Self::Sqlite(_) | Self::Turso(_) | Self::Misconfigured { .. } => Dialect::Sqlite,
        }
    }

    fn keeps_prepared(&self) -> bool {
        match self {
            Self::Sqlite(pool) => pool.keeps_prepared(),
            Self::Mysql(_) | Self::Turso(_) | Self::Misconfigured { .. } => false,
        }
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        match self {
            Self::Sqlite(pool) => pool.run(statement).await,
            Self::Mysql(pool) => pool.run(statement).await,
            Self::Turso(pool) => pool.run(statement).await,
            Self::Misconfigured { reason } => Err(StorageError::Misconfigured { reason: reason.clone() }),
        }
    }
}

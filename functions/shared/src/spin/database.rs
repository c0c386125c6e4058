//! The database of a component, chosen by its variables, with connections that live as long as the instance.

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

/// Most connections of a component that reads; each is one to the server.
const READERS: usize = 16;
/// Connections of a component that writes to SQLite, which lets one writer work at a time: waiting for it in the pool is
/// fair and free, while SQLite waits by sleeping.
const SQLITE_WRITERS: usize = 1;
/// Connections of a component that writes to MySQL.
const MYSQL_WRITERS: usize = 4;
/// Requests to Turso at once; it is their only bound.
const TURSO_REQUESTS: usize = 8;

/// The chosen database.
#[derive(Debug)]
pub enum Database {
    /// `store = "libsql"`.
    Sqlite(Pool<SpinSqlite>),
    /// `store = "mysql"`.
    Mysql(Pool<SpinMysql>),
    /// `store = "turso"`.
    Turso(Pool<Turso<SpinHttp>>),
    /// The variables are wrong: every statement fails and says how.
    Misconfigured {
        /// What is wrong.
        reason: String,
    },
}

thread_local! {
    static DATABASE: OnceCell<Rc<Database>> = const { OnceCell::new() };
}

/// The database of this instance. `writes` says whether the component inserts.
///
/// Wrong variables are no error here: every statement will fail, as when the database is down. They are read again
/// for the next request.
pub async fn database(writes: bool) -> Rc<Database> {
    opened(writes, None).await
}

/// As [`database`], for a component that asks, bounds by itself what runs at once and for how long, and wants to know
/// when what it gave up has ended.
pub async fn patient_database() -> Rc<Database> {
    opened(false, Some(PATIENCE)).await
}

/// After this even a statement that was given up is taken for ended.
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
        Store::Mysql { url } => {
            let connections = if writes { MYSQL_WRITERS } else { READERS };
            Database::Mysql(Pool::new(SpinMysql::new(url), connections, limit))
        }
        Store::Turso { url, token } => {
            Database::Turso(Pool::new(Turso::new(SpinHttp, &url, &token), TURSO_REQUESTS, limit))
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

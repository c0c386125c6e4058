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

/// Most connections for what asks; each is one to the server. For what writes there is one to SQLite, which lets one
/// writer work at a time: waiting here is fair and free, while waiting in SQLite is done by sleeping.
const READERS: usize = 16;
/// Connections for what writes to a server.
const WRITERS: usize = 4;
/// Requests to Turso at once; it is their only bound.
const REQUESTS: usize = 8;

/// The chosen database.
#[derive(Debug)]
pub enum Database {
    /// `store = "libsql"`, for a component that writes.
    SqliteWriter(Pool<SpinSqlite, 1>),
    /// `store = "libsql"`.
    SqliteReader(Pool<SpinSqlite, READERS>),
    /// `store = "mysql"`, for a component that writes.
    MysqlWriter(Pool<SpinMysql, WRITERS>),
    /// `store = "mysql"`.
    MysqlReader(Pool<SpinMysql, READERS>),
    /// `store = "turso"`.
    Turso(Pool<Turso<SpinHttp>, REQUESTS>),
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
            if writes {
                Database::SqliteWriter(Pool::new(sqlite, limit))
            } else {
                Database::SqliteReader(Pool::new(sqlite, limit))
            }
        }
        Store::Mysql { url } if writes => Database::MysqlWriter(Pool::new(SpinMysql::new(url), limit)),
        Store::Mysql { url } => Database::MysqlReader(Pool::new(SpinMysql::new(url), limit)),
        Store::Turso { url, token } => Database::Turso(Pool::new(Turso::new(SpinHttp, &url, &token), limit)),
    }
}

impl Executor for Database {
    fn dialect(&self) -> Dialect {
        match self {
            Self::MysqlWriter(_) | Self::MysqlReader(_) => Dialect::Mysql,
            Self::SqliteWriter(_) | Self::SqliteReader(_) | Self::Turso(_) | Self::Misconfigured { .. } => {
                Dialect::Sqlite
            }
        }
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        match self {
            Self::SqliteWriter(pool) => pool.run(statement).await,
            Self::SqliteReader(pool) => pool.run(statement).await,
            Self::MysqlWriter(pool) => pool.run(statement).await,
            Self::MysqlReader(pool) => pool.run(statement).await,
            Self::Turso(pool) => pool.run(statement).await,
            Self::Misconfigured { reason } => Err(StorageError::Misconfigured { reason: reason.clone() }),
        }
    }
}

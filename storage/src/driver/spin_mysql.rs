//! Spin's MySQL interface.
//!
//! Each connection is a connection to the server, so a [`Pool`](crate::Pool) keeps them. Spin prepares every
//! statement, returns neither dates nor decimals, and does not report the count of changed rows; the statements allow
//! for this. Spin's `query` swallows the server's error, but `execute` reports it: statements with changes use
//! `execute`, and a failed query is executed once more to learn the reason.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use spin_sdk::mysql::{self, DbValue, MysqlError, ParameterValue};

use super::mysql_errors;
use super::spin_closing::Closing;
use crate::pool::Connect;
use crate::schema::Partitioning;
use crate::{Dialect, Executor, Rows, Statement, StorageError, Value};

/// A MySQL or MariaDB server.
#[derive(Clone)]
pub struct SpinMysql {
    url: String,
    partitioning: Partitioning,
    closing: Rc<Closing<Rc<mysql::Connection>>>,
}

impl SpinMysql {
    /// The database at `mysql://user:password@host:port/database`. Its table is divided as told if it is missing.
    pub fn new(url: String, partitioning: Partitioning) -> Self {
        Self { url, partitioning, closing: Rc::default() }
    }
}

impl fmt::Debug for SpinMysql {
    /// Without the URL, which holds the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpinMysql").finish_non_exhaustive()
    }
}

impl Connect for SpinMysql {
    type Connection = Connection;

    fn dialect(&self) -> Dialect {
        Dialect::Mysql
    }

    fn partitioning(&self) -> Partitioning {
        self.partitioning
    }

    async fn connect(&self) -> Result<Connection, StorageError> {
        let opened = self.closing.opening(mysql::Connection::open(&*self.url)).await;
        let connection =
            Connection { inner: Rc::new(opened.map_err(failure)?), closing: Rc::clone(&self.closing) };
        for sql in connection.dialect().connection_setup(true) {
            connection.run(&Statement::new(*sql, Vec::new())).await?;
        }
        Ok(connection)
    }

    async fn sleep(&self, duration: Duration) {
        spin_sdk::time::sleep(duration).await;
    }
}

/// One connection.
pub struct Connection {
    inner: Rc<mysql::Connection>,
    closing: Rc<Closing<Rc<mysql::Connection>>>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.closing.close(Rc::clone(&self.inner));
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Executor for Connection {
    fn dialect(&self) -> Dialect {
        Dialect::Mysql
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        let Some([before, after]) = statement.setting() else { return self.run_plainly(statement).await };
        self.execute(before, Vec::new()).await?;
        let answer = self.run_plainly(statement).await;
        self.execute(after, Vec::new()).await?;
        answer
    }
}

impl Connection {
    async fn run_plainly(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        let params = || statement.params().iter().map(bound).collect::<Vec<_>>();
        if statement.is_query() {
            return match self.ask(statement.sql(), params()).await {
                Err(StorageError::Unavailable { reason }) => {
                    self.execute(statement.sql(), params()).await?;
                    Err(StorageError::Unavailable { reason })
                }
                answer => answer,
            };
        }
        self.execute(statement.sql(), params()).await?;
        match statement.follow_up() {
            Some(next) => self.ask(next, Vec::new()).await,
            None => Ok(Rows::new()),
        }
    }

    async fn execute(&self, sql: &str, params: Vec<ParameterValue>) -> Result<(), StorageError> {
        self.closing.statement(self.inner.execute(sql, params)).await.map_err(failure)
    }

    async fn ask(&self, sql: &str, params: Vec<ParameterValue>) -> Result<Rows, StorageError> {
        let mut answer = self.closing.statement(self.inner.query(sql, params)).await.map_err(unexplained)?;
        let mut rows = Rows::new();
        while let Some(row) = answer.rows().next().await {
            rows.push(row.into_iter().map(read).collect::<Result<_, _>>()?);
        }
        answer.result().await.map_err(unexplained)?;
        Ok(rows)
    }
}

fn bound(value: &Value<'_>) -> ParameterValue {
    match value {
        Value::Null => ParameterValue::DbNull,
        Value::Integer(number) => ParameterValue::Int64(*number),
        Value::Real(number) => ParameterValue::Floating64(*number),
        Value::Text(text) => ParameterValue::Str(text.clone().into_owned()),
    }
}

fn read(value: DbValue) -> Result<Value<'static>, StorageError> {
    let refused = |reason: &str| StorageError::UnexpectedAnswer {
        statement: "a value of the database",
        reason: reason.to_owned(),
    };
    Ok(match value {
        DbValue::DbNull => Value::Null,
        DbValue::Boolean(flag) => Value::Integer(flag.into()),
        DbValue::Int8(number) => Value::Integer(number.into()),
        DbValue::Int16(number) => Value::Integer(number.into()),
        DbValue::Int32(number) => Value::Integer(number.into()),
        DbValue::Int64(number) => Value::Integer(number),
        DbValue::Uint8(number) => Value::Integer(number.into()),
        DbValue::Uint16(number) => Value::Integer(number.into()),
        DbValue::Uint32(number) => Value::Integer(number.into()),
        DbValue::Uint64(number) => {
            Value::Integer(i64::try_from(number).map_err(|_| refused("a number beyond 63 bits"))?)
        }
        DbValue::Floating32(number) => Value::Real(number.into()),
        DbValue::Floating64(number) => Value::Real(number),
        DbValue::Str(text) => Value::from(text),
        // Texts with a binary collation, and long ones.
        DbValue::Binary(bytes) => Value::from(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }),
        DbValue::Unsupported => return Err(refused("a type that Spin does not decode")),
    })
}

/// The error of a query, for which Spin does not say whether the server or the connection failed.
fn unexplained(error: mysql::Error) -> StorageError {
    match error {
        mysql::Error::MysqlError(MysqlError::ValueConversionFailed(reason)) => {
            StorageError::UnexpectedAnswer { statement: "a value of the database", reason }
        }
        other => StorageError::Unavailable { reason: other.to_string() },
    }
}

fn failure(error: mysql::Error) -> StorageError {
    match error {
        mysql::Error::MysqlError(MysqlError::QueryFailed(text)) => mysql_errors::from_spin(&text),
        mysql::Error::MysqlError(MysqlError::ConnectionFailed(text)) => {
            mysql_errors::from_failed_connection(&text)
        }
        mysql::Error::MysqlError(MysqlError::ValueConversionFailed(reason)) => {
            StorageError::UnexpectedAnswer { statement: "a value of the database", reason }
        }
        other => StorageError::Unavailable { reason: other.to_string() },
    }
}

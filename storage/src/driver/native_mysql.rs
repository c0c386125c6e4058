//! MySQL or MariaDB over the network, for tests and native tools.
//!
//! It is as strict as Spin's MySQL interface, so that a statement that works here works there: every statement is
//! prepared, and a value of a type that Spin does not decode fails the statement: DECIMAL, date types, JSON, and texts
//! that are cast without a length, which MySQL reports as LONGBLOB or MEDIUMBLOB.

use mysql_async::consts::ColumnType;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Column, Conn, Opts};
use tokio::sync::Mutex;

use super::mysql_errors;
use crate::schema::Partitioning;
use crate::statement::Row;
use crate::{Dialect, Executor, Rows, Statement, StorageError, Value, schema};

/// A connection to a database.
#[derive(Debug)]
pub struct NativeMysql {
    connection: Mutex<Conn>,
}

impl NativeMysql {
    /// Connects to `mysql://user:password@host:port/database`, and creates the schema if it is missing.
    ///
    /// # Errors
    ///
    /// When the database cannot be reached or the schema cannot be created.
    pub async fn open(url: &str) -> Result<Self, StorageError> {
        Self::open_divided(url, Partitioning::None).await
    }

    /// As [`NativeMysql::open`], with the table divided if it is missing.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn open_divided(url: &str, partitioning: Partitioning) -> Result<Self, StorageError> {
        let driver = Self::connect(url).await?;
        schema::ensure_divided(&driver, partitioning).await?;
        Ok(driver)
    }

    /// Connects without checking the schema.
    ///
    /// # Errors
    ///
    /// When the database cannot be reached.
    pub async fn connect(url: &str) -> Result<Self, StorageError> {
        let options = Opts::from_url(url)
            .map_err(|error| StorageError::Misconfigured { reason: format!("the URL: {error}") })?;
        let connection = Conn::new(options).await.map_err(failure)?;
        let driver = Self { connection: Mutex::new(connection) };
        for sql in driver.dialect().connection_setup(true) {
            driver.run(&Statement::new(*sql, Vec::new())).await?;
        }
        Ok(driver)
    }
}

impl Executor for NativeMysql {
    fn dialect(&self) -> Dialect {
        Dialect::Mysql
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        let mut connection = self.connection.lock().await;
        let Some([before, after]) = statement.setting() else { return run(&mut connection, statement).await };
        execute(&mut connection, before, &[]).await?;
        let answer = run(&mut connection, statement).await;
        execute(&mut connection, after, &[]).await?;
        answer
    }
}

async fn run(connection: &mut Conn, statement: &Statement<'_>) -> Result<Rows, StorageError> {
    let rows = execute(connection, statement.sql(), statement.params()).await?;
    match statement.follow_up() {
        Some(next) => execute(connection, next, &[]).await,
        None => Ok(rows),
    }
}

async fn execute(connection: &mut Conn, sql: &str, params: &[Value<'_>]) -> Result<Rows, StorageError> {
    let params: Vec<_> = params.iter().map(bound).collect();
    let mut answer = connection.exec_iter(sql, params).await.map_err(failure)?;
    let rows: Vec<mysql_async::Row> = answer.collect().await.map_err(failure)?;
    rows.into_iter()
        .map(|row| {
            let columns = row.columns();
            let values = columns.iter().zip(row.unwrap());
            values.map(|(column, value)| read(column, value)).collect::<Result<Row, _>>()
        })
        .collect()
}

fn bound(value: &Value<'_>) -> mysql_async::Value {
    match value {
        Value::Null => mysql_async::Value::NULL,
        Value::Integer(number) => (*number).into(),
        Value::Real(number) => (*number).into(),
        Value::Text(text) => text.as_bytes().into(),
    }
}

fn read(column: &Column, value: mysql_async::Value) -> Result<Value<'static>, StorageError> {
    let refused = |what: &str| StorageError::UnexpectedAnswer {
        statement: "a value that Spin decodes",
        reason: format!("column {} is {what}: {:?}", column.name_str(), column.column_type()),
    };
    Ok(match value {
        mysql_async::Value::NULL => Value::Null,
        _ if !is_decoded_by_spin(column) => return Err(refused("of a type that Spin does not decode")),
        mysql_async::Value::Int(number) => Value::Integer(number),
        mysql_async::Value::UInt(number) => {
            Value::Integer(i64::try_from(number).map_err(|_| refused("too large"))?)
        }
        mysql_async::Value::Float(number) => Value::Real(f64::from(number)),
        mysql_async::Value::Double(number) => Value::Real(number),
        mysql_async::Value::Bytes(bytes) => Value::from(String::from_utf8_lossy(&bytes).into_owned()),
        mysql_async::Value::Date(..) | mysql_async::Value::Time(..) => return Err(refused("a date")),
    })
}

/// Whether Spin's MySQL interface returns values of this column. It decides by the type in the protocol, in which columns
/// of TEXT up to LONGTEXT are BLOB.
fn is_decoded_by_spin(column: &Column) -> bool {
    matches!(
        column.column_type(),
        ColumnType::MYSQL_TYPE_DOUBLE
            | ColumnType::MYSQL_TYPE_FLOAT
            | ColumnType::MYSQL_TYPE_INT24
            | ColumnType::MYSQL_TYPE_LONG
            | ColumnType::MYSQL_TYPE_LONGLONG
            | ColumnType::MYSQL_TYPE_SHORT
            | ColumnType::MYSQL_TYPE_TINY
            | ColumnType::MYSQL_TYPE_BLOB
            | ColumnType::MYSQL_TYPE_STRING
            | ColumnType::MYSQL_TYPE_VAR_STRING
    )
}

fn failure(error: mysql_async::Error) -> StorageError {
    match error {
        mysql_async::Error::Server(error) => mysql_errors::from_server(error.code, &error.message),
        other => mysql_errors::from_broken_connection(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use gatelog_databases::{MariaDb, MySql};

    use super::*;

    /// The types that each server sends were observed with the real Spin.
    #[tokio::test(flavor = "current_thread")]
    async fn a_value_that_spin_does_not_decode_is_an_error_unless_it_is_null() {
        let table = "(SELECT CAST('long' AS CHAR) AS t, CAST('{\"a\": 1}' AS CHAR) AS j, 1.5 AS d) AS one";
        let common = [
            ("SELECT CAST(REPEAT('x', 3) AS CHAR(16000))", Some("xxx")),
            ("SELECT LEFT(t, 100) FROM one", Some("long")),
            ("SELECT CAST(t AS CHAR(200000)) FROM one", None),
            ("SELECT d FROM one", None),
            ("SELECT CAST(NOW() AS DATE)", None),
        ];
        let of_mysql = [
            ("SELECT JSON_UNQUOTE(JSON_EXTRACT(j, '$.a')) FROM one", None),
            ("SELECT CAST(j AS JSON) FROM one", None),
            ("SELECT CAST(CAST(j AS JSON) AS CHAR) FROM one", None),
        ];
        let servers =
            [(&**MariaDb::shared().unwrap(), &[][..]), (&**MySql::shared().unwrap(), &of_mysql[..])];
        for (server, own) in servers {
            let driver = NativeMysql::connect(&server.database().unwrap()).await.unwrap();
            for (sql, expected) in common.iter().chain(own) {
                let sql = sql.replace("FROM one", &format!("FROM {table}"));
                let answer = driver.run(&Statement::new(sql.clone(), Vec::new())).await;
                match (answer, expected) {
                    (Ok(rows), Some(expected)) => assert_eq!(rows, [[Value::from(*expected)]], "{sql}"),
                    (Err(StorageError::UnexpectedAnswer { .. }), None) => {}
                    (answer, _) => panic!("{sql}: {answer:?}"),
                }
            }
            let null = Statement::new("SELECT CAST(NULL AS CHAR), CAST(NULL AS DECIMAL)", Vec::new());
            assert_eq!(driver.run(&null).await.unwrap(), [[Value::Null, Value::Null]]);
        }
    }
}

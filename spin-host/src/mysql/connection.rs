//! A component's connection to the server, on which statements run one after the other.

use std::sync::Arc;

use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts, OptsBuilder};
use tokio::sync::{Mutex, OwnedSemaphorePermit, mpsc, oneshot};

use super::rows::Rows;
use super::values;
use crate::bindings::mysql::{Column, Error, ParameterValue};

/// Most bytes that the rows of one result may take in total.
const MAX_RESULT_BYTES: usize = 128 * 1024 * 1024;
/// Rows that may be buffered ahead of the component.
const ROWS_AHEAD: usize = 4;

/// A connection as the component holds it.
#[derive(Clone)]
pub struct Connection {
    inner: Arc<Mutex<Conn>>,
    /// Returned when the connection is closed.
    _permit: Option<Arc<OwnedSemaphorePermit>>,
}

impl Connection {
    /// Connects.
    pub(super) async fn open(address: &str, permit: Option<OwnedSemaphorePermit>) -> Result<Self, Error> {
        // The message includes the cause, unlike the error of a statement.
        let failed =
            |error: mysql_async::Error| Error::ConnectionFailed(format!("{:?}", anyhow::Error::from(error)));
        let options = Opts::from_url(address).map_err(|error| failed(error.into()))?;
        // Like Spin's own host, which uses only the address to reach the server.
        let options = OptsBuilder::from_opts(options).prefer_socket(false);
        let inner = Conn::new(options).await.map_err(failed)?;
        Ok(Self { inner: Arc::new(Mutex::new(inner)), _permit: permit.map(Arc::new) })
    }

    /// Runs a statement and discards its rows.
    pub(super) async fn execute(&self, statement: String, params: Vec<ParameterValue>) -> Result<(), Error> {
        let params: Vec<_> = params.into_iter().map(values::bound).collect();
        let mut connection = self.inner.lock().await;
        let done = connection.exec_drop(statement, params).await;
        done.map_err(|error| Error::QueryFailed(format!("{error:?}")))
    }

    /// Runs a statement until its columns are known; its rows follow.
    pub(super) async fn query(
        &self,
        statement: String,
        params: Vec<ParameterValue>,
    ) -> Result<(Vec<Column>, Rows, oneshot::Receiver<Result<(), Error>>), Error> {
        let params: Vec<_> = params.into_iter().map(values::bound).collect();
        let (tell_columns, columns) = oneshot::channel();
        let (send_row, rows) = mpsc::channel(ROWS_AHEAD);
        let (tell_end, end) = oneshot::channel();
        let inner = Arc::clone(&self.inner);
        tokio::spawn(async move {
            let mut connection = inner.lock().await;
            let ended = stream(&mut connection, statement, params, tell_columns, send_row).await;
            // The component may have dropped the receiver.
            let _ = tell_end.send(ended);
        });
        // A server error leaves no columns and is lost here, as in Spin.
        let columns = columns.await.map_err(|error| Error::Other(format!("async error: {error}")))?;
        Ok((columns, Rows::new(rows), end))
    }
}

async fn stream(
    connection: &mut Conn,
    statement: String,
    params: Vec<mysql_async::Value>,
    tell_columns: oneshot::Sender<Vec<Column>>,
    send_row: mpsc::Sender<Vec<crate::bindings::mysql::DbValue>>,
) -> Result<(), Error> {
    let mut answer = connection
        .exec_iter(statement, params)
        .await
        .map_err(|error| Error::QueryFailed(format!("{error:?}")))?;
    let columns: Vec<Column> = answer.columns_ref().iter().map(values::column).collect();
    let _ = tell_columns.send(columns.clone());
    let mut bytes = 0;
    while let Some(row) = answer.next().await.map_err(|error| Error::Other(error.to_string()))? {
        let row = values::row(row, &columns)?;
        bytes += values::size(&row);
        if bytes > MAX_RESULT_BYTES {
            return Err(Error::Other(format!("query result exceeds limit of {MAX_RESULT_BYTES} bytes")));
        }
        if send_row.send(row).await.is_err() {
            return Err(Error::Other("the rows were dropped before they were read to their end".to_owned()));
        }
    }
    Ok(())
}

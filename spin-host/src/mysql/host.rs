//! The functions of `spin:mysql` that a component calls.

use std::sync::Arc;

use wasmtime::Result;
use wasmtime::component::{Accessor, FutureReader, Resource, StreamReader};

use super::Connection as Held;
use crate::bindings::mysql::{
    Column, Connection, DbValue, Error, Host, HostConnection, HostConnectionWithStore, ParameterValue,
};
use crate::resource::{borrowed, owned};
use crate::state::{SpinHost, State};

type Answer = (Vec<Column>, StreamReader<Vec<DbValue>>, FutureReader<Result<(), Error>>);

/// Spin holds a lock of the instance while it opens a connection. Statements queue for the lock, first come, first
/// served, and closing a connection blocks the whole instance until it gets the lock.
const LOCKED: &str = "a MySQL connection was dropped while another one was being opened, or a statement that had waited \
                      for that had not gone on yet: keep it until then";

impl Host for State {}

impl HostConnection for State {
    async fn drop(&mut self, connection: Resource<Connection>) -> Result<()> {
        if self.mysql_lock.try_lock().is_err() {
            return self.component.hang(LOCKED).await;
        }
        self.table.delete(owned::<_, Held>(&connection))?;
        Ok(())
    }
}

impl<T: Send + 'static> HostConnectionWithStore<T> for SpinHost {
    async fn open(
        accessor: &Accessor<T, Self>,
        address: String,
    ) -> Result<std::result::Result<Resource<Connection>, Error>> {
        let (permitted, permits, lock) = accessor.with(|mut access| {
            let state = access.get();
            (state.permits_mysql(&address), state.mysql_permits.clone(), Arc::clone(&state.mysql_lock))
        });
        if let Err(error) = permitted {
            return Ok(Err(error));
        }
        let permit = match permits {
            Some(permits) => Some(permits.acquire_owned().await?),
            None => None,
        };
        let _locked = lock.lock().await;
        match Held::open(&address, permit).await {
            Ok(connection) => {
                accessor.with(|mut access| Ok(Ok(owned(&access.get().table.push(connection)?))))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    async fn query(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        statement: String,
        params: Vec<ParameterValue>,
    ) -> Result<std::result::Result<Answer, Error>> {
        let connection = get(accessor, &connection).await?;
        let (columns, rows, end) = match connection.query(statement, params).await {
            Ok(answer) => answer,
            Err(error) => return Ok(Err(error)),
        };
        let end = async move {
            let stopped = || Err(Error::Other("the statement was stopped".to_owned()));
            Ok::<_, wasmtime::Error>(end.await.unwrap_or_else(|_| stopped()))
        };
        accessor.with(|mut access| {
            let rows = StreamReader::new(&mut access, rows)?;
            let end = FutureReader::new(&mut access, end)?;
            Ok(Ok((columns, rows, end)))
        })
    }

    async fn execute(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        statement: String,
        params: Vec<ParameterValue>,
    ) -> Result<std::result::Result<(), Error>> {
        let connection = get(accessor, &connection).await?;
        Ok(connection.execute(statement, params).await)
    }
}

async fn get<T: Send + 'static>(
    accessor: &Accessor<T, SpinHost>,
    connection: &Resource<Connection>,
) -> Result<Held> {
    let lock = accessor.with(|mut access| Arc::clone(&access.get().mysql_lock));
    let _locked = lock.lock().await;
    accessor.with(|mut access| Ok(access.get().table.get(&borrowed::<_, Held>(connection))?.clone()))
}

impl State {
    /// Whether `allowed_outbound_hosts` lets the component reach the server in this URL.
    fn permits_mysql(&self, address: &str) -> std::result::Result<(), Error> {
        let refused = || Error::ConnectionFailed(format!("address {address} is not permitted"));
        let uri: http::Uri = address.parse().map_err(|_| refused())?;
        let authority = uri.authority().ok_or_else(refused)?;
        if self.outbound.allowed.allows_url("mysql", authority.host(), authority.port_u16()) {
            return Ok(());
        }
        let host = authority.host();
        let port = authority.port_u16().unwrap_or(3306);
        self.component.log(format_args!(
            "a connection to mysql://{host}:{port} was refused: add \"mysql://{host}:{port}\" to \
             allowed_outbound_hosts of this component in the manifest"
        ));
        Err(refused())
    }
}

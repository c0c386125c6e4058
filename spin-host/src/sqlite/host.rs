//! The functions of `spin:sqlite` that a component calls.

use wasmtime::Result;
use wasmtime::component::{Accessor, FutureReader, Resource, StreamReader};

use super::connection::WaitsForReader;
use super::{Connection as Held, MAX_CONNECTIONS};
use crate::bindings::sqlite::{
    Connection, Error, Host, HostConnection, HostConnectionWithStore, QueryResult, RowResult, Value,
};
use crate::resource::{borrowed, owned};
use crate::state::{SpinHost, State};

impl Host for State {}

impl HostConnection for State {
    async fn open(&mut self, database: String) -> Result<Result<Resource<Connection>, Error>> {
        open(self, &database)
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<Value>,
    ) -> Result<Result<QueryResult, Error>> {
        let connection = self.table.get(&borrowed::<_, Held>(&connection))?.clone();
        Ok(connection.run(statement, parameters).await)
    }

    async fn last_insert_rowid(&mut self, connection: Resource<Connection>) -> Result<i64> {
        let connection = self.table.get(&borrowed::<_, Held>(&connection))?.clone();
        match connection.last_insert_rowid().await {
            Ok(rowid) => Ok(rowid),
            Err(WaitsForReader) => self.component.hang(unread("last_insert_rowid")).await,
        }
    }

    async fn changes(&mut self, connection: Resource<Connection>) -> Result<u64> {
        let connection = self.table.get(&borrowed::<_, Held>(&connection))?.clone();
        match connection.changes().await {
            Ok(changes) => Ok(changes),
            Err(WaitsForReader) => self.component.hang(unread("changes")).await,
        }
    }

    fn drop(&mut self, connection: Resource<Connection>) -> Result<()> {
        self.table.delete(owned::<_, Held>(&connection))?;
        self.open_connections -= 1;
        Ok(())
    }
}

impl<T: Send + 'static> HostConnectionWithStore<T> for SpinHost {
    async fn open_async(
        accessor: &Accessor<T, Self>,
        database: String,
    ) -> Result<Result<Resource<Connection>, Error>> {
        accessor.with(|mut access| open(access.get(), &database))
    }

    async fn execute_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<Value>,
    ) -> Result<Result<(Vec<String>, StreamReader<RowResult>, FutureReader<Result<(), Error>>), Error>> {
        let connection = get(accessor, &connection)?;
        let mut started = connection.start(statement, parameters).await;
        let outcome = started.rows.outcome();
        let outcome = async move {
            let stopped = || Err(Error::Io("the statement was stopped".to_owned()));
            Ok::<_, wasmtime::Error>(outcome.await.unwrap_or_else(|_| stopped()))
        };
        accessor.with(|mut access| {
            let rows = StreamReader::new(&mut access, started.rows)?;
            let outcome = FutureReader::new(&mut access, outcome)?;
            Ok(Ok((started.columns, rows, outcome)))
        })
    }

    async fn last_insert_rowid_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
    ) -> Result<i64> {
        let connection = get(accessor, &connection)?;
        match connection.last_insert_rowid().await {
            Ok(rowid) => Ok(rowid),
            Err(WaitsForReader) => hang(accessor, "last_insert_rowid").await,
        }
    }

    async fn changes_async(accessor: &Accessor<T, Self>, connection: Resource<Connection>) -> Result<u64> {
        let connection = get(accessor, &connection)?;
        match connection.changes().await {
            Ok(changes) => Ok(changes),
            Err(WaitsForReader) => hang(accessor, "changes").await,
        }
    }
}

fn open(state: &mut State, database: &str) -> Result<Result<Resource<Connection>, Error>> {
    if !state.databases.allowed.contains(database) {
        return Ok(Err(Error::AccessDenied));
    }
    let Some(place) = state.databases.places.get(database) else {
        return Ok(Err(Error::NoSuchDatabase));
    };
    if state.open_connections == MAX_CONNECTIONS {
        return Ok(Err(Error::Io("too many connections opened".to_owned())));
    }
    let connection = state.table.push(Held::new(place))?;
    state.open_connections += 1;
    Ok(Ok(owned(&connection)))
}

fn get<T: Send + 'static>(
    accessor: &Accessor<T, SpinHost>,
    connection: &Resource<Connection>,
) -> Result<Held> {
    accessor.with(|mut access| Ok(access.get().table.get(&borrowed::<_, Held>(connection))?.clone()))
}

async fn hang<T: Send + 'static, R>(accessor: &Accessor<T, SpinHost>, function: &str) -> R {
    let component = accessor.with(|mut access| access.get().component.clone());
    component.hang(unread(function)).await
}

fn unread(function: &str) -> String {
    format!(
        "{function}() was called while rows of the last statement are unread: read the rows to their end first"
    )
}

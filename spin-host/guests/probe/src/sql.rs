//! Tries the host's SQLite interface. Each response is text that a test compares.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use spin_sdk::sqlite::wit::sqlite as raw;
use spin_sdk::sqlite::{Connection, Error, RowResult, Value};

thread_local! {
    /// A connection that lives as long as the instance.
    static KEPT: RefCell<Option<Rc<Connection>>> = const { RefCell::new(None) };
}

/// `/sql/{what}` with a statement as the request's body.
pub async fn answer(what: &str, statement: String) -> String {
    let result = match what {
        "run" => run(&statement).await,
        "sync" => sync(&statement),
        "kept" => kept(&statement).await,
        "open" => Connection::open(&statement).await.map(|_| "opened".to_owned()),
        "connections" => connections().await,
        "changes" => changes(&statement, true).await,
        "changes-unread" => changes(&statement, false).await,
        "first" => first(&statement).await,
        "count" => count(&statement).await,
        "repeat" => repeat(&statement).await,
        "transaction" => transaction(&statement).await,
        _ => Ok(format!("no such trial: {what}")),
    };
    result.unwrap_or_else(|error| format!("error: {error:?}"))
}

/// Shows where an error arrives: from `execute` itself or from the result.
async fn run(statement: &str) -> Result<String, Error> {
    let connection = Connection::open_default().await?;
    let result = match connection.execute(statement, []).await {
        Ok(result) => result,
        Err(error) => return Ok(format!("from execute: {error:?}")),
    };
    let columns = result.columns().join(",");
    Ok(match result.collect().await {
        Ok(rows) => format!("{columns}\n{}", lines(&rows)),
        Err(error) => format!("from the result: {error:?}"),
    })
}

/// The same through the functions that block the instance.
fn sync(statement: &str) -> Result<String, Error> {
    let connection = raw::Connection::open("default")?;
    let result = connection.execute(statement, &[])?;
    let changes = connection.changes();
    Ok(format!("{}\n{}\n{changes}", result.columns.join(","), lines(&result.rows)))
}

/// On a connection that outlives the request.
async fn kept(statement: &str) -> Result<String, Error> {
    let known = KEPT.with_borrow(Clone::clone);
    let connection = match known {
        Some(connection) => connection,
        None => {
            let connection = Rc::new(Connection::open_default().await?);
            KEPT.set(Some(Rc::clone(&connection)));
            connection
        }
    };
    let rows = connection.execute(statement, []).await?.collect().await?;
    Ok(lines(&rows))
}

/// Opens connections until the host refuses one.
async fn connections() -> Result<String, Error> {
    let mut open = Vec::new();
    loop {
        match Connection::open_default().await {
            Ok(connection) => open.push(connection),
            Err(error) => return Ok(format!("{}: {error:?}", open.len())),
        }
    }
}

/// Asks for the number of changes after the rows are read, or before.
async fn changes(statement: &str, read: bool) -> Result<String, Error> {
    let connection = Connection::open_default().await?;
    let result = connection.execute(statement, []).await?;
    if read {
        result.collect().await?;
        return Ok(format!("{} {}", connection.changes().await, connection.last_insert_rowid().await));
    }
    println!("asking with unread rows");
    let changes = connection.changes().await;
    drop(result);
    Ok(changes.to_string())
}

/// Reads one row only, then runs another statement on the connection.
async fn first(statement: &str) -> Result<String, Error> {
    let connection = Connection::open_default().await?;
    let mut result = connection.execute(statement, []).await?;
    let row = result.next().await;
    drop(result);
    let after = connection.execute("SELECT 'still here'", []).await?.collect().await?;
    Ok(format!("{} {}", lines(row.as_slice()), lines(&after)))
}

/// Reads all rows one by one and keeps none.
async fn count(statement: &str) -> Result<String, Error> {
    let connection = Connection::open_default().await?;
    let mut result = connection.execute(statement, []).await?;
    let mut rows = 0_u64;
    while result.next().await.is_some() {
        rows += 1;
    }
    result.result().await?;
    Ok(rows.to_string())
}

/// Runs a statement many times on one connection that does not wait for the disk, and returns the microseconds
/// taken. The number of runs precedes the statement.
async fn repeat(text: &str) -> Result<String, Error> {
    let (times, statement) = text.split_once(' ').unwrap_or(("0", ""));
    let times: u32 = times.parse().unwrap_or(0);
    let connection = Connection::open_default().await?;
    connection.execute("PRAGMA synchronous = OFF", []).await?.collect().await?;
    let start = Instant::now();
    for _ in 0..times {
        connection.execute(statement, []).await?.collect().await?;
    }
    Ok(start.elapsed().as_micros().to_string())
}

/// Runs the statement in a transaction that is rolled back, then in one that is committed.
async fn transaction(statement: &str) -> Result<String, Error> {
    let connection = Connection::open_default().await?;
    for step in ["BEGIN", statement, "ROLLBACK", "BEGIN", statement, "COMMIT"] {
        connection.execute(step, []).await?.collect().await?;
    }
    Ok("done".to_owned())
}

fn lines(rows: &[RowResult]) -> String {
    let text = |value: &Value| match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(value) => value.to_string(),
        Value::Real(value) => format!("{value:?}"),
        Value::Text(value) => value.clone(),
        Value::Blob(value) => format!("{} bytes", value.len()),
    };
    let row = |row: &RowResult| row.values.iter().map(text).collect::<Vec<_>>().join("|");
    rows.iter().map(row).collect::<Vec<_>>().join("\n")
}

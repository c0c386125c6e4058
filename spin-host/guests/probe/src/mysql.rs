//! Tries the host's MySQL interface. Each response is text that a test compares.

use std::pin::pin;

use futures::FutureExt as _;
use spin_sdk::mysql::Connection;

/// `/mysql/{what}` with the URL in the first line of the request's body, and statements in the others, or another URL.
pub async fn answer(what: &str, body: &str) -> String {
    let mut lines = body.lines();
    let url = lines.next().unwrap_or_default();
    let connection = match Connection::open(url).await {
        Ok(connection) => connection,
        Err(error) => return format!("from open: {error:?}"),
    };
    if what == "drop-while-opening" {
        let mut other = pin!(Connection::open(lines.next().unwrap_or_default()));
        if other.as_mut().now_or_never().is_some() {
            return "the other one is open, or refused".to_owned();
        }
        drop(connection);
        return "dropped".to_owned();
    }
    let mut answer = String::new();
    for statement in lines {
        answer = match what {
            "query" => query(&connection, statement).await,
            "execute" => match connection.execute(statement, []).await {
                Ok(()) => "done".to_owned(),
                Err(error) => format!("from execute: {error:?}"),
            },
            _ => format!("no such trial: {what}"),
        };
    }
    answer
}

/// Shows where an error arrives: from `query` itself or from the result.
async fn query(connection: &Connection, statement: &str) -> String {
    let mut result = match connection.query(statement, []).await {
        Ok(result) => result,
        Err(error) => return format!("from query: {error:?}"),
    };
    let mut lines = vec![
        result
            .columns()
            .iter()
            .map(|column| format!("{} {:?}", column.name, column.data_type))
            .collect::<Vec<_>>()
            .join(", "),
    ];
    while let Some(row) = result.rows().next().await {
        lines.push(row.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(", "));
    }
    match result.result().await {
        Ok(()) => lines.join("\n"),
        Err(error) => format!("from the result: {error:?}"),
    }
}

//! The messages of Hrana 2 over HTTP that a single statement needs.
//!
//! Format: libSQL's `docs/HRANA_2_SPEC.md`. Integers are sent as decimal texts, because JSON readers lose digits of
//! large numbers.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::statement::Row;
use crate::{Rows, Statement, StorageError, Value};

#[derive(Serialize)]
struct Pipeline<'a> {
    baton: Option<&'a str>,
    requests: Vec<Request<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Request<'a> {
    Execute { stmt: Stmt<'a> },
    Close,
}

#[derive(Serialize)]
struct Stmt<'a> {
    sql: &'a str,
    args: Vec<Wire<'a>>,
    want_rows: bool,
}

/// A value in the protocol.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Wire<'a> {
    Null,
    Integer {
        #[serde(borrow)]
        value: Cow<'a, str>,
    },
    Float {
        value: f64,
    },
    Text {
        #[serde(borrow)]
        value: Cow<'a, str>,
    },
    Blob {
        #[serde(borrow, default)]
        base64: Cow<'a, str>,
    },
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    results: Vec<Outcome<'a>>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Outcome<'a> {
    Ok {
        #[serde(borrow)]
        response: Response<'a>,
    },
    Error {
        error: Refusal,
    },
}

#[derive(Deserialize)]
struct Response<'a> {
    /// Only in the response to `execute`.
    #[serde(borrow)]
    result: Option<Answered<'a>>,
}

#[derive(Deserialize)]
struct Answered<'a> {
    #[serde(borrow)]
    rows: Vec<Vec<Wire<'a>>>,
}

/// A server error: its message, and its code from SQLite or from the server.
#[derive(Deserialize)]
struct Refusal {
    message: String,
    #[serde(default)]
    code: Option<String>,
}

/// The body that runs a statement.
pub(super) fn request(statement: &Statement<'_>) -> String {
    let execute = |sql, args| Request::Execute { stmt: Stmt { sql, args, want_rows: true } };
    let mut requests = vec![execute(statement.sql(), statement.params().iter().map(wire).collect())];
    requests.extend(statement.follow_up().map(|sql| execute(sql, Vec::new())));
    requests.push(Request::Close);
    // Only maps with keys other than texts fail, and there are none.
    serde_json::to_string(&Pipeline { baton: None, requests }).unwrap_or_default()
}

/// The rows in a response: those of the last statement.
pub(super) fn rows(body: &[u8]) -> Result<Rows, StorageError> {
    let unexpected = |reason: String| StorageError::UnexpectedAnswer { statement: "a pipeline", reason };
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(|error| unexpected(error.to_string()))?;
    let mut rows = None;
    for outcome in answer.results {
        match outcome {
            Outcome::Ok { response } => rows = response.result.map(|result| result.rows).or(rows),
            Outcome::Error { error } => return Err(failure(error)),
        }
    }
    let rows = rows.ok_or_else(|| unexpected("it holds no result".to_owned()))?;
    rows.into_iter().map(|row| row.into_iter().map(read).collect::<Result<Row, _>>()).collect()
}

/// A response with a status other than 200.
pub(super) fn refused(status: u16, body: &[u8]) -> StorageError {
    let said: String = String::from_utf8_lossy(body).chars().take(300).collect();
    match status {
        401 | 403 => StorageError::Misconfigured {
            reason: format!("Turso answered {status}: {said}. Check `turso_token`, and that it may write"),
        },
        404 => StorageError::Misconfigured {
            reason: format!("Turso answered 404: {said}. Check `turso_url`: there is no such database"),
        },
        413 => StorageError::TooLarge { reason: format!("Turso answered 413: {said}") },
        _ => StorageError::Unavailable { reason: format!("Turso answered {status}: {said}") },
    }
}

fn failure(refusal: Refusal) -> StorageError {
    let code = refusal.code.unwrap_or_default();
    let reason = if code.is_empty() { refusal.message } else { format!("{code}: {}", refusal.message) };
    if code.contains("SQLITE_FULL") {
        StorageError::Full { reason }
    } else {
        StorageError::from_sqlite(reason)
    }
}

fn wire<'v>(value: &'v Value<'_>) -> Wire<'v> {
    match value {
        Value::Null => Wire::Null,
        Value::Integer(number) => Wire::Integer { value: number.to_string().into() },
        Value::Real(number) => Wire::Float { value: *number },
        Value::Text(text) => Wire::Text { value: Cow::Borrowed(text) },
    }
}

fn read(value: Wire<'_>) -> Result<Value<'static>, StorageError> {
    Ok(match value {
        Wire::Null => Value::Null,
        Wire::Integer { value } => Value::Integer(value.parse().map_err(|_| {
            StorageError::UnexpectedAnswer { statement: "an integer", reason: format!("it is {value:?}") }
        })?),
        Wire::Float { value } => Value::Real(value),
        Wire::Text { value } => Value::from(value.into_owned()),
        // No column of the table contains bytes.
        Wire::Blob { base64 } => Value::from(base64.into_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_one_pipeline_that_leaves_nothing_open() {
        let params =
            vec![Value::Null, Value::Integer(i64::MAX), Value::Real(0.5), Value::from("it's \"so\"")];
        let body = request(&Statement::new("INSERT …", params));
        assert_eq!(
            body,
            concat!(
                r#"{"baton":null,"requests":[{"type":"execute","stmt":{"sql":"INSERT …","args":["#,
                r#"{"type":"null"},{"type":"integer","value":"9223372036854775807"},{"type":"float","value":0.5},"#,
                r#"{"type":"text","value":"it's \"so\""}],"want_rows":true}},{"type":"close"}]}"#
            )
        );
    }

    #[test]
    fn the_rows_of_a_response_are_read() {
        let body = br#"{"baton":null,"base_url":null,"results":[{"type":"ok","response":{"type":"execute","result":{
            "cols":[{"name":"a","decltype":null}],"rows":[[{"type":"integer","value":"7"},{"type":"float","value":1.5},
            {"type":"text","value":"a\nb"},{"type":"null"}]],"affected_row_count":0}}},
            {"type":"ok","response":{"type":"close"}}]}"#;
        let expected = vec![Value::Integer(7), Value::Real(1.5), Value::from("a\nb"), Value::Null];
        assert_eq!(rows(body).unwrap(), [expected]);
    }

    #[test]
    fn errors_keep_the_servers_message() {
        let body = br#"{"results":[{"type":"error","error":{"message":"no such table: a","code":"SQLITE_ERROR"}},{"type":"ok","response":{"type":"close"}}]}"#;
        assert_eq!(
            rows(body).unwrap_err().to_string(),
            "the database answered \"a statement\" unexpectedly: SQLITE_ERROR: no such table: a"
        );
        assert!(matches!(refused(413, b"too large"), StorageError::TooLarge { .. }));
        assert_eq!(refused(401, b"no").class(), "database_misconfigured");
        assert_eq!(refused(502, b"no").class(), "database_unavailable");
        assert_eq!(rows(b"<html>").unwrap_err().class(), "database_unexpected_answer");
    }
}

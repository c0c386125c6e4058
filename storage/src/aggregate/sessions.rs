//! AI calls by their session: the latest sessions first, and one with its calls.
//!
//! A call's session is its `session_id`, else its `chat_id`. Calls without both belong to none.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use gatelog_record::{Timestamp, fields};
use thiserror::Error;

use super::measure::FAILED;
use super::scope::{Scope, time_filters};
use crate::query::records::{self, Chunk};
use crate::query::select_builder::{SESSION, Select, is_in};
use crate::{
    Dialect, Direction, Executor, Filter, Page, Predicate, Query, Selection, Sort, Statement, StorageError,
    Value,
};

/// Most models that are named of a session.
pub const MAX_MODELS: usize = 20;
/// Most models that are read for all sessions of an answer.
const MAX_MODEL_ROWS: i64 = 5_000;

/// One session, by those of its calls that are in the scope.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// Its calls.
    pub calls: i64,
    /// Those that failed.
    pub errors: i64,
    /// The sum of the tokens; `None` when no call has any.
    pub total_tokens: Option<i64>,
    /// The sum of the costs; `None` when no call has one.
    pub cost_nano: Option<i64>,
    /// The models that were asked for, the most frequent first.
    pub models: Vec<String>,
    /// When the first call began.
    pub first_seen: Timestamp,
    /// When the last call began.
    pub last_seen: Timestamp,
    /// Milliseconds from the beginning of the first call to the end of the one that ended last.
    pub duration_ms: i64,
}

/// The place behind a session in the order of the list. Its text is opaque to clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionCursor {
    /// When the session's last call began.
    pub last_seen: Timestamp,
    /// The session.
    pub id: String,
}

/// A text that is no place.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("this is no cursor: pass `next_cursor` of the page before")]
pub struct InvalidSessionCursor;

const VERSION: &str = "1s";

impl fmt::Display for SessionCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{VERSION}-{:x}-", self.last_seen.as_micros())?;
        self.id.bytes().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for SessionCursor {
    type Err = InvalidSessionCursor;

    fn from_str(text: &str) -> Result<Self, InvalidSessionCursor> {
        let parts: Vec<&str> = text.split('-').collect();
        let [VERSION, micros, id] = parts.as_slice() else { return Err(InvalidSessionCursor) };
        let micros = i64::from_str_radix(micros, 16).map_err(|_| InvalidSessionCursor)?;
        let digits = id.as_bytes().chunks(2).map(|digits| {
            let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.len() == 2)?;
            u8::from_str_radix(digits, 16).ok()
        });
        let bytes: Option<Vec<u8>> = digits.collect();
        let id = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(InvalidSessionCursor)?;
        Ok(Self { last_seen: Timestamp::from_micros(micros), id })
    }
}

/// The sessions that were seen last, behind `after`, at most `limit`.
///
/// # Errors
///
/// The database's.
pub async fn list(
    executor: &impl Executor,
    scope: &Scope,
    after: Option<&SessionCursor>,
    limit: u32,
) -> Result<Vec<Session>, StorageError> {
    let dialect = executor.dialect();
    let rows = executor.run(&list_statement(dialect, scope, after, limit)).await?;
    let mut sessions: Vec<Session> = rows.iter().filter_map(|row| session(dialect, row)).collect();
    let ids: Vec<String> = sessions.iter().map(|session| session.id.clone()).collect();
    if ids.is_empty() {
        return Ok(sessions);
    }
    let mut models: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in executor.run(&models_statement(dialect, scope, &ids)).await? {
        if let [Value::Text(id), Value::Text(model), ..] = row.as_slice() {
            let models = models.entry(id.clone().into_owned()).or_default();
            if models.len() < MAX_MODELS {
                models.push(model.clone().into_owned());
            }
        }
    }
    for session in &mut sessions {
        session.models = models.remove(&session.id).unwrap_or_default();
    }
    Ok(sessions)
}

/// The scope without the calls of other sessions.
pub fn only(scope: &Scope, id: &str) -> Scope {
    let mut scope = scope.clone();
    let field = fields::field("session_id");
    let is = |field| Filter { field, predicate: Predicate::SessionIs(id.to_owned()) };
    scope.filters.extend(field.map(is));
    scope
}

/// The calls in the scope, the oldest first: no more than `limit`, and no more than one beyond `max_bytes` of values.
///
/// # Errors
///
/// The database's.
pub async fn calls(
    executor: &impl Executor,
    scope: &Scope,
    selection: &Selection,
    limit: u32,
    max_bytes: usize,
) -> Result<Chunk, StorageError> {
    let Some(by) = fields::field("start_time") else {
        return Ok(Chunk { records: Vec::new(), is_cut: false });
    };
    let mut filters = time_filters(scope.start, scope.end);
    filters.extend(scope.filters.iter().cloned());
    let sort = Sort { by, direction: Direction::Ascending };
    let query = Query { filters, sort, page: Page::Offset { offset: 0, limit } };
    records::batch(executor, &query, selection, max_bytes).await
}

/// The statement of [`list`].
pub fn list_statement<'q>(
    dialect: Dialect,
    scope: &'q Scope,
    after: Option<&'q SessionCursor>,
    limit: u32,
) -> Statement<'q> {
    let columns = [
        format!("{SESSION} AS choice"),
        "COUNT(*) AS calls".to_owned(),
        format!("COUNT(CASE WHEN {FAILED} THEN 1 END) AS errors"),
        format!("{} AS tokens", dialect.sum("total_tokens")),
        format!("{} AS cost", dialect.sum("cost_nano")),
        dialect.time_of("MIN(start_time)", "first_seen"),
        dialect.time_of("MAX(start_time)", "last_seen"),
        format!("MAX({}) AS end_ms", dialect.end_ms()),
    ];
    let mut select = Select::from_table(dialect, &columns.join(", "));
    scope.conditions(&mut select, dialect);
    select.condition(format_args!("{SESSION} IS NOT NULL"), []).push(format_args!(" GROUP BY 1"), []);
    if let Some(after) = after {
        let time = || dialect.time_value(after.last_seen);
        select.push(
            format_args!(" HAVING MAX(start_time) < ? OR (MAX(start_time) = ? AND choice < ?)"),
            [time(), time(), Value::from(&*after.id)],
        );
    }
    select.push(
        format_args!(" ORDER BY MAX(start_time) DESC, 1 DESC LIMIT ?"),
        [Value::from(i64::from(limit))],
    );
    select.statement()
}

/// Asks for the models of some sessions.
pub fn models_statement<'q>(dialect: Dialect, scope: &'q Scope, ids: &'q [String]) -> Statement<'q> {
    let columns = format!("{SESSION} AS choice, model AS asked_model, COUNT(*) AS calls");
    let mut select = Select::from_table(dialect, &columns);
    scope.conditions(&mut select, dialect);
    select
        .condition(format_args!("{}", is_in(SESSION, ids.len())), ids.iter().map(|id| Value::from(&**id)))
        .condition(format_args!("model <> ''"), [])
        .push(format_args!(" GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2 LIMIT ?"), [Value::from(MAX_MODEL_ROWS)]);
    select.statement()
}

fn session(dialect: Dialect, row: &[Value<'static>]) -> Option<Session> {
    let number = |index: usize| row.get(index).and_then(Value::as_integer);
    let first_seen = dialect.read_time(row.get(5)?)?;
    Some(Session {
        id: row.first()?.as_text()?.to_owned(),
        calls: number(1)?,
        errors: number(2)?,
        total_tokens: number(3),
        cost_nano: number(4),
        models: Vec::new(),
        first_seen,
        last_seen: dialect.read_time(row.get(6)?)?,
        duration_ms: (number(7)? - first_seen.as_micros().div_euclid(1_000)).max(0),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_that_is_no_cursor_is_refused() {
        for text in ["", "1s", "1s-1", "1d-1-61", "1s-zz-61", "1s-1-6", "1s-1-ff", "1s-1-6é", "1s-1-61-1"] {
            assert_eq!(text.parse::<SessionCursor>(), Err(InvalidSessionCursor), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(micros in 1_000_000_i64..2_147_483_647_999_999, id in "\\PC{1,20}") {
            let cursor = SessionCursor { last_seen: Timestamp::from_micros(micros), id };
            prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
    }
}

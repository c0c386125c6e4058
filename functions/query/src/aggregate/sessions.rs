//! `GET /query/sessions`: AI calls by their session, the latest first. `GET /query/sessions/{id}`: one with its calls.

use gatelog_functions_shared::{Environment, Failure, Response};
use gatelog_record::Timestamp;
use gatelog_storage::Executor;
use gatelog_storage::aggregate::sessions::{self, SessionCursor};
use serde::Serialize;

use super::look::Request;
use super::options::{Endpoint, MAX_CALLS};
use crate::log_entry::LogEntry;

/// Most bytes of the values of the calls in an answer, but for one.
const MAX_BYTES: usize = 4 * 1_024 * 1_024;

#[derive(Serialize)]
struct Sessions {
    sessions: Vec<Session>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct OneSession<'r> {
    session: Session,
    logs: Vec<LogEntry<'r>>,
    truncated: bool,
}

#[derive(Serialize)]
struct Session {
    session_id: String,
    calls: i64,
    errors: i64,
    total_tokens: Option<i64>,
    cost_nano: Option<i64>,
    models: Vec<String>,
    first_seen: Timestamp,
    last_seen: Timestamp,
    duration_ms: i64,
}

impl From<sessions::Session> for Session {
    fn from(session: sessions::Session) -> Self {
        Self {
            session_id: session.id,
            calls: session.calls,
            errors: session.errors,
            total_tokens: session.total_tokens,
            cost_nano: session.cost_nano,
            models: session.models,
            first_seen: session.first_seen,
            last_seen: session.last_seen,
            duration_ms: session.duration_ms,
        }
    }
}

/// Answers a page of sessions.
///
/// # Errors
///
/// A bad parameter, and the database's.
pub async fn list(request: &Request<'_, impl Executor, impl Environment>) -> Result<Response, Failure> {
    let params = request.params(Endpoint::Sessions)?;
    let looked_at = request.look_at(params.scope(request.environment.now())).await?;
    // One more tells whether there are more.
    let limit = params.limit.saturating_add(1);
    let mut found = sessions::list(request.database, &looked_at.scope, params.cursor.as_ref(), limit).await?;
    let most = usize::try_from(params.limit).unwrap_or(usize::MAX);
    let has_more = found.len() > most;
    found.truncate(most);
    let cursor = |last: &sessions::Session| {
        SessionCursor { last_seen: last.last_seen, id: last.id.clone() }.to_string()
    };
    let next_cursor = found.last().filter(|_| has_more).map(cursor);
    let sessions = found.into_iter().map(Session::from).collect();
    Ok(request.answer(&looked_at, Sessions { sessions, next_cursor }))
}

/// Answers one session.
///
/// # Errors
///
/// A bad parameter, an id that no call has, and the database's.
pub async fn one(
    id: &str,
    request: &Request<'_, impl Executor, impl Environment>,
) -> Result<Response, Failure> {
    let params = request.params(Endpoint::Session)?;
    let mut looked_at = request.look_at(params.scope(request.environment.now())).await?;
    looked_at.scope = sessions::only(&looked_at.scope, id);
    let found = sessions::list(request.database, &looked_at.scope, None, 1).await?;
    let Some(session) = found.into_iter().next() else {
        let id: String = id.chars().take(64).collect();
        return Err(Failure::NotFound { message: format!("there is no session {id:?} in the range") });
    };
    let (selection, is_selected) = params.selection();
    let calls = sessions::calls(request.database, &looked_at.scope, &selection, MAX_CALLS, MAX_BYTES).await?;
    let answered = i64::try_from(calls.records.len()).unwrap_or(i64::MAX);
    let truncated = calls.is_cut || answered < session.calls;
    let logs = calls.records.iter().map(|record| LogEntry { record, is_selected }).collect();
    Ok(request.answer(&looked_at, OneSession { session: session.into(), logs, truncated }))
}

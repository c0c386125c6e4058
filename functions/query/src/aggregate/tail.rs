//! `GET /query/tail`: the records that were stored since the answer before, the oldest first. Where there are none, the
//! request waits for them, and looks again a few times a second.
//!
//! Why no record is skipped and none comes twice, `gatelog_storage::aggregate::tail` says.

use std::time::Duration;

use gatelog_functions_shared::http::response;
use gatelog_functions_shared::{Body, Environment, Failure, Response};
use gatelog_storage::Executor;
use gatelog_storage::aggregate::tail::{self, Look, LookLimits};
use http::header::{HeaderName, HeaderValue, VARY};
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::look::Request;
use super::options::Endpoint;
use crate::accept;
use crate::encode::Encoder;
use crate::log_entry::LogEntry;
use crate::params::options::ResponseFormat;

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(300);
/// Most bytes of the values of the records in an answer, but for one record.
const MAX_BYTES: usize = 4 * 1_024 * 1_024;
/// Where an answer in lines has the place behind it.
const NEXT: HeaderName = HeaderName::from_static("x-next-cursor");

#[derive(Serialize)]
struct Tail<'r> {
    logs: Vec<LogEntry<'r>>,
    next: String,
    took_ms: u64,
    status: &'static str,
}

/// Answers the records.
///
/// # Errors
///
/// A bad parameter, an `Accept` that refuses every form, and the database's.
pub async fn serve(request: &Request<'_, impl Executor, impl Environment>) -> Result<Response, Failure> {
    let params = request.params(Endpoint::Tail)?;
    let form = match params.form.or_else(|| accepted(request.headers)) {
        Some(form) => form,
        None => {
            let message = "the forms of the answer are application/json, application/x-ndjson".to_owned();
            return Err(Failure::NotAcceptable { message });
        }
    };
    let (selection, is_selected) = params.selection();
    let wait = Duration::from_secs(params.wait_s.unwrap_or_default().into());
    let limits = LookLimits { records: params.limit, bytes: MAX_BYTES };
    let look = match params.after {
        None => {
            let next = tail::newest(request.database).await?;
            Look { records: Vec::new(), next, has_more: false }
        }
        Some(mut place) => loop {
            let now = request.environment.now();
            let look = tail::look(request.database, &params.filters, &selection, place, limits, now).await?;
            let left = wait.saturating_sub(request.environment.ticks().saturating_sub(request.begin));
            if !look.records.is_empty() || left.is_zero() {
                break look;
            }
            place = look.next;
            if !look.has_more {
                request.environment.sleep(left.min(PAUSE)).await;
            }
        },
    };
    let next = look.next.to_string();
    let mut response = if form == ResponseFormat::Ndjson {
        let mut encoder = Encoder::new(form, &selection, is_selected);
        let mut lines = Vec::new();
        for record in &look.records {
            encoder.record(record, &mut lines);
        }
        response::with_content_type(StatusCode::OK, "application/x-ndjson", Body::Full(lines.into()))
    } else {
        let logs = look.records.iter().map(|record| LogEntry { record, is_selected }).collect();
        let answer = Tail { logs, next: next.clone(), took_ms: request.took_ms(), status: "success" };
        response::json(StatusCode::OK, &answer)
    };
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
    if let Ok(next) = HeaderValue::from_str(&next) {
        response.headers_mut().insert(NEXT, next);
    }
    Ok(response)
}

fn accepted(headers: &HeaderMap) -> Option<ResponseFormat> {
    let forms =
        [(ResponseFormat::Json, "application/json"), (ResponseFormat::Ndjson, "application/x-ndjson")];
    let index = accept::preferred(&accept::values(headers), &forms.map(|(_, media_type)| media_type))?;
    forms.get(index).map(|(form, _)| *form)
}

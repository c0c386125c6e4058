//! From a request to an answer: nothing is acknowledged that the database has not committed.

use bytes::Bytes;
use gatelog_function::log::{self, Level};
use gatelog_function::{BodySource, Failure, Response, answer, body, failure};
use gatelog_record::batch::{self, BatchError, Rejected};
use gatelog_record::{AccessRecord, Timestamp};
use gatelog_storage::{Executor, insert};
use http::{Request, StatusCode};
use serde::Serialize;

use crate::complete::complete;
use crate::{IngestConfig, content};

/// Name of the function in its log.
pub const FUNCTION: &str = "ingest";

/// The answer to a batch that was stored.
#[derive(Debug, Serialize)]
struct Stored<'a> {
    /// Records that are new in the database.
    accepted: usize,
    /// Records that were stored before, or twice in this batch.
    duplicates: usize,
    rejected: Vec<RejectedRecord<'a>>,
}

/// The answer to a batch of which no record could be read.
#[derive(Debug, Serialize)]
struct NothingStored<'a> {
    status: &'static str,
    error: String,
    rejected: Vec<RejectedRecord<'a>>,
}

#[derive(Debug, Serialize)]
struct RejectedRecord<'a> {
    index: usize,
    error: &'a str,
}

/// Serves one request. `fill_random` makes ids for records that come without one.
pub async fn handle<B: BodySource>(
    request: Request<B>,
    database: &impl Executor,
    now: Timestamp,
    fill_random: &impl Fn(&mut [u8]),
    config: &IngestConfig,
) -> Response {
    let body = match read(request, config).await {
        Ok(body) => body,
        Err(failure) => return failure.response(),
    };
    match store(&body, database, now, fill_random, config).await {
        Ok(response) => response,
        Err(failure) => {
            log::failure(FUNCTION, &failure);
            failure.response()
        }
    }
}

async fn read<B: BodySource>(request: Request<B>, config: &IngestConfig) -> Result<Bytes, Failure> {
    let (parts, body) = request.into_parts();
    failure::check_method(&parts.method, "POST")?;
    config.token.check(&parts.headers)?;
    content::check(&parts.headers)?;
    if let Err(failure) = body::check_declared_length(&parts.headers, config.max_body_bytes) {
        body.discard(config.max_body_bytes.saturating_mul(2)).await;
        return Err(failure);
    }
    body.read(config.max_body_bytes).await
}

async fn store(
    body: &[u8],
    database: &impl Executor,
    now: Timestamp,
    fill_random: &impl Fn(&mut [u8]),
    config: &IngestConfig,
) -> Result<Response, Failure> {
    let batch = batch::decode(body, config.max_batch_records).map_err(unreadable)?;
    let mut rejected = batch.rejected;
    let mut values_cut = 0;
    let mut records: Vec<AccessRecord<'_>> = Vec::with_capacity(batch.records.len());
    for (index, mut record) in batch.records {
        match complete(&mut record, now, fill_random) {
            Ok(cut) => {
                values_cut += cut;
                records.push(record);
            }
            Err(error) => rejected.push(Rejected { index, error }),
        }
    }
    rejected.sort_by_key(|rejected| rejected.index);
    if values_cut > 0 {
        log::write(Level::Warn, FUNCTION, format_args!("{values_cut} values were over their limit and cut"));
    }
    if let Some(first) = rejected.first() {
        let count = rejected.len();
        let all = count + records.len();
        let summary =
            format!("{count} of {all} records cannot be read: record {}: {}", first.index, first.error);
        log::write(Level::Warn, FUNCTION, &summary);
        if records.is_empty() {
            let rejected = shown(&rejected);
            let failure = Failure::BadRequest { message: summary.clone() };
            return Ok(failure.response_with(&NothingStored { status: "error", error: summary, rejected }));
        }
    }
    let inserted = insert::insert(database, &records).await?;
    let (accepted, duplicates) = (inserted.accepted, inserted.duplicates);
    Ok(answer::json(StatusCode::OK, &Stored { accepted, duplicates, rejected: shown(&rejected) }))
}

fn shown(rejected: &[Rejected]) -> Vec<RejectedRecord<'_>> {
    rejected.iter().map(|rejected| RejectedRecord { index: rejected.index, error: &rejected.error }).collect()
}

fn unreadable(error: BatchError) -> Failure {
    match error {
        BatchError::TooMany { .. } => Failure::TooLarge { message: error.to_string() },
        _ => Failure::BadRequest { message: error.to_string() },
    }
}

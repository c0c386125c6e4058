//! From a request to an answer: nothing is acknowledged that the database has not committed.

use bytes::Bytes;
use gatelog_function::log::{self, Level};
use gatelog_function::{BodySource, Failure, Host, Response, Tally, answer, body, failure, metrics};
use gatelog_record::AccessRecord;
use gatelog_record::batch::{self, BatchError, Rejected};
use gatelog_storage::Executor;
use gatelog_syslog::transport::Transport;
use http::{Request, StatusCode};
use serde::Serialize;

use crate::committer::{Committer, Fate, Refusal};
use crate::complete::complete;
use crate::measured::Measured;
use crate::syslog::{Off, Syslog};
use crate::upkeep::Upkeep;
use crate::{IngestConfig, content};

/// Name of the function in its log.
pub const FUNCTION: &str = "ingest";

/// The function as one instance has it, for all requests that the instance serves.
#[derive(Debug)]
pub struct Ingest<E, H, T: Transport = Off> {
    config: IngestConfig,
    database: E,
    host: H,
    committer: Committer,
    syslog: Option<Syslog<T>>,
    tally: Tally,
    upkeep: Upkeep,
}

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
    error: &'a str,
    rejected: Vec<RejectedRecord<'a>>,
}

#[derive(Debug, Serialize)]
struct RejectedRecord<'a> {
    index: usize,
    error: &'a str,
}

/// A body that was read: what can be stored, and what cannot.
struct Readable<'b> {
    records: Vec<AccessRecord<'b>>,
    /// The index in the body of each of `records`.
    indexes: Vec<usize>,
    rejected: Vec<Rejected>,
}

impl<E: Executor, H: Host> Ingest<E, H> {
    /// The function with its configuration, storing in `database`.
    pub fn new(config: IngestConfig, database: E, host: H) -> Self {
        Self::with_syslog(config, database, host, None)
    }
}

impl<E: Executor, H: Host, T: Transport> Ingest<E, H, T> {
    /// As [`Ingest::new`], and logging what is stored.
    pub fn with_syslog(config: IngestConfig, database: E, host: H, syslog: Option<Syslog<T>>) -> Self {
        let committer = Committer::new(config.group);
        let tally = Tally::new(config.token.is_required());
        Self { config, database, host, committer, syslog, tally, upkeep: Upkeep::default() }
    }

    /// Serves one request.
    pub async fn handle<B: BodySource>(&self, request: Request<B>) -> Response {
        let response = match self.serve(request).await {
            Ok(response) => response,
            Err(failure) => {
                log::failure(FUNCTION, &failure);
                if failure.is_ours() {
                    self.tally.add(&metrics::FAILURES, failure.class(), 1);
                }
                failure.response()
            }
        };
        self.tally.add(&metrics::REQUESTS, response.status().as_str(), 1);
        response
    }

    /// Whether there is work to do after an answer. Whoever asks and is told so must run [`Ingest::background`].
    pub fn wants_background(&self) -> bool {
        self.tally.wants_flush()
    }

    /// Whether records wait whose clients have gone. Whoever asks and is told so must run [`Ingest::drain`].
    pub fn wants_drain(&self) -> bool {
        self.committer.wants_drain()
    }

    /// Stores records whose clients have gone.
    pub async fn drain(&self) {
        let database = Measured { database: &self.database, host: &self.host, tally: &self.tally };
        self.committer.drain(&database, &self.host).await;
    }

    /// The work after answers: adds counts to the shared ones, and does what is due for all instances.
    pub async fn background(&self) {
        loop {
            self.tally.flush(&self.database, &self.host, FUNCTION).await;
            self.drain().await;
            let days = self.config.retention_days;
            let trusts_filters = self.config.token.is_required();
            let upkeep = self.upkeep.run(&self.database, &self.host, &self.tally, days, trusts_filters);
            if let Err(error) = upkeep.await {
                log::write(Level::Warn, FUNCTION, format_args!("old records are deleted later: {error}"));
            }
            if self.tally.flush_ended() {
                return;
            }
        }
    }

    /// Whether syslog messages wait that nobody sends. Whoever is told so must run [`Ingest::send_syslog`].
    pub fn wants_syslog(&self) -> bool {
        self.syslog.as_ref().is_some_and(Syslog::wants_sending)
    }

    /// Sends syslog messages until none is left, after the answers that they are about.
    pub async fn send_syslog(&self) {
        if let Some(syslog) = &self.syslog {
            syslog.send(&self.host, &self.tally).await;
        }
    }

    async fn serve<B: BodySource>(&self, request: Request<B>) -> Result<Response, Failure> {
        let body = self.read(request).await?;
        let mut batch = self.decode(&body)?;
        if let (true, Some(error)) = (batch.records.is_empty(), summary(&batch)) {
            self.tally.add(&metrics::RECORDS, "rejected", batch.rejected.len());
            let rejected = shown(&mut batch.rejected);
            let body = NothingStored { status: "error", error: &error, rejected };
            return Ok(answer::json(StatusCode::BAD_REQUEST, &body));
        }
        let database = Measured { database: &self.database, host: &self.host, tally: &self.tally };
        let fates = self.committer.commit(&database, &self.host, &batch.records).await?;
        // From here on the records are committed, all but those that the database refuses.
        let count = |wanted| fates.iter().filter(|fate| **fate == wanted).count();
        let (accepted, duplicates) = (count(Fate::New), count(Fate::Duplicate));
        reject(&mut batch.rejected, &batch.indexes, &fates);
        self.tally.add(&metrics::RECORDS, "accepted", accepted);
        self.tally.add(&metrics::RECORDS, "duplicate", duplicates);
        self.tally.add(&metrics::RECORDS, "rejected", batch.rejected.len());
        if let Some(syslog) = &self.syslog {
            syslog.log(&batch.records, &fates, &self.host, &self.tally).await?;
        }
        let rejected = shown(&mut batch.rejected);
        Ok(answer::json(StatusCode::OK, &Stored { accepted, duplicates, rejected }))
    }

    async fn read<B: BodySource>(&self, request: Request<B>) -> Result<Bytes, Failure> {
        let (parts, body) = request.into_parts();
        let max_bytes = self.config.max_body_bytes;
        failure::check_method(&parts.method, "POST")?;
        self.config.token.check(&parts.headers)?;
        self.tally.hear(&parts.headers, self.host.now());
        content::check(&parts.headers)?;
        if let Err(failure) = body::check_declared_length(&parts.headers, max_bytes) {
            body.discard(max_bytes.saturating_mul(2)).await;
            return Err(failure);
        }
        body.read(max_bytes).await
    }

    fn decode<'b>(&self, body: &'b [u8]) -> Result<Readable<'b>, Failure> {
        let batch = batch::decode(body, self.config.max_batch_records).map_err(unreadable)?;
        let mut readable = Readable {
            records: Vec::with_capacity(batch.records.len()),
            indexes: Vec::with_capacity(batch.records.len()),
            rejected: batch.rejected,
        };
        let now = self.host.now();
        let (mut values_cut, mut invalid_ai_logs) = (0, 0);
        for (index, mut record) in batch.records {
            match complete(&mut record, now, &|bytes| self.host.fill_random(bytes)) {
                Ok(losses) => {
                    values_cut += losses.values_cut;
                    invalid_ai_logs += usize::from(losses.invalid_ai_log);
                    readable.records.push(record);
                    readable.indexes.push(index);
                }
                Err(error) => readable.rejected.push(Rejected { index, error }),
            }
        }
        self.tally.add(&metrics::VALUES_CUT, "", values_cut);
        self.tally.add(&metrics::INVALID_AI_LOGS, "", invalid_ai_logs);
        if values_cut + invalid_ai_logs > 0 {
            let what = format_args!(
                "{values_cut} values were over their limit and cut, {invalid_ai_logs} AI logs were no objects and left out"
            );
            log::write(Level::Warn, FUNCTION, what);
        }
        if let Some(summary) = summary(&readable) {
            log::write(Level::Warn, FUNCTION, summary);
        }
        Ok(readable)
    }
}

/// Rejects the records that the database refused. The log has the first reason: others of a batch are most often the same.
fn reject(rejected: &mut Vec<Rejected>, indexes: &[usize], fates: &[Fate]) {
    let refusals = || {
        indexes.iter().zip(fates).filter_map(|(index, fate)| match fate {
            Fate::Refused(refusal) => Some((*index, refusal)),
            Fate::New | Fate::Duplicate => None,
        })
    };
    let reason = refusals().find_map(|(index, refusal)| match refusal {
        Refusal::Unfit(reason) => Some((index, reason)),
        Refusal::NotTried => None,
    });
    if let Some((index, reason)) = reason {
        let (count, all) = (refusals().count(), fates.len());
        let what = format_args!("{count} of {all} records are refused: record {index}: {reason}");
        log::write(Level::Warn, FUNCTION, what);
    }
    rejected.extend(refusals().map(|(index, refusal)| {
        let error = match refusal {
            Refusal::Unfit(_) => "the database does not accept its values: the function's log says why",
            Refusal::NotTried => {
                "it was not tried: looking for what the database refuses of this batch took too long; send fewer at once"
            }
        };
        Rejected { index, error: error.to_owned() }
    }));
}

/// What is wrong with the records that cannot be read, if there are some.
fn summary(batch: &Readable<'_>) -> Option<String> {
    let first = batch.rejected.iter().min_by_key(|rejected| rejected.index)?;
    let count = batch.rejected.len();
    let all = count + batch.records.len();
    Some(format!("{count} of {all} records cannot be read: record {}: {}", first.index, first.error))
}

fn shown(rejected: &mut [Rejected]) -> Vec<RejectedRecord<'_>> {
    rejected.sort_by_key(|rejected| rejected.index);
    rejected.iter().map(|rejected| RejectedRecord { index: rejected.index, error: &rejected.error }).collect()
}

fn unreadable(error: BatchError) -> Failure {
    match error {
        BatchError::TooMany { .. } => Failure::TooLarge { message: error.to_string() },
        _ => Failure::BadRequest { message: error.to_string() },
    }
}

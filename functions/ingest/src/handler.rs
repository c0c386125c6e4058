//! From a request to an answer: nothing is acknowledged that the database has not committed.

use bytes::Bytes;
use gatelog_functions_shared::http::body::BodyLimits;
use gatelog_functions_shared::http::{body, method, response};
use gatelog_functions_shared::log::{self, Level, Throttle};
use gatelog_functions_shared::{BodySource, Failure, Host, Response, Tally, metrics};
use gatelog_record::AccessRecord;
use gatelog_record::batch::{self, Rejected};
use gatelog_storage::Executor;
use gatelog_syslog::transport::Transport;
use http::{HeaderMap, Request, StatusCode};

use crate::answer::{NothingStored, Stored, cut, rejected};
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
    lines: Lines,
}

/// The lines that clients can bring about, each kind for itself.
#[derive(Debug, Default)]
struct Lines {
    lost: Throttle,
    unreadable: Throttle,
    refused: Throttle,
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
        let (upkeep, lines) = Default::default();
        Self { config, database, host, committer, syslog, tally, upkeep, lines }
    }

    /// Serves one request.
    pub async fn handle<B: BodySource>(&self, request: Request<B>) -> Response {
        let response = match self.serve(request).await {
            Ok(response) => response,
            Err(failure) => {
                // What is wrong with syslog's configuration is told by the sink, once in a while.
                if !matches!(failure, Failure::SyslogMisconfigured) {
                    log::failure(FUNCTION, &failure);
                }
                if failure.is_server_error() {
                    self.tally.add(&metrics::FAILURES, failure.class(), 1);
                }
                response::failure(&failure)
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
        let (headers, body) = self.read(request).await?;
        let mut batch = self.decode(&headers, &body)?;
        if let (true, Some(error)) = (batch.records.is_empty(), summary(&batch)) {
            self.tally.add(&metrics::RECORDS, "rejected", batch.rejected.len());
            let rejected = rejected(&mut batch.rejected);
            let body = NothingStored { status: "error", error: &error, rejected };
            return Ok(response::json(StatusCode::BAD_REQUEST, &body));
        }
        let database = Measured { database: &self.database, host: &self.host, tally: &self.tally };
        let fates = self.committer.commit(&database, &self.host, &batch.records).await?;
        // From here on the records are committed, all but those that the database refuses.
        let count = |wanted| fates.iter().filter(|fate| **fate == wanted).count();
        let (accepted, duplicates) = (count(Fate::New), count(Fate::Duplicate));
        if let Some(line) = reject(&mut batch.rejected, &batch.indexes, &fates) {
            self.lines.refused.write(Level::Warn, FUNCTION, self.host.ticks(), line);
        }
        self.tally.add(&metrics::RECORDS, "accepted", accepted);
        self.tally.add(&metrics::RECORDS, "duplicate", duplicates);
        self.tally.add(&metrics::RECORDS, "rejected", batch.rejected.len());
        if let Some(syslog) = &self.syslog {
            syslog.log(&batch.records, &fates, &self.host, &self.tally).await?;
        }
        let rejected = rejected(&mut batch.rejected);
        Ok(response::json(StatusCode::OK, &Stored { accepted, duplicates, rejected }))
    }

    async fn read<B: BodySource>(&self, request: Request<B>) -> Result<(HeaderMap, Bytes), Failure> {
        let (parts, body) = request.into_parts();
        method::require(&parts.method, "POST")?;
        self.config.token.check(&parts.headers)?;
        self.tally.hear(&parts.headers, self.host.now());
        content::check_encoding(&parts.headers)?;
        let limits = BodyLimits { max_bytes: self.config.max_body_bytes, timeout: self.config.body_timeout };
        let body = body::read(body, &parts.headers, limits, &self.host).await?;
        Ok((parts.headers, body))
    }

    fn decode<'b>(&self, headers: &HeaderMap, body: &'b [u8]) -> Result<Readable<'b>, Failure> {
        let batch = batch::decode(body, self.config.max_batch_records)
            .map_err(|error| content::unreadable(headers, &error))?;
        let mut readable = Readable {
            records: Vec::with_capacity(batch.records.len()),
            indexes: Vec::with_capacity(batch.records.len()),
            rejected: batch.rejected,
        };
        let now = self.host.now();
        let (mut values_cut, mut invalid_ai_logs) = (batch.values_lost, 0);
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
        let now = self.host.ticks();
        if values_cut + invalid_ai_logs > 0 {
            let what = format_args!(
                "{values_cut} values were cut, left out or mended, {invalid_ai_logs} AI logs were no objects and left out"
            );
            self.lines.lost.write(Level::Warn, FUNCTION, now, what);
        }
        if let Some(summary) = summary(&readable) {
            self.lines.unreadable.write(Level::Warn, FUNCTION, now, summary);
        }
        Ok(readable)
    }
}

/// Rejects the records that the database refused. Answers a line for the log with the first reason: others of a batch are
/// most often the same.
fn reject(rejected: &mut Vec<Rejected>, indexes: &[usize], fates: &[Fate]) -> Option<String> {
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
    let line = reason.map(|(index, reason)| {
        let (count, all) = (refusals().count(), fates.len());
        format!("{count} of {all} records are refused: record {index}: {}", cut(reason))
    });
    rejected.extend(refusals().map(|(index, refusal)| {
        let error = match refusal {
            Refusal::Unfit(_) => "the database does not accept its values: the function's log says why",
            Refusal::NotTried => {
                "it was not tried: looking for what the database refuses of this batch took too long; send fewer at once"
            }
        };
        Rejected { index, error: error.to_owned() }
    }));
    line
}

/// What is wrong with the records that cannot be read, if there are some.
fn summary(batch: &Readable<'_>) -> Option<String> {
    let first = batch.rejected.iter().min_by_key(|rejected| rejected.index)?;
    let count = batch.rejected.len();
    let all = count + batch.records.len();
    Some(format!("{count} of {all} records cannot be read: record {}: {}", first.index, cut(&first.error)))
}

//! Turns a request into a response. Nothing is acknowledged before the database has committed it.

use bytes::Bytes;
use gatelog_functions_shared::http::body::BodyLimits;
use gatelog_functions_shared::http::{body, method, response};
use gatelog_functions_shared::log::Level;
use gatelog_functions_shared::metrics::FlushGuard;
use gatelog_functions_shared::{BodySource, Environment, Failure, MetricsRecorder, Response, metrics};
use gatelog_record::AccessRecord;
use gatelog_record::batch::{self, Rejected};
use gatelog_storage::Executor;
use gatelog_storage::schema::Partitioning;
use gatelog_syslog::transport::Transport;
use http::{HeaderMap, Request, StatusCode};

use crate::config::IngestConfig;
use crate::content;
use crate::group_commit::{GroupCommit, RecordOutcome, Refusal};
use crate::log::{FUNCTION, Throttles};
use crate::maintenance::{Duties, Maintenance};
use crate::normalize::normalize;
use crate::pricing::{Unpriced, price};
use crate::receipt::{NothingStored, Stored, cut, rejected};
use crate::syslog::{Off, Syslog};
use crate::timed_executor::TimedExecutor;

/// The function of one instance, shared by all requests that the instance serves.
#[derive(Debug)]
pub struct Ingest<E, H, T: Transport = Off> {
    config: IngestConfig,
    database: E,
    host: H,
    group_commit: GroupCommit,
    syslog: Option<Syslog<T>>,
    recorder: MetricsRecorder,
    maintenance: Maintenance,
    throttles: Throttles,
}

/// A body that was read: the records that can be stored, and those that cannot.
struct Readable<'b> {
    records: Vec<AccessRecord<'b>>,
    /// The index in the body of each of `records`.
    indexes: Vec<usize>,
    rejected: Vec<Rejected>,
}

impl<E: Executor, H: Environment> Ingest<E, H> {
    /// The function with its configuration and `database`.
    pub fn new(config: IngestConfig, database: E, host: H) -> Self {
        Self::with_syslog(config, database, host, None)
    }
}

impl<E: Executor, H: Environment, T: Transport> Ingest<E, H, T> {
    /// Like [`Ingest::new`], and logs stored records to syslog.
    pub fn with_syslog(config: IngestConfig, database: E, host: H, syslog: Option<Syslog<T>>) -> Self {
        let group_commit = GroupCommit::new(config.group);
        let recorder = MetricsRecorder::new(config.token.is_required());
        let (maintenance, throttles) = Default::default();
        Self { config, database, host, group_commit, syslog, recorder, maintenance, throttles }
    }

    /// Serves one request.
    pub async fn handle<B: BodySource>(&self, request: Request<B>) -> Response {
        let response = match self.serve(request).await {
            Ok(response) => response,
            Err(failure) => {
                // The sink itself reports problems with the syslog configuration, at intervals.
                if !matches!(failure, Failure::SyslogMisconfigured) {
                    self.throttles.failures.write(FUNCTION, &failure, self.host.ticks());
                }
                if failure.is_server_error() {
                    self.recorder.add(&metrics::FAILURES, failure.class(), 1);
                }
                response::failure(&failure)
            }
        };
        self.recorder.add(&metrics::REQUESTS, response.status().as_str(), 1);
        response
    }

    /// Begins the work after responses, if there is any and no other task does it.
    pub fn begin_background(&self) -> Option<Background<'_, E, H, T>> {
        Some(Background { flush: self.recorder.begin_flush()?, function: self })
    }

    /// Whether records wait that their clients abandoned, so that [`Ingest::drain`] must store them.
    pub fn has_abandoned(&self) -> bool {
        self.group_commit.has_abandoned()
    }

    /// Stores records that their clients abandoned.
    pub async fn drain(&self) {
        let database = TimedExecutor { database: &self.database, host: &self.host, recorder: &self.recorder };
        self.group_commit.drain(&database, &self.host).await;
    }

    /// Whether syslog messages wait that no task is sending, so that [`Ingest::send_syslog`] must be run.
    pub fn has_pending_syslog(&self) -> bool {
        self.syslog.as_ref().is_some_and(Syslog::has_pending)
    }

    /// Sends syslog messages until none is left, after the responses to their requests.
    pub async fn send_syslog(&self) {
        if let Some(syslog) = &self.syslog {
            syslog.send(&self.host, &self.recorder).await;
        }
    }

    async fn serve<B: BodySource>(&self, request: Request<B>) -> Result<Response, Failure> {
        let (headers, body) = self.read(request).await?;
        let mut batch = self.decode(&headers, &body)?;
        if let (true, Some(error)) = (batch.records.is_empty(), summary(&batch)) {
            self.recorder.add(&metrics::RECORDS, "rejected", batch.rejected.len());
            let rejected = rejected(&mut batch.rejected);
            let body = NothingStored { status: "error", error: &error, rejected };
            return Ok(response::json(StatusCode::BAD_REQUEST, &body));
        }
        let database = TimedExecutor { database: &self.database, host: &self.host, recorder: &self.recorder };
        let outcomes = self.group_commit.commit(&database, &self.host, &batch.records).await?;
        // From here on the records are committed, except those that the database refuses.
        let count = |wanted| outcomes.iter().filter(|outcome| **outcome == wanted).count();
        let (accepted, duplicates) = (count(RecordOutcome::New), count(RecordOutcome::Duplicate));
        if let Some(line) = reject(&mut batch.rejected, &batch.indexes, &outcomes) {
            self.throttles.refused.write(Level::Warn, FUNCTION, self.host.ticks(), line);
        }
        self.recorder.add(&metrics::RECORDS, "accepted", accepted);
        self.recorder.add(&metrics::RECORDS, "duplicate", duplicates);
        self.recorder.add(&metrics::RECORDS, "rejected", batch.rejected.len());
        if let Some(syslog) = &self.syslog {
            syslog.log(&batch.records, &outcomes, &self.host, &self.recorder).await?;
        }
        let rejected = rejected(&mut batch.rejected);
        Ok(response::json(StatusCode::OK, &Stored { accepted, duplicates, rejected }))
    }

    async fn read<B: BodySource>(&self, request: Request<B>) -> Result<(HeaderMap, Bytes), Failure> {
        let (parts, body) = request.into_parts();
        method::require(&parts.method, "POST")?;
        self.config.token.check(&parts.headers)?;
        self.recorder.record_filter_report(&parts.headers, self.host.now());
        content::check_encoding(&parts.headers)?;
        let limits = BodyLimits { max_bytes: self.config.max_body_bytes, timeout: self.config.body_timeout };
        let body = body::read(body, &parts.headers, limits, &self.host).await?;
        Ok((parts.headers, body))
    }

    /// Whether records are stored in a partition for each day.
    fn is_divided(&self) -> bool {
        self.database.dialect().partitioning(self.config.partitioning) == Partitioning::Day
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
        let mut unpriced = Unpriced::default();
        let prices = self.config.prices.table();
        let is_divided = self.is_divided();
        for (index, mut record) in batch.records {
            if is_divided && record.start_time.is_none() && !record.record_id.is_empty() {
                readable.rejected.push(Rejected { index, error: NO_TIME.to_owned() });
                continue;
            }
            match normalize(&mut record, now, &|bytes| self.host.fill_random(bytes)) {
                Ok(losses) => {
                    values_cut += losses.values_cut;
                    invalid_ai_logs += usize::from(losses.invalid_ai_log);
                    price(&mut record, prices, &mut unpriced);
                    readable.records.push(record);
                    readable.indexes.push(index);
                }
                Err(error) => readable.rejected.push(Rejected { index, error }),
            }
        }
        self.recorder.add(&metrics::VALUES_CUT, "", values_cut);
        self.recorder.add(&metrics::INVALID_AI_LOGS, "", invalid_ai_logs);
        self.recorder.add(&metrics::UNPRICED, "no_price", unpriced.without_price);
        self.recorder.add(&metrics::UNPRICED, "misconfigured", unpriced.misconfigured);
        let now = self.host.ticks();
        if let Err(error) = prices {
            let count = unpriced.misconfigured;
            let what = format_args!(
                "the variable prices is wrong, {count} records are stored without a cost: {error}"
            );
            self.throttles.prices.write(Level::Warn, FUNCTION, now, what);
        }
        if values_cut + invalid_ai_logs > 0 {
            let what = format_args!(
                "{values_cut} values were cut, left out or repaired, {invalid_ai_logs} AI logs were not objects and were left out"
            );
            self.throttles.lost_values.write(Level::Warn, FUNCTION, now, what);
        }
        if let Some(summary) = summary(&readable) {
            self.throttles.unreadable.write(Level::Warn, FUNCTION, now, summary);
        }
        Ok(readable)
    }
}

/// Why a record is rejected that names itself but not its time, where the time decides in which partition it is looked for.
const NO_TIME: &str = "start_time: a record with a record_id needs it where the table has a partition for each day, \
                       because sent again it would be stored again";

/// The work after responses, done by one task of an instance at a time.
#[derive(Debug)]
pub struct Background<'f, E, H, T: Transport> {
    flush: FlushGuard<'f>,
    function: &'f Ingest<E, H, T>,
}

impl<E: Executor, H: Environment, T: Transport> Background<'_, E, H, T> {
    /// Adds counts to the shared counters and does the due maintenance, until nothing is left to add.
    pub async fn run(self) {
        let Ingest { config, database, host, recorder, maintenance, .. } = self.function;
        let duties = Duties {
            retention_days: config.retention_days,
            partitioning: config.partitioning,
            trusts_filters: config.token.is_required(),
        };
        loop {
            self.flush.flush(database, host, FUNCTION).await;
            self.function.drain().await;
            let done = maintenance.run(database, host, recorder, duties).await;
            if let Err(error) = done {
                maintenance.put_off(host.ticks(), &error);
            }
            if recorder.is_empty() {
                return;
            }
        }
    }
}

/// Rejects the records that the database refused. Returns a log line with the first reason, because the others in a batch
/// are mostly the same.
fn reject(rejected: &mut Vec<Rejected>, indexes: &[usize], outcomes: &[RecordOutcome]) -> Option<String> {
    let refusals = || {
        indexes.iter().zip(outcomes).filter_map(|(index, outcome)| match outcome {
            RecordOutcome::Refused(refusal) => Some((*index, refusal)),
            RecordOutcome::New | RecordOutcome::Duplicate => None,
        })
    };
    let reason = refusals().find_map(|(index, refusal)| match refusal {
        Refusal::Unfit(reason) => Some((index, reason)),
        Refusal::NotTried => None,
    });
    let line = reason.map(|(index, reason)| {
        let (count, all) = (refusals().count(), outcomes.len());
        format!("{count} of {all} records are refused: record {index}: {}", cut(reason))
    });
    rejected.extend(refusals().map(|(index, refusal)| {
        let error = match refusal {
            Refusal::Unfit(_) => "the database does not accept its values: the function's log says why",
            Refusal::NotTried => {
                "it was not tried: the search for refused records in this batch took too long; send smaller batches"
            }
        };
        Rejected { index, error: error.to_owned() }
    }));
    line
}

/// The problems of unreadable records, if there are any.
fn summary(batch: &Readable<'_>) -> Option<String> {
    let first = batch.rejected.iter().min_by_key(|rejected| rejected.index)?;
    let count = batch.rejected.len();
    let all = count + batch.records.len();
    Some(format!("{count} of {all} records cannot be read: record {}: {}", first.index, cut(&first.error)))
}

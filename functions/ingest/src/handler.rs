//! Turns a request into a response. Nothing is acknowledged before the database has committed it.

use bytes::Bytes;
use futures::future::join_all;
use gatelog_functions_shared::http::body::BodyLimits;
use gatelog_functions_shared::http::{body, method};
use gatelog_functions_shared::log::Level;
use gatelog_functions_shared::metrics::FlushGuard;
use gatelog_functions_shared::{BodySource, Environment, Failure, MetricsRecorder, Response, metrics};
use gatelog_otlp::Logs;
use gatelog_record::AccessRecord;
use gatelog_record::batch::Rejected;
use gatelog_storage::Executor;
use gatelog_storage::schema::Partitioning;
use http::{HeaderMap, Request};

use crate::config::IngestConfig;
use crate::decompress::Coding;
use crate::form::Form;
use crate::forward::Sink;
use crate::group_commit::{GroupCommit, RecordOutcome, Refusal};
use crate::log::{FUNCTION, Throttles};
use crate::maintenance::{Duties, Maintenance};
use crate::normalize::normalize;
use crate::pricing::{Unpriced, ai_call, price};
use crate::receipt::{cut, summary};
use crate::timed_executor::TimedExecutor;

/// The function of one instance, shared by all requests that the instance serves.
#[derive(Debug)]
pub struct Ingest<E, H> {
    config: IngestConfig,
    database: E,
    host: H,
    group_commit: GroupCommit,
    /// Where stored records go on to.
    sinks: Vec<Box<dyn Sink<H>>>,
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
        Self::with_sinks(config, database, host, Vec::new())
    }

    /// Like [`Ingest::new`], with receivers of stored records.
    pub fn with_sinks(config: IngestConfig, database: E, host: H, sinks: Vec<Box<dyn Sink<H>>>) -> Self {
        let group_commit = GroupCommit::new(config.group);
        let recorder = MetricsRecorder::new(config.token.is_required()).max_models(config.max_metric_models);
        let (maintenance, throttles) = Default::default();
        Self { config, database, host, group_commit, sinks, recorder, maintenance, throttles }
    }

    /// Serves one request.
    pub async fn handle<B: BodySource>(&self, request: Request<B>) -> Response {
        let form = Form::of(request.uri(), request.headers());
        let response = match self.serve(form, request).await {
            Ok(response) => response,
            Err(failure) => {
                // A receiver itself reports problems with its configuration, at intervals.
                if !matches!(failure, Failure::ForwardMisconfigured { .. }) {
                    self.throttles.failures.write(FUNCTION, &failure, self.host.ticks());
                }
                if failure.is_server_error() {
                    self.recorder.add(&metrics::FAILURES, failure.class(), 1);
                }
                form.failure(&failure)
            }
        };
        self.recorder.add(&metrics::REQUESTS, response.status().as_str(), 1);
        if form.is_otlp() {
            self.recorder.add(&metrics::OTLP_REQUESTS, response.status().as_str(), 1);
        }
        response
    }

    /// Begins the work after responses, if there is any and no other task does it.
    pub fn begin_background(&self) -> Option<Background<'_, E, H>> {
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

    /// The receivers for which stored records wait that no task is sending. Each must be run.
    pub fn pending(&self) -> Vec<Pending<'_, E, H>> {
        let pending = self.sinks.iter().filter(|sink| sink.has_pending());
        pending.map(|sink| Pending { sink: &**sink, function: self }).collect()
    }

    async fn serve<B: BodySource>(&self, form: Form, request: Request<B>) -> Result<Response, Failure> {
        let (headers, body) = self.read(form, request).await?;
        let mut batch = self.decode(form, &headers, &body)?;
        if batch.records.is_empty() && !batch.rejected.is_empty() {
            self.count(form, "rejected", batch.rejected.len());
            return Ok(form.nothing_stored(&mut batch.rejected));
        }
        let database = TimedExecutor { database: &self.database, host: &self.host, recorder: &self.recorder };
        let outcomes = self.group_commit.commit(&database, &self.host, &batch.records).await?;
        // From here on the records are committed, except those that the database refuses.
        let count = |wanted| outcomes.iter().filter(|outcome| **outcome == wanted).count();
        let (accepted, duplicates) = (count(RecordOutcome::New), count(RecordOutcome::Duplicate));
        if let Some(line) = reject(&mut batch.rejected, &batch.indexes, &outcomes) {
            self.throttles.refused.write(Level::Warn, FUNCTION, self.host.ticks(), line);
        }
        self.count(form, "accepted", accepted);
        self.count(form, "duplicate", duplicates);
        self.count(form, "rejected", batch.rejected.len());
        self.count_ai_calls(&batch.records, &outcomes);
        self.forward(&batch.records, &outcomes).await?;
        Ok(form.stored(accepted, duplicates, &mut batch.rejected))
    }

    /// Counts the AI calls among the records that are new, so that a record that is sent again counts once.
    fn count_ai_calls(&self, records: &[AccessRecord<'_>], outcomes: &[RecordOutcome]) {
        let stored = records.iter().zip(outcomes).filter(|(_, outcome)| **outcome == RecordOutcome::New);
        for call in stored.filter_map(|(record, _)| ai_call(record, self.config.prices.table())) {
            self.recorder.add_ai_call(&call);
        }
    }

    /// Hands the records to all receivers at once, so that none misses records because another fails.
    async fn forward(&self, records: &[AccessRecord<'_>], outcomes: &[RecordOutcome]) -> Result<(), Failure> {
        let forwarded =
            self.sinks.iter().map(|sink| sink.forward(records, outcomes, &self.host, &self.recorder));
        join_all(forwarded).await.into_iter().collect()
    }

    fn count(&self, form: Form, outcome: &str, records: usize) {
        self.recorder.add(&metrics::RECORDS, outcome, records);
        if form.is_otlp() {
            self.recorder.add(&metrics::OTLP_RECORDS, outcome, records);
        }
    }

    async fn read<B: BodySource>(
        &self,
        form: Form,
        request: Request<B>,
    ) -> Result<(HeaderMap, Bytes), Failure> {
        let (parts, body) = request.into_parts();
        method::require(&parts.method, "POST")?;
        self.config.token.check(&parts.headers)?;
        self.recorder.record_filter_report(&parts.headers, self.host.now());
        form.check()?;
        let coding = Coding::of(&parts.headers)?;
        let limits = BodyLimits { max_bytes: self.config.max_body_bytes, timeout: self.config.body_timeout };
        let body = body::read(body, &parts.headers, limits, &self.host).await?;
        Ok((parts.headers, coding.decode(body, self.config.max_decompressed_bytes)?))
    }

    /// Whether records are stored in a partition for each day.
    fn is_divided(&self) -> bool {
        self.database.dialect().partitioning(self.config.partitioning) == Partitioning::Day
    }

    fn decode<'b>(&self, form: Form, headers: &HeaderMap, body: &'b [u8]) -> Result<Readable<'b>, Failure> {
        let Logs { batch, ignored_attributes } = form.decode(headers, body, self.config.max_batch_records)?;
        self.recorder.add(&metrics::OTLP_IGNORED_ATTRIBUTES, "", ignored_attributes);
        let mut readable = Readable {
            records: Vec::with_capacity(batch.records.len()),
            indexes: Vec::with_capacity(batch.records.len()),
            rejected: batch.rejected,
        };
        let now = self.host.now();
        let (mut values_cut, mut invalid_ai_logs) = (batch.values_lost, 0);
        let mut unpriced = Unpriced::default();
        let prices = self.config.prices.table();
        // Records at /ingest are redacted by the filter that sent them, or meant to be stored as they are.
        let redact = form.is_otlp().then_some(&self.config.redact_otlp);
        let is_divided = self.is_divided();
        for (index, mut record) in batch.records {
            if is_divided && record.start_time.is_none() && !record.record_id.is_empty() {
                readable.rejected.push(Rejected { index, error: NO_TIME.to_owned() });
                continue;
            }
            match normalize(&mut record, now, redact, &|bytes| self.host.fill_random(bytes)) {
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
        if let Some(summary) = summary(&readable.rejected, readable.records.len()) {
            self.throttles.unreadable.write(Level::Warn, FUNCTION, now, summary);
        }
        Ok(readable)
    }
}

/// Why a record is rejected that names itself but not its time, where the time decides in which partition it is looked for.
const NO_TIME: &str = "start_time: a record with a record_id needs it where the table has a partition for each day, \
                       because sent again it would be stored again";

/// Sends what waits for one receiver, after the responses to its requests.
#[derive(Debug)]
pub struct Pending<'f, E, H> {
    sink: &'f dyn Sink<H>,
    function: &'f Ingest<E, H>,
}

impl<E, H> Pending<'_, E, H> {
    /// Sends until nothing is left.
    pub async fn run(self) {
        self.sink.send(&self.function.host, &self.function.recorder).await;
    }
}

/// The work after responses, done by one task of an instance at a time.
#[derive(Debug)]
pub struct Background<'f, E, H> {
    flush: FlushGuard<'f>,
    function: &'f Ingest<E, H>,
}

impl<E: Executor, H: Environment> Background<'_, E, H> {
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

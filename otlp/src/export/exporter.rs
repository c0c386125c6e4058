//! Sends log records to a receiver of OTLP/HTTP: one request after the other, again where the protocol allows it.
//!
//! Under `best_effort`, a request that meets an unavailable receiver is sent again after a pause, for at most
//! `max_retry_ms` from the first failure on; then its records are given up and counted, and until the receiver answers
//! again each batch has one attempt after the pause, or none during it. Under `at_least_once` a request has one attempt
//! and the caller is told, so that it sends the records again.
//!
//! What the receiver rejects for good is not sent again under either guarantee: it is counted, and written to the log.

use std::cell::Cell;
use std::ops::Range;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures::future::{Either, select};
use gatelog_forward::{BrokenOff, Counter, Destination, Guarantee, Pause, Runtime};
use gatelog_record::{AccessRecord, Timestamp};
use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue};
use thiserror::Error;

use super::answer::{Verdict, verdict};
use super::batch::LogRecords;
use super::config::{Compression, ExportConfig};
use super::post::{Post, PostRequest};
use super::stats::ExportStats;

/// A receiver of OTLP/HTTP.
#[derive(Debug)]
pub struct Exporter<P> {
    config: ExportConfig,
    headers: HeaderMap,
    /// The currency of costs.
    currency: Option<String>,
    post: P,
    pause: Pause,
    /// What the last failure was.
    last_failure: Cell<Failure>,
    stats: ExportStats,
}

/// Why records were not exported.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportError {
    /// The receiver did not take them.
    #[error("{records} records were not exported to {url}: {reason}")]
    NotTaken {
        /// The number of records.
        records: usize,
        /// Where they were sent.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// They were not sent, because the receiver failed shortly before.
    #[error("{records} records were not exported to {url}: it failed before, next attempt in {wait:?}")]
    Paused {
        /// The number of records.
        records: usize,
        /// Where they would have been sent.
        url: String,
        /// The rest of the pause.
        wait: Duration,
    },
    /// The task that was sending them ended early.
    #[error(transparent)]
    BrokenOff(#[from] BrokenOff),
}

/// The kinds of failures after which a receiver is left alone.
#[derive(Clone, Copy, Debug, Default)]
enum Failure {
    #[default]
    Unreachable,
    Unavailable,
    Refused,
}

/// What became of one attempt.
enum Attempt {
    Done,
    Split,
    Failed { reason: String },
}

impl<P: Post> Exporter<P> {
    /// An exporter that has sent nothing yet. `currency` is that of the price table.
    pub fn new(config: ExportConfig, currency: Option<String>, post: P) -> Self {
        let mut headers = HeaderMap::new();
        // A configured header replaces one of these.
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("gatelog/", env!("CARGO_PKG_VERSION"))));
        headers.extend(config.headers.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if config.compression == Compression::Gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let (pause, last_failure, stats) = Default::default();
        Self { config, headers, currency, post, pause, last_failure, stats }
    }

    /// The counters.
    pub fn stats(&self) -> &ExportStats {
        &self.stats
    }

    /// Sends a part of a batch, again if necessary; true when it must be sent in smaller parts.
    async fn send_part(
        &self,
        batch: &LogRecords,
        part: Range<usize>,
        runtime: &impl Runtime,
    ) -> Result<bool, ExportError> {
        let records = part.len();
        self.wait_or_give_up(records, runtime).await?;
        let body = batch.body(part, &self.config.service_name, self.config.compression);
        let body = Bytes::from(body);
        loop {
            match self.attempt(body.clone(), records, runtime).await {
                Attempt::Done => return Ok(false),
                Attempt::Split => return Ok(true),
                Attempt::Failed { reason } => {
                    let url = self.config.url.clone();
                    let error = ExportError::NotTaken { records, url, reason };
                    runtime.delivery_failed(&error);
                    self.wait_or_give_up(records, runtime).await.map_err(|_| error)?;
                }
            }
        }
    }

    /// Waits until the receiver may be tried, when there is time for that. Otherwise counts the records by the last
    /// failure.
    async fn wait_or_give_up(&self, records: usize, runtime: &impl Runtime) -> Result<(), ExportError> {
        while let Some(wait) = self.pause.rest(runtime.ticks()) {
            let is_retried = matches!(self.last_failure.get(), Failure::Unreachable | Failure::Unavailable);
            let would_end = self.pause.age(runtime.ticks()).saturating_add(wait);
            let has_time = would_end <= self.config.max_retry_time;
            if !is_retried || !has_time || self.config.guarantee == Guarantee::AtLeastOnce {
                self.counter().add(records);
                return Err(ExportError::Paused { records, url: self.config.url.clone(), wait });
            }
            runtime.sleep(wait).await;
        }
        Ok(())
    }

    /// Sends one request and counts how it ended.
    async fn attempt(&self, body: Bytes, records: usize, runtime: &impl Runtime) -> Attempt {
        let request = PostRequest { url: &self.config.url, headers: self.headers.clone(), body };
        let timeout = self.config.timeout;
        let response = match select(pin!(self.post.post(request)), pin!(runtime.sleep(timeout))).await {
            Either::Left((response, _)) => response,
            Either::Right(_) => Err(format!("no complete response in {timeout:?}")),
        };
        let verdict = response.map(|response| verdict(&response, records, runtime.now()));
        let (counts, requests) = (&self.stats.records, &self.stats.requests);
        match verdict {
            Ok(Verdict::Accepted { rejected, message }) => {
                requests.accepted.add(1);
                self.pause.end();
                counts.sent.add(records.saturating_sub(rejected));
                counts.rejected.add(rejected);
                if rejected > 0 || !message.is_empty() {
                    let url = &self.config.url;
                    runtime.delivery_failed(&format_args!(
                        "{url} rejects {rejected} of {records} records: {message}"
                    ));
                }
                Attempt::Done
            }
            Ok(Verdict::TooLarge) if records > 1 => {
                requests.rejected.add(1);
                self.pause.end();
                Attempt::Split
            }
            Ok(Verdict::TooLarge) => self.rejected(records, "status 413, even for one record", runtime),
            Ok(Verdict::Rejected { message }) => {
                self.rejected(records, &format!("status 400: {message}"), runtime)
            }
            Ok(Verdict::Unavailable { status, retry_after, message }) => {
                requests.unavailable.add(1);
                self.failed(Failure::Unavailable, retry_after, format!("status {status}: {message}"), runtime)
            }
            Ok(Verdict::Refused { status, message }) => {
                requests.refused.add(1);
                self.failed(Failure::Refused, Duration::ZERO, format!("status {status}: {message}"), runtime)
            }
            Err(reason) => {
                requests.unreachable.add(1);
                self.failed(Failure::Unreachable, Duration::ZERO, reason, runtime)
            }
        }
    }

    fn rejected(&self, records: usize, what: &str, runtime: &impl Runtime) -> Attempt {
        self.stats.requests.rejected.add(1);
        self.stats.records.rejected.add(records);
        self.pause.end();
        runtime.delivery_failed(&format_args!("{} rejects {records} records: {what}", self.config.url));
        Attempt::Done
    }

    fn failed(
        &self,
        failure: Failure,
        retry_after: Duration,
        reason: String,
        runtime: &impl Runtime,
    ) -> Attempt {
        self.last_failure.set(failure);
        self.pause.begin(runtime.ticks(), retry_after, runtime.random());
        Attempt::Failed { reason }
    }

    /// The counter for records that the last failure concerns.
    fn counter(&self) -> &Counter {
        match self.last_failure.get() {
            Failure::Unreachable => &self.stats.records.unreachable,
            Failure::Unavailable => &self.stats.records.unavailable,
            Failure::Refused => &self.stats.records.refused,
        }
    }
}

impl<P: Post> Destination for Exporter<P> {
    type Batch = LogRecords;
    type Choice = ();
    type Request = Timestamp;
    type Error = ExportError;

    fn guarantee(&self) -> Guarantee {
        self.config.guarantee
    }

    fn begin(&self, now: Timestamp) -> Timestamp {
        now
    }

    fn choose(&self, _: &AccessRecord<'_>) -> Option<()> {
        Some(())
    }

    fn write(&self, batch: &mut LogRecords, record: &AccessRecord<'_>, (): (), now: &Timestamp) {
        batch.push(record, *now, self.currency.as_deref());
    }

    fn count_dropped(&self) {
        self.stats.records.dropped.add(1);
    }

    async fn send(&self, batch: &LogRecords, runtime: &impl Runtime) -> Result<(), ExportError> {
        let (max_records, max_bytes) = (self.config.max_request_records, self.config.max_request_bytes);
        let mut parts = batch.parts(max_records, max_bytes);
        let mut outcome = Ok(());
        while let Some(part) = parts.pop() {
            match self.send_part(batch, part.clone(), runtime).await {
                Ok(false) => {}
                Ok(true) => {
                    let middle = part.start.midpoint(part.end);
                    parts.push(middle..part.end);
                    parts.push(part.start..middle);
                }
                // The next parts are counted by the same failure, or sent when its pause is over.
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        outcome
    }
}

#[cfg(test)]
mod tests;

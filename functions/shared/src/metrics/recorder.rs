//! Collects the counts of an instance and adds them to the counters that all instances share. An instance lives
//! only for seconds, so it flushes often, but never while a request waits.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use gatelog_record::Timestamp;
use gatelog_record::push::{DROPPED_HEADER, FILTER_HEADER, QUEUE_HEADER, RETRIES_HEADER};
use gatelog_storage::filter_reports::{self, FilterReport, MAX_VM_CHARS};
use gatelog_storage::{Executor, StorageError, counters, open_filter_reports};
use http::HeaderMap;

use super::ai::{self, AiCall, AiCounts};
use super::catalogue::{FLUSH_FAILURES, Family, Histogram, series};
use crate::{Environment, log};

/// Delay between a count and its flush, in which more counts accumulate.
const FLUSH_DELAY: Duration = Duration::from_millis(400);
/// Attempts before the counts are given up. When its database stays unavailable, an instance has nowhere else
/// to put them.
const FLUSH_ATTEMPTS: u32 = 5;
/// Most filter VMs whose reports are kept between two flushes; the reports of others are kept at their next
/// push.
const MAX_REPORTS: usize = 256;

/// Counts by name, label and the label's value.
type Counts = BTreeMap<(&'static str, &'static str, &'static str), i64>;

/// Counts that are not yet in the database.
#[derive(Debug)]
pub struct MetricsRecorder {
    counts: RefCell<Counts>,
    ai: RefCell<AiCounts>,
    /// Models that have series in the database, as far as this instance knows.
    known_models: RefCell<BTreeSet<String>>,
    max_models: usize,
    reports: RefCell<BTreeMap<String, FilterReport>>,
    trusts_filters: bool,
    is_flushing: Cell<bool>,
}

impl MetricsRecorder {
    /// An empty recorder. `trusts_filters` says whether only bearers of a token can report; reports open to anyone are
    /// bounded, see [`gatelog_storage::open_filter_reports`].
    pub fn new(trusts_filters: bool) -> Self {
        let (counts, ai, known_models, reports, is_flushing) = Default::default();
        Self { counts, ai, known_models, max_models: ai::MAX_MODELS, reports, trusts_filters, is_flushing }
    }

    /// Sets the number of models that have series of their own; [`ai::MAX_MODELS`] by default. Instances that meet new
    /// models at the same moment can exceed it by those.
    #[must_use]
    pub fn max_models(mut self, max_models: usize) -> Self {
        self.max_models = max_models;
        self
    }

    /// Adds `count` to the series with the label's `value`.
    pub fn add(&self, family: &Family, value: &str, count: usize) {
        if count > 0 {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            self.count((family.name, family.label, family.known(value)), count);
        }
    }

    /// Adds one duration to the histogram.
    pub fn observe(&self, histogram: &Histogram, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.count((histogram.bucket_name, "le", histogram.bucket_of(micros)), 1);
        self.count((histogram.sum_name, "", ""), i64::try_from(micros).unwrap_or(i64::MAX));
    }

    /// Adds a stored AI call.
    pub fn add_ai_call(&self, call: &AiCall<'_>) {
        self.ai.borrow_mut().add(call, self.max_models);
    }

    /// Keeps a filter's report about itself from the headers of a push. An unreadable value counts as 0.
    pub fn record_filter_report(&self, headers: &HeaderMap, now: Timestamp) {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        // A larger number is treated as the largest that a filter can have counted.
        let most = |count: u64| i64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let number = |name| text(name).and_then(|text| text.parse().ok()).map_or(0, most);
        let Some(vm) = text(FILTER_HEADER).filter(|vm| is_name(vm)) else { return };
        let report = FilterReport {
            vm: vm.to_owned(),
            seen_ms: now.as_millis(),
            queue_entries: number(QUEUE_HEADER),
            dropped: number(DROPPED_HEADER),
            retries: number(RETRIES_HEADER),
        };
        let mut reports = self.reports.borrow_mut();
        if reports.len() < MAX_REPORTS || reports.contains_key(vm) {
            reports.entry(report.vm.clone()).and_modify(|known| merge(known, &report)).or_insert(report);
        }
    }

    /// Begins a flush when something was counted and no other task flushes. The holder of the guard must do
    /// it.
    pub fn begin_flush(&self) -> Option<FlushGuard<'_>> {
        (!self.is_empty() && !self.is_flushing.replace(true)).then_some(FlushGuard(self))
    }

    /// Whether there is nothing to add.
    pub fn is_empty(&self) -> bool {
        self.counts.borrow().is_empty() && self.ai.borrow().is_empty() && self.reports.borrow().is_empty()
    }

    async fn flush_once(&self, database: &impl Executor) -> Result<(), StorageError> {
        let (counts, mut ai) = (self.counts.take(), self.ai.take());
        if let Err(error) = self.add_counts(database, &counts, &mut ai).await {
            counts.into_iter().for_each(|(key, count)| self.count(key, count));
            self.ai.borrow_mut().merge(ai);
            return Err(error);
        }
        let reports: Vec<FilterReport> = self.reports.take().into_values().collect();
        let noted = if self.trusts_filters {
            filter_reports::report(database, &reports).await
        } else {
            open_filter_reports::report(database, &reports).await
        };
        if let Err(error) = noted {
            let mut kept = self.reports.borrow_mut();
            for report in reports {
                kept.entry(report.vm.clone()).and_modify(|newer| merge(newer, &report)).or_insert(report);
            }
            return Err(error);
        }
        Ok(())
    }

    async fn add_counts(
        &self,
        database: &impl Executor,
        counts: &Counts,
        ai: &mut AiCounts,
    ) -> Result<(), StorageError> {
        let mut known = self.known_models.borrow().clone();
        if ai.has_unknown_model(&known) && known.len() < self.max_models {
            known.extend(models(database).await?);
        }
        ai.fold_models_beyond(self.max_models, &mut known);
        *self.known_models.borrow_mut() = known;
        let plain = counts.iter().map(|((name, label, value), count)| (series(name, label, value), *count));
        let mut added: Vec<(String, i64)> = plain.chain(ai.series()).collect();
        added.sort();
        counters::add(database, &added).await
    }

    fn count(&self, key: (&'static str, &'static str, &'static str), count: i64) {
        let mut counts = self.counts.borrow_mut();
        let sum = counts.entry(key).or_default();
        *sum = sum.saturating_add(count);
    }
}

/// The one task that flushes, until it is dropped.
#[derive(Debug)]
pub struct FlushGuard<'r>(&'r MetricsRecorder);

impl FlushGuard<'_> {
    /// Waits briefly, then adds the counts to the shared counters, with a few attempts.
    pub async fn flush(&self, database: &impl Executor, host: &impl Environment, function: &str) {
        let recorder = self.0;
        for attempt in 1..=FLUSH_ATTEMPTS {
            host.sleep(FLUSH_DELAY * attempt).await;
            let Err(error) = recorder.flush_once(database).await else { return };
            recorder.add(&FLUSH_FAILURES, "", 1);
            if attempt == FLUSH_ATTEMPTS {
                recorder.counts.take();
                recorder.ai.take();
                recorder.reports.take();
                let message = format_args!("counts for /health/metrics are lost: {error}");
                log::write(log::Level::Error, function, message);
            }
        }
    }
}

impl Drop for FlushGuard<'_> {
    fn drop(&mut self) {
        self.0.is_flushing.set(false);
    }
}

/// The models that have series of their own in the database.
async fn models(database: &impl Executor) -> Result<Vec<String>, StorageError> {
    let calls = counters::read_of(database, ai::CALLS.name).await?;
    let models = calls.iter().filter_map(|(name, _)| ai::model_of(name)).filter(|model| *model != ai::OTHER);
    Ok(models.map(str::to_owned).collect())
}

/// Sets `known` to the later of two reports. Pushes may overtake each other, but counts never decrease.
fn merge(known: &mut FilterReport, other: &FilterReport) {
    if other.seen_ms >= known.seen_ms {
        known.seen_ms = other.seen_ms;
        known.queue_entries = other.queue_entries;
    }
    known.dropped = known.dropped.max(other.dropped);
    known.retries = known.retries.max(other.retries);
}

fn is_name(vm: &str) -> bool {
    let plain = vm.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
    plain && !vm.is_empty() && vm.len() <= MAX_VM_CHARS
}

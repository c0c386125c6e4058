//! What operators can see of the filter: counters, gauges and one histogram, in the gateway's statistics.
//!
//! Changes are gathered and handed to the gateway on a tick, so that a request pays nothing for them. All VMs of a
//! gateway share one set of metrics; gauges are therefore moved by differences and show the sum over the VMs.

use crate::host::Host;

macro_rules! metrics {
    ($( $kind:ident $variant:ident = $name:literal, $doc:literal; )+) => {
        /// A metric of the filter.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Metric {
            $( #[doc = $doc] $variant, )+
        }

        impl Metric {
            /// All metrics, in the order of their numbers.
            pub const ALL: &[Metric] = &[ $( Metric::$variant, )+ ];

            /// The name in the gateway's statistics.
            pub const fn name(self) -> &'static str {
                match self { $( Metric::$variant => $name, )+ }
            }

            /// How the gateway treats it.
            pub const fn kind(self) -> MetricKind {
                match self { $( Metric::$variant => MetricKind::$kind, )+ }
            }

            /// What it shows, in one sentence.
            pub const fn doc(self) -> &'static str {
                match self { $( Metric::$variant => $doc, )+ }
            }
        }
    };
}

/// How the gateway treats a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// A distribution of values.
    Histogram,
}

metrics! {
    Counter Collected = "gatelog_collected", "Records made.";
    Counter SampledOut = "gatelog_sampled_out", "Requests that made no record because of sampling.";
    Counter Pushed = "gatelog_pushed", "Records that the collector acknowledged.";
    Counter Rejected = "gatelog_rejected", "Records in acknowledged batches that the collector named as unreadable.";
    Counter Batches = "gatelog_batches", "Batches that the collector acknowledged.";
    Counter PushFailures = "gatelog_push_failures", "Pushes that were not acknowledged and are tried again, or given up after max_retry_time.";
    Counter Retries = "gatelog_retries", "Pushes of a batch after a failed one.";
    Counter DroppedQueueFull = "gatelog_dropped_queue_full", "Records dropped, oldest first, because the queue was full.";
    Counter DroppedTooLarge = "gatelog_dropped_too_large", "Records dropped because they alone exceed max_bytes, or the collector's limit (413).";
    Counter DroppedRefused = "gatelog_dropped_refused", "Records dropped because the collector refused their batch for good (a status that is not retried).";
    Counter DroppedRetryTime = "gatelog_dropped_retry_time", "Records dropped because their batch failed for longer than max_retry_time.";
    Counter DroppedShutdown = "gatelog_dropped_shutdown", "Records given up because the gateway shut down before the collector took them.";
    Counter BodiesSkippedEncoding = "gatelog_bodies_skipped_encoding", "Bodies neither searched for AI usage nor captured because they are compressed.";
    Counter BodiesSkippedType = "gatelog_bodies_skipped_type", "Bodies of calls that may be AI calls, not searched because they are neither JSON nor an event stream.";
    Counter CaptureRefused = "gatelog_capture_refused", "Records without captured headers and bodies because the request asked for that.";
    Counter CaptureShort = "gatelog_capture_short", "Bodies captured in part, or not at all, because all that are held would take more than capture.max_total_bytes.";
    Counter ValuesCut = "gatelog_values_cut", "Values cut to the length that a column holds.";
    Gauge QueueEntries = "gatelog_queue_entries", "Records waiting.";
    Gauge QueueBytes = "gatelog_queue_bytes", "Bytes of the records waiting.";
    Gauge InFlight = "gatelog_in_flight", "Batches sent and not yet answered, or waiting for their next try.";
    Histogram PushMillis = "gatelog_push_ms", "Milliseconds from sending a batch to its answer.";
}

/// Changes of metrics since they were last handed to the gateway.
#[derive(Debug, Default)]
pub struct Metrics {
    changes: [i64; Metric::ALL.len()],
    gauges: [i64; Metric::ALL.len()],
    push_millis: Vec<i64>,
    dropped: u64,
    retries: u64,
}

impl Metrics {
    /// Adds to a counter.
    pub fn add(&mut self, metric: Metric, amount: usize) {
        if let Some(change) = self.changes.get_mut(metric as usize) {
            *change = change.saturating_add(i64::try_from(amount).unwrap_or(i64::MAX));
        }
        let amount = u64::try_from(amount).unwrap_or(u64::MAX);
        match metric {
            Metric::DroppedQueueFull
            | Metric::DroppedTooLarge
            | Metric::DroppedRefused
            | Metric::DroppedRetryTime
            | Metric::DroppedShutdown => self.dropped = self.dropped.saturating_add(amount),
            Metric::Retries => self.retries = self.retries.saturating_add(amount),
            _ => {}
        }
    }

    /// Sets what a gauge shows for this VM.
    pub fn set(&mut self, metric: Metric, value: usize) {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        if let (Some(change), Some(gauge)) =
            (self.changes.get_mut(metric as usize), self.gauges.get_mut(metric as usize))
        {
            *change = change.saturating_add(value.saturating_sub(*gauge));
            *gauge = value;
        }
    }

    /// Notes how long a push took.
    pub fn push_took(&mut self, millis: u128) {
        self.push_millis.push(i64::try_from(millis).unwrap_or(i64::MAX));
    }

    /// Records dropped since the VM started, for whatever reason.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Pushes repeated since the VM started.
    pub fn retries(&self) -> u64 {
        self.retries
    }

    /// Hands the changes to the gateway.
    pub fn flush(&mut self, host: &impl Host) {
        for (metric, change) in Metric::ALL.iter().zip(&mut self.changes) {
            let amount = std::mem::take(change);
            if amount != 0 {
                host.metric(*metric, amount);
            }
        }
        for millis in self.push_millis.drain(..) {
            host.metric(Metric::PushMillis, millis);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::mock::MockHost;

    #[test]
    fn changes_reach_the_gateway_once() {
        let host = MockHost::new();
        let mut metrics = Metrics::default();
        metrics.add(Metric::Collected, 2);
        metrics.add(Metric::DroppedRefused, 3);
        metrics.set(Metric::QueueEntries, 7);
        metrics.flush(&host);
        metrics.set(Metric::QueueEntries, 4);
        metrics.push_took(12);
        metrics.flush(&host);
        metrics.flush(&host);
        assert_eq!(host.metric_value(Metric::Collected), 2);
        assert_eq!(host.metric_value(Metric::QueueEntries), 4);
        assert_eq!(host.metric_value(Metric::PushMillis), 12);
        assert_eq!(metrics.dropped(), 3);
    }

    #[test]
    fn names_are_unique_and_say_whose_they_are() {
        let names: std::collections::HashSet<_> = Metric::ALL.iter().map(|metric| metric.name()).collect();
        assert_eq!(names.len(), Metric::ALL.len());
        assert!(names.iter().all(|name| name.starts_with("gatelog_")));
        assert!(Metric::ALL.iter().enumerate().all(|(index, metric)| *metric as usize == index));
    }
}

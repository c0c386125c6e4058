//! The catalogue of the filter's metrics: counters, gauges and one histogram in the gateway's statistics.

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

            /// The type of the metric.
            pub const fn kind(self) -> MetricKind {
                match self { $( Metric::$variant => MetricKind::$kind, )+ }
            }

            /// The meaning, in one sentence.
            pub const fn doc(self) -> &'static str {
                match self { $( Metric::$variant => $doc, )+ }
            }
        }
    };
}

/// The type of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Only increases.
    Counter,
    /// Goes up and down.
    Gauge,
    /// A distribution of values.
    Histogram,
}

metrics! {
    Counter Collected = "gatelog_collected", "Records made.";
    Counter SampledOut = "gatelog_sampled_out", "Requests that were not recorded because of sampling.";
    Counter Pushed = "gatelog_pushed", "Records that the collector acknowledged.";
    Counter Rejected = "gatelog_rejected", "Records in acknowledged batches that the collector rejected as unreadable.";
    Counter Batches = "gatelog_batches", "Batches that the collector acknowledged.";
    Counter PushFailures = "gatelog_push_failures", "Pushes that were not acknowledged and are retried, or given up after max_retry_time.";
    Counter Retries = "gatelog_retries", "Pushes of a batch after a failed one.";
    Counter DroppedQueueFull = "gatelog_dropped_queue_full", "Records dropped, oldest first, because the queue was full.";
    Counter DroppedTooLarge = "gatelog_dropped_too_large", "Records dropped because they alone exceed max_bytes, or the collector's limit (413).";
    Counter DroppedRefused = "gatelog_dropped_refused", "Records dropped because the collector refused their batch permanently (with a status that is not retried).";
    Counter DroppedRetryTime = "gatelog_dropped_retry_time", "Records dropped because their batch failed for longer than max_retry_time.";
    Counter DroppedShutdown = "gatelog_dropped_shutdown", "Records given up because the gateway shut down before the collector took them.";
    Counter BodiesSkippedEncoding = "gatelog_bodies_skipped_encoding", "Bodies neither searched for AI usage nor captured because they are in an encoding that is not read.";
    Counter BodiesSkippedType = "gatelog_bodies_skipped_type", "Bodies of calls that may be AI calls, not searched because they are neither JSON nor an event stream.";
    Counter BodiesOverLimit = "gatelog_bodies_over_limit", "Compressed bodies read in part because they decode to more, or need more memory, than ai.decode allows.";
    Counter BodiesDamaged = "gatelog_bodies_damaged", "Compressed bodies read in part because they are invalid for their content-encoding.";
    Counter CaptureRefused = "gatelog_capture_refused", "Records without captured headers and bodies because the request refused capture.";
    Counter CaptureShort = "gatelog_capture_short", "Bodies captured in part, or not at all, because all captured bodies would take more than capture.max_total_bytes.";
    Counter ValuesCut = "gatelog_values_cut", "Values cut to the length that a column holds.";
    Counter Panics = "gatelog_panics", "Panics of Envoy's module that were caught; the filter's VM ends at one.";
    Gauge QueueEntries = "gatelog_queue_entries", "Records waiting.";
    Gauge QueueBytes = "gatelog_queue_bytes", "Bytes of the records waiting.";
    Gauge QueueMaxEntries = "gatelog_queue_max_entries", "Records that the queues can hold, without queues that never held one.";
    Gauge QueueMaxBytes = "gatelog_queue_max_bytes", "Bytes that the queues can hold, without queues that never held a record.";
    Gauge InFlight = "gatelog_in_flight", "Batches sent and not yet answered, or waiting for a retry.";
    Histogram PushMillis = "gatelog_push_ms", "Milliseconds from sending a batch to its response.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_have_the_prefix() {
        let names: std::collections::HashSet<_> = Metric::ALL.iter().map(|metric| metric.name()).collect();
        assert_eq!(names.len(), Metric::ALL.len());
        assert!(names.iter().all(|name| name.starts_with("gatelog_")));
        assert!(Metric::ALL.iter().enumerate().all(|(index, metric)| *metric as usize == index));
    }
}

//! Collects changes of the metrics until they are sent to the gateway.
//!
//! A request's callback only adds to them; a tick sends them to the gateway, so that requests are not delayed. All
//! VMs of a gateway share one set of metrics; gauges are therefore changed by differences and show the sum over
//! the VMs.

use crate::host::Host;
use crate::observe::metric::Metric;

/// Changes of metrics since they were last sent to the gateway.
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

    /// Sets this VM's value of a gauge.
    pub fn set(&mut self, metric: Metric, value: usize) {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        if let (Some(change), Some(gauge)) =
            (self.changes.get_mut(metric as usize), self.gauges.get_mut(metric as usize))
        {
            *change = change.saturating_add(value.saturating_sub(*gauge));
            *gauge = value;
        }
    }

    /// Records how long a push took.
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

    /// Adds the changes of counters to those of another thread, which sends them to the gateway. Gauges and push times
    /// belong to the thread that pushes.
    pub fn hand_over(&mut self, to: &mut Metrics) {
        for (change, sum) in self.changes.iter_mut().zip(&mut to.changes) {
            *sum = sum.saturating_add(std::mem::take(change));
        }
        to.dropped = to.dropped.saturating_add(std::mem::take(&mut self.dropped));
        to.retries = to.retries.saturating_add(std::mem::take(&mut self.retries));
    }

    /// Sends the changes to the gateway.
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
    fn changes_of_another_thread_count_once() {
        let host = MockHost::new();
        let (mut worker, mut main) = (Metrics::default(), Metrics::default());
        worker.add(Metric::Collected, 2);
        worker.add(Metric::DroppedQueueFull, 3);
        worker.hand_over(&mut main);
        worker.hand_over(&mut main);
        main.flush(&host);
        worker.flush(&host);
        assert_eq!(host.metric_value(Metric::Collected), 2);
        assert_eq!((main.dropped(), worker.dropped()), (3, 0));
    }

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
}

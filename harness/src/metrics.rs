//! Counters, gauges and histograms that guests define.

use super::abi::Status;

/// The lowest two bits of a metric's id give its type.
const KIND_BITS: u32 = 2;

/// A metric's current value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Metric {
    /// A value that only increases.
    Counter(u64),
    /// A value that goes up and down.
    Gauge(u64),
    /// Every recorded value, in order.
    Histogram(Vec<u64>),
}

/// All metrics of a VM. A name that is defined twice is one metric with two ids, as in Envoy.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    metrics: Vec<(u32, Vec<u8>, Metric)>,
    /// For each of the three types, the index in `metrics` by id.
    ids: [Vec<usize>; 3],
}

impl Metrics {
    /// Names and metrics, in the order in which they were defined.
    pub(super) fn iter(&self) -> impl Iterator<Item = (String, &Metric)> {
        self.metrics.iter().map(|(_, name, metric)| (String::from_utf8_lossy(name).into_owned(), metric))
    }

    /// The metric with a name, whatever its type.
    pub(super) fn named(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|(_, key, _)| key == name.as_bytes()).map(|(_, _, metric)| metric)
    }

    /// Implements `proxy_define_metric`; returns an id.
    pub(super) fn define(&mut self, kind: u32, name: &[u8]) -> Result<u32, Status> {
        let fresh = match kind {
            0 => Metric::Counter(0),
            1 => Metric::Gauge(0),
            2 => Metric::Histogram(Vec::new()),
            _ => return Err(Status::BadArgument),
        };
        let index = self.metrics.iter().position(|(other, key, _)| *other == kind && key == name);
        let index = index.unwrap_or_else(|| {
            self.metrics.push((kind, name.to_vec(), fresh));
            self.metrics.len() - 1
        });
        let ids =
            usize::try_from(kind).ok().and_then(|kind| self.ids.get_mut(kind)).ok_or(Status::BadArgument)?;
        ids.push(index);
        u32::try_from(ids.len()).map(|n| n << KIND_BITS | kind).map_err(|_| Status::InternalFailure)
    }

    /// Implements `proxy_increment_metric`: a counter accepts only positive offsets, a gauge any, a histogram none.
    pub(super) fn increment(&mut self, id: u32, offset: i64) -> Result<(), Status> {
        match self.find(id)? {
            Metric::Counter(value) if offset > 0 => *value = value.wrapping_add(offset.unsigned_abs()),
            Metric::Gauge(value) => *value = value.saturating_add_signed(offset),
            Metric::Counter(_) | Metric::Histogram(_) => return Err(Status::BadArgument),
        }
        Ok(())
    }

    /// Implements `proxy_record_metric`: a counter grows by the value, a gauge is set to it, a histogram records
    /// it.
    pub(super) fn record(&mut self, id: u32, value: u64) -> Result<(), Status> {
        match self.find(id)? {
            Metric::Counter(sum) => *sum = sum.wrapping_add(value),
            Metric::Gauge(old) => *old = value,
            Metric::Histogram(values) => values.push(value),
        }
        Ok(())
    }

    fn find(&mut self, id: u32) -> Result<&mut Metric, Status> {
        let number = |number| usize::try_from(number).ok();
        let ids = number(id & ((1 << KIND_BITS) - 1))
            .and_then(|kind| self.ids.get(kind))
            .ok_or(Status::BadArgument)?;
        let index =
            number(id >> KIND_BITS).and_then(|n| ids.get(n.checked_sub(1)?)).ok_or(Status::NotFound)?;
        self.metrics.get_mut(*index).map(|(_, _, metric)| metric).ok_or(Status::NotFound)
    }
}

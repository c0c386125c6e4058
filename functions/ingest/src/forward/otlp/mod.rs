//! A receiver of OTLP as a receiver of stored records: its counters.
//!
//! - [`setup`]: the variables.

use gatelog_forward::Forwarder;
use gatelog_functions_shared::http::failure::Receiver;
use gatelog_functions_shared::metrics::{self, Family};
use gatelog_otlp::export::{ExportConfig, Exporter, Post};

use super::forwarding::{Count, Forwarding, Observed};
use super::setup::Setup;

pub mod setup;

/// The forwarding of one instance to a receiver of OTLP, with requests that `post` sends; `None` when there is none.
/// `currency` is that of the price table.
pub fn forwarding<P: Post>(
    setup: Setup<ExportConfig>,
    currency: Option<String>,
    post: P,
) -> Option<Forwarding<Export<P>>> {
    Forwarding::new(setup, |config| {
        let bounds = config.bounds();
        Export(Forwarder::new(Exporter::new(config, currency, post), bounds))
    })
}

/// The exporter.
pub struct Export<P: Post>(Forwarder<Exporter<P>>);

impl<P: Post> Observed for Export<P> {
    type Destination = Exporter<P>;

    const RECEIVER: Receiver = Receiver::Otlp;
    const MISCONFIGURED: &'static Family = &metrics::OTLP_EXPORT_RECORDS;

    fn forwarder(&self) -> &Forwarder<Exporter<P>> {
        &self.0
    }

    fn counts(&self) -> Vec<Count> {
        let stats = self.0.destination().stats();
        let records =
            stats.records.all().map(|(outcome, value)| (&metrics::OTLP_EXPORT_RECORDS, outcome, value));
        let requests =
            stats.requests.all().map(|(outcome, value)| (&metrics::OTLP_EXPORT_REQUESTS, outcome, value));
        records.into_iter().chain(requests).collect()
    }
}

#[cfg(test)]
mod tests {
    use gatelog_otlp::export::ExportStats;

    use super::*;

    #[test]
    fn every_counter_of_the_exporter_has_its_own_series() {
        let stats = ExportStats::default();
        let mut outcomes: Vec<&str> = stats.records.all().map(|(outcome, _)| outcome).to_vec();
        outcomes.push("misconfigured");
        assert_eq!(metrics::OTLP_EXPORT_RECORDS.values, outcomes);
        let outcomes = stats.requests.all().map(|(outcome, _)| outcome);
        assert_eq!(metrics::OTLP_EXPORT_REQUESTS.values, outcomes);
    }
}

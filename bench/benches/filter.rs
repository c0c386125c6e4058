//! What a filter costs per request, phase by phase: gatelog's compared with one that does nothing.
#![expect(clippy::unwrap_used, reason = "a benchmark that goes wrong has no result")]

use std::time::Duration;

use criterion::Criterion;
use gatelog_bench::filter::{Filter, Phase};
use gatelog_bench::summary::Summary;
use gatelog_bench::traffic::{self, Traffic};

/// Time of a phase before it is measured.
const WARM_UP: Duration = Duration::from_millis(30);
/// Time of a phase while it is measured.
const MEASUREMENT: Duration = Duration::from_millis(100);

/// Streams whose allocations are counted, for each phase.
const COUNTED_STREAMS: u64 = 1_000;

fn main() {
    // The clock of a phase runs only in that phase, while the whole stream is served: 0.1 s of it take seconds.
    let criterion = Criterion::default().warm_up_time(WARM_UP).measurement_time(MEASUREMENT);
    let mut criterion = criterion.configure_from_args();
    let mut summary = Summary::default();
    for traffic in [traffic::get(), traffic::chat()] {
        define(&mut criterion, &mut summary, &traffic);
    }
    criterion.final_summary();
    if std::env::args().any(|argument| argument == "--bench") {
        println!("{summary}");
    }
}

/// `filter/TRAFFIC-PHASE/FILTER`: the time of one phase of one stream. The whole stream is served each time, and the
/// benchmark checks that every record is pushed once.
fn define(criterion: &mut Criterion, summary: &mut Summary, traffic: &Traffic) {
    let mut filters = [("noop", Filter::noop().unwrap()), ("gatelog", Filter::gatelog().unwrap())];
    let has = |phase: &Phase| *phase != Phase::RequestBody || !traffic.request_body.is_empty();
    for phase in Phase::ALL.into_iter().filter(has) {
        for (name, filter) in &mut filters {
            criterion.bench_function(
                &format!("filter/{}-{}/{name}", traffic.name, phase.name()),
                |bencher| {
                    bencher.iter_custom(|streams| {
                        let cost = filter.serve(traffic, phase, streams).unwrap();
                        summary.add(traffic.name, phase, name, cost, streams);
                        cost.time
                    });
                },
            );
        }
    }
    let mut counted = Filter::counted().unwrap();
    for phase in Phase::ALL.into_iter().filter(has) {
        let cost = counted.serve(traffic, phase, COUNTED_STREAMS).unwrap();
        summary.add(traffic.name, phase, "counted", cost, COUNTED_STREAMS);
    }
    for (name, filter) in &mut filters {
        filter.push().unwrap();
        summary.memory(traffic.name, name, filter.memory_bytes());
    }
}

//! Builds the access record of a stream that has ended.
//!
//! Nearly every value is read at the end: only then are codes, sizes and flags final, and only then does the gateway
//! provide what its own access log shows. The headers that identify the request were kept when they arrived. A call to
//! the gateway is expensive, so the request headers are read once more as a whole, and the attributes that every
//! record needs in one batch; attributes that only some streams have are read only where they can exist. [`collect`]
//! is the pipeline.

use gatelog_record::AccessRecord;

use crate::ai::decode::Stop;
use crate::config::settings::Settings;
use crate::context::Context;
use crate::host::Exchange;
use crate::observe::log_throttle::Event;
use crate::observe::metric::Metric;
use crate::stream::Stream;

mod ai_call;
pub mod attribute_batch;
pub mod attributes;
pub mod instance_id;
pub mod late_attributes;
pub mod mcp;
pub mod own_exchanges;
pub mod record;
pub mod record_id;
pub mod request_headers;
pub mod response_flags;
pub mod sampling;
pub mod trace_id;
pub mod vm_state;

use attribute_batch::AttributeBatch;
use attributes::{AttributeAnswer, Attributes};
use late_attributes::LateAttributes;
use vm_state::VmState;

/// The gateway's responses about one stream, from which a record borrows.
#[derive(Debug, Default)]
pub struct Answers<'h> {
    attributes: Option<AttributeAnswer<'h>>,
    late: Option<LateAttributes>,
}

/// The record of a stream that ends now; `None` when sampling leaves it out.
///
/// `batch` belongs to the `settings`; `answers` holds the data that the record borrows.
pub fn collect<'a, 'h: 'a, H: Exchange>(
    stream: &'a Stream,
    settings: &Settings,
    batch: &mut AttributeBatch,
    vm_state: &mut VmState,
    cx: &mut Context<'h, H>,
    answers: &'a mut Answers<'h>,
) -> Option<AccessRecord<'a>> {
    count_stops(stream, cx);
    let answer = &*answers.attributes.insert(AttributeAnswer::read(batch, &mut vm_state.dialect, cx.host));
    let attributes = Attributes::new(answer, stream, batch, cx.host, cx.now);
    if stream.is_recorded() {
        vm_state.own_exchanges.add(attributes.start);
    }
    if !sampling::keeps(&settings.sampling, &attributes.candidate(), cx.rng) {
        cx.metrics.add(Metric::SampledOut, 1);
        return None;
    }
    let late = &*answers.late.insert(LateAttributes::read(&attributes, stream, settings, vm_state, cx.host));
    count_capture(stream, late, cx);
    let mut record = record::build(&attributes, late, stream, settings);
    record.record_id = vm_state.record_ids.next(attributes.end(), cx.rng).into();
    let cut = record.fit_to_limits() + usize::from(late.ai_log_too_large);
    cx.metrics.add(Metric::ValuesCut, cut);
    cx.metrics.add(Metric::Collected, 1);
    Some(record)
}

fn count_stops<H: Exchange>(stream: &Stream, cx: &mut Context<'_, H>) {
    for stop in stream.stops() {
        let metric = match stop {
            Stop::OverLimit => Metric::BodiesOverLimit,
            Stop::Damaged => Metric::BodiesDamaged,
        };
        cx.metrics.add(metric, 1);
    }
}

fn count_capture<H: Exchange>(stream: &Stream, late: &LateAttributes, cx: &mut Context<'_, H>) {
    cx.metrics.add(Metric::CaptureRefused, usize::from(late.capture_refused));
    let short = stream.short_copies();
    if short > 0 {
        cx.metrics.add(Metric::CaptureShort, short);
        cx.log.record(Event::CaptureFull, short, "");
    }
}

#[cfg(test)]
mod tests;

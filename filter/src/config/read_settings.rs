//! The keys that say what is recorded, outside of the rules or in one.

use std::borrow::Cow;
use std::time::Duration;

use super::reader::Reader;
use crate::collect::sampling::Sampling;
use crate::config::settings::{Ai, Omitted, Settings};
use crate::observe::log_throttle::Verbosity;
use crate::privacy::capture::Capture;
use crate::privacy::redact::Redact;

/// Largest part of a body that is captured: what the record holds.
const MAX_BODY_BYTES: usize = 65_536;

/// Reads the keys of settings.
pub fn read(keys: &mut Reader<'_, '_>, number: usize, destination: usize) -> Settings {
    Settings {
        number,
        destination,
        // A rule below settings that record nothing is there to record something.
        enabled: keys.alone().flag("enabled").unwrap_or(true),
        instance_id: {
            keys.know(&["enabled"]);
            keys.text("instance_id")
        },
        ai: read_ai(keys.section("ai")),
        redact: read_redact(keys.section("redact")),
        sampling: read_sampling(keys.section("sampling")),
        omitted: read_omitted(keys.section("fields")),
        capture: read_capture(keys.section("capture")),
    }
}

/// Reads `log_level`, with the names that Higress's plugins know.
pub fn log_level(keys: &mut Reader<'_, '_>) -> Option<Verbosity> {
    let level = keys.text("log_level")?.to_ascii_lowercase();
    match level.as_str() {
        "trace" | "debug" | "info" => Some(Verbosity::Info),
        "warn" | "warning" => Some(Verbosity::Warn),
        "error" => Some(Verbosity::Error),
        "critical" | "off" => Some(Verbosity::Nothing),
        _ => {
            keys.problem("log_level", "must be trace, debug, info, warn, error, critical or off");
            None
        }
    }
}

fn read_ai(mut keys: Reader<'_, '_>) -> Ai {
    let ai = Ai {
        detection: keys.flag("detection").unwrap_or(true),
        build_log: keys.flag("build_log").unwrap_or(true),
        window_bytes: keys.size("window_bytes", 1_024, 16 << 20).unwrap_or(64 << 10),
    };
    keys.finish();
    ai
}

fn read_redact(mut keys: Reader<'_, '_>) -> Redact {
    let defaults = keys.flag("defaults").unwrap_or(true);
    let mut redact =
        if defaults { Redact::default() } else { Redact { headers: Vec::new(), query: Vec::new() } };
    redact.headers.extend(keys.all_names("headers").into_iter().map(Cow::Owned));
    redact.query.extend(keys.all_names("query").into_iter().map(Cow::Owned));
    keys.finish();
    redact
}

fn read_sampling(mut keys: Reader<'_, '_>) -> Sampling {
    let mut sampling = Sampling::default();
    if let Some(rate) = keys.number("rate") {
        sampling.rate = rate;
        if !(0.0..=1.0).contains(&rate) {
            keys.problem("rate", "must be from 0 to 1");
        }
    }
    if let Some(status) = keys.integer("keep_status_from", 100, 1_000) {
        sampling.keep_status_from = status;
    }
    if let Some(millis) = keys.integer("keep_slower_than_ms", -1, 86_400_000) {
        sampling.keep_slower_than = u64::try_from(millis).ok().map(Duration::from_millis);
    }
    keys.finish();
    sampling
}

fn read_omitted(mut keys: Reader<'_, '_>) -> Omitted {
    let mut omitted = Omitted::default();
    for name in keys.texts("omit").unwrap_or_default() {
        if !omitted.add(&name) {
            keys.problem("omit", format_args!("names `{name}`, which is no field that can be left out"));
        }
    }
    keys.finish();
    omitted
}

fn read_capture(mut keys: Reader<'_, '_>) -> Capture {
    let mut capture = Capture {
        request_headers: keys.names("request_headers").unwrap_or_default(),
        response_headers: keys.names("response_headers").unwrap_or_default(),
        request_body_bytes: keys.size("request_body_bytes", 0, MAX_BODY_BYTES).unwrap_or(0),
        response_body_bytes: keys.size("response_body_bytes", 0, MAX_BODY_BYTES).unwrap_or(0),
        max_total_bytes: keys.size("max_total_bytes", 65_536, 1 << 30).unwrap_or(Capture::MAX_TOTAL_BYTES),
        ..Capture::default()
    };
    if let Some(name) = keys.text("refusal_header") {
        capture.refusal_header = name.to_ascii_lowercase();
    }
    keys.finish();
    capture
}

//! The settings for recording a stream: the part of the configuration that a rule can change.

use std::time::Duration;

use gatelog_record::{FIELDS, Origin};
use gatelog_redact::Redact;

use crate::ai::decode::Limits;
use crate::capture::Capture;
use crate::config::reader::Reader;
use crate::observe::log_throttle::Verbosity;

/// Largest part of a body that is captured: as much as the record holds.
const MAX_BODY_BYTES: usize = 65_536;

/// The settings for streams that match one rule, or none.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Number of these settings in their configuration; 0 outside the rules.
    pub number: usize,
    /// Number of the destination that the records go to.
    pub destination: usize,
    /// `enabled`: whether anything is recorded.
    pub enabled: bool,
    /// `instance_id`: name of this gateway instance, instead of the one reported by the gateway.
    pub instance_id: Option<String>,
    /// How AI calls are recognised.
    pub ai: Ai,
    /// Which values are redacted.
    pub redact: Redact,
    /// Which exchanges make a record.
    pub sampling: Sampling,
    /// Which fields are left out.
    pub omitted: Omitted,
    /// Which headers and bodies are recorded.
    pub capture: Capture,
}

/// How AI calls are recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ai {
    /// `ai.detection`: look for model and usage in bodies when `ai_log` is absent.
    pub detection: bool,
    /// `ai.build_log`: build an `ai_log` from the values found, when no other plugin wrote one.
    pub build_log: bool,
    /// `ai.window_bytes`: bytes of a body within which a sign of an AI call must appear.
    pub window_bytes: usize,
    /// `ai.decode`: limits for reading compressed bodies.
    pub decode: Limits,
}

/// Which exchanges make a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// `sampling.rate`: share of the streams that are recorded; 1 for all.
    pub rate: f64,
    /// `sampling.keep_status_from`: streams with this status or a higher one are always recorded, and so are
    /// those without a status or with a response flag.
    pub keep_status_from: i64,
    /// `sampling.keep_slower_than_ms`: slower streams are always recorded; `None` turns this off.
    pub keep_slower_than: Option<Duration>,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { rate: 1.0, keep_status_from: 400, keep_slower_than: Some(Duration::from_secs(1)) }
    }
}

/// The fields that a record leaves out, by their place in the field table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Omitted {
    mask: u128,
}

/// Fields that every record needs: without the id, ingest may store a record twice; without a time, no query finds
/// the record.
const REQUIRED: [&str; 2] = ["record_id", "start_time"];

const _: () = assert!(FIELDS.len() <= 128, "the mask has a bit for each field");

impl Omitted {
    /// Leaves a field out; false when there is no such field, or every record needs it.
    pub fn add(&mut self, name: &str) -> bool {
        let index = FIELDS.iter().position(|field| field.name == name);
        let Some(index) = index.filter(|_| !REQUIRED.contains(&name)) else { return false };
        self.mask |= 1 << index;
        true
    }

    /// Leaves out every field that db-log-pusher does not have, including the id.
    pub fn add_all_but_the_references(&mut self) {
        for (index, field) in FIELDS.iter().enumerate() {
            self.mask |= u128::from(field.origin == Origin::Added) << index;
        }
    }

    /// True when the field is left out.
    pub fn has(&self, name: &str) -> bool {
        self.mask != 0
            && FIELDS.iter().enumerate().any(|(index, field)| field.name == name && self.has_index(index))
    }

    /// True when the field with this place in the table is left out.
    pub fn has_index(&self, index: usize) -> bool {
        self.mask >> index & 1 == 1
    }
}

/// Reads the keys of settings.
pub fn read(keys: &mut Reader<'_, '_>, number: usize, destination: usize) -> Settings {
    Settings {
        number,
        destination,
        // A rule does not inherit `enabled: false`, because its purpose is to record something.
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

/// Reads `log_level`, with the names that Higress's plugins use.
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
        decode: read_decode(keys.section("decode")),
    };
    keys.finish();
    ai
}

fn read_decode(mut keys: Reader<'_, '_>) -> Limits {
    let known = Limits::default();
    let limits = Limits {
        window_bytes: keys.size("max_window_bytes", 32 << 10, 128 << 20).unwrap_or(known.window_bytes),
        body_bytes: keys.size("max_body_bytes", 64 << 10, 1 << 30).unwrap_or(known.body_bytes),
        ratio: keys.size("max_ratio", 1, 1_000_000).unwrap_or(known.ratio),
        total_bytes: keys.size("max_total_bytes", 64 << 10, 1 << 30).unwrap_or(known.total_bytes),
    };
    keys.finish();
    limits
}

fn read_redact(mut keys: Reader<'_, '_>) -> Redact {
    let redact = Redact {
        defaults: keys.flag("defaults").unwrap_or(true),
        headers: keys.all_names("headers"),
        query: keys.all_names("query"),
        allow: keys.all_names("allow"),
    };
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
            keys.problem("omit", format_args!("names `{name}`, which is not a field that can be left out"));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_left_out_by_name_and_required_or_unknown_ones_are_refused() {
        let mut omitted = Omitted::default();
        assert!(omitted.add("user_agent") && omitted.add("response_body"));
        assert!(!omitted.add("record_id") && !omitted.add("start_time") && !omitted.add("user-agent"));
        assert!(omitted.has("user_agent") && omitted.has("response_body") && !omitted.has("path"));
        omitted.add_all_but_the_references();
        assert!(omitted.has("record_id") && omitted.has("scheme") && !omitted.has("path"));
    }
}

//! What is recorded of an exchange: the part of the configuration that a rule can change.

use gatelog_record::{FIELDS, Origin};

use crate::collect::attribute_batch::Questions;
use crate::collect::sampling::Sampling;
use crate::privacy::capture::Capture;
use crate::privacy::redact::Redact;

/// What is recorded of the exchanges that one rule, or none, matches.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Number of these settings in their configuration: 0 outside of the rules.
    pub number: usize,
    /// Number of the destination that the records go to.
    pub destination: usize,
    /// `enabled`: whether anything is recorded.
    pub enabled: bool,
    /// `instance_id`: name of this gateway instance, instead of what the node tells.
    pub instance_id: Option<String>,
    /// How AI calls are recognised.
    pub ai: Ai,
    /// What is hidden.
    pub redact: Redact,
    /// Which exchanges make a record.
    pub sampling: Sampling,
    /// Which fields are left out.
    pub omitted: Omitted,
    /// Which headers and bodies are recorded.
    pub capture: Capture,
}

impl Settings {
    /// What has to be asked about an exchange.
    pub fn questions(&self) -> Questions {
        Questions::new(|field| self.omitted.has(field))
    }
}

/// How AI calls are recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ai {
    /// `ai.detection`: look for model and usage in bodies when `ai_log` is absent.
    pub detection: bool,
    /// `ai.build_log`: make an `ai_log` from what was found, when no other plugin wrote one.
    pub build_log: bool,
    /// `ai.window_bytes`: bytes of a body within which something must tell of an AI call.
    pub window_bytes: usize,
}

/// The fields that a record leaves out, by their place in the field table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Omitted {
    mask: u128,
}

/// Fields that no record can do without: ingest counts a record twice without its id, and finds none without a time.
const REQUIRED: [&str; 2] = ["record_id", "start_time"];

const _: () = assert!(FIELDS.len() <= 128, "the mask has a bit for each field");

impl Omitted {
    /// Leaves a field out; false when there is no such field, or no record can do without it.
    pub fn add(&mut self, name: &str) -> bool {
        let index = FIELDS.iter().position(|field| field.name == name);
        let Some(index) = index.filter(|_| !REQUIRED.contains(&name)) else { return false };
        self.mask |= 1 << index;
        true
    }

    /// Leaves out every field that db-log-pusher does not have, the id too.
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

//! The values found in a body, unchanged: model, ids and counts of each kind.
//! [`Counts::usage`](super::counts::Counts::usage) gives the combined meaning of the counts.
//!
//! Values occur more than once, in several events or under two names: the largest count, the last text and the first id are
//! kept. An empty text and `null` are ignored.

use gatelog_record::json::unescape::unescaped;

use super::counts::{Counts, Usage};
use super::keys::{Count, Meaning, TOOLS_CALL};
use super::scanner::{Found, Scalar};
use crate::ai::count::count;

/// The values found in a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// The model.
    pub model: Option<String>,
    /// The provider's id of the response.
    pub chat_id: Option<String>,
    /// Why the model stopped.
    pub finish_reason: Option<String>,
    /// The class of service.
    pub service_tier: Option<String>,
    /// The provider, if only its responses have the members of this one.
    pub provider: Option<&'static str>,
    /// JSON-RPC method.
    pub rpc_method: Option<String>,
    /// JSON-RPC `params.name`.
    pub rpc_name: Option<String>,
    /// A request asks something, or provides a text to work on.
    pub is_question: bool,
    /// The body has members that only responses of models have.
    pub is_answer: bool,
    /// Generated content has arrived.
    pub is_generating: bool,
    counts: Counts,
    other_id: Option<String>,
    /// The final status of a response of the Responses API.
    status: Option<String>,
    is_done: bool,
    has_failed: bool,
    /// Number of JSON texts that have begun.
    documents: u32,
    /// The last one with a count.
    counted: u32,
    /// The last one with generated content.
    generated: u32,
}

/// The source of a response's counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The provider counted, and its count is complete.
    Reported,
    /// The response ended, or could not be read further, before the count or the final count arrived.
    Partial,
}

impl Source {
    /// The name in the record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Partial => "partial",
        }
    }
}

/// Events that end a response.
const LAST_EVENTS: [&str; 12] = [
    "response.completed",
    "response.incomplete",
    "response.failed",
    "message_stop",
    "message-end",
    "stream-end",
    "message_end",
    "workflow_finished",
    "transcript.text.done",
    "image_generation.completed",
    "image_edit.completed",
    "speech.audio.done",
];

/// Final statuses of the Responses API.
const LAST_STATUSES: [&str; 4] = ["completed", "incomplete", "failed", "cancelled"];

impl Findings {
    /// Adds a value from the scanner.
    pub fn take(&mut self, found: &Found<'_>) {
        match found.value {
            Scalar::Text(raw) => self.take_text(found.meaning, raw),
            Scalar::Literal(raw) => self.take_literal(found.meaning, raw),
            Scalar::Container => self.take_container(found.meaning),
        }
        let is_null = found.value == Scalar::Literal(b"null");
        if !found.provider.is_empty() && !is_null && self.provider.is_none() {
            self.provider = Some(found.provider);
        }
    }

    /// Adds a count from outside the body.
    pub(super) fn take_count(&mut self, kind: Count, raw: &[u8]) {
        self.take_literal(Meaning::Count(kind), raw);
    }

    /// True when the body belongs to an AI call: it has token counts, or members that only responses of
    /// models have.
    pub fn is_ai(&self) -> bool {
        self.is_answer || self.counts.are_any()
    }

    /// The counts, with the same meaning for all providers.
    pub fn usage(&self) -> Usage {
        self.counts.usage()
    }

    /// The id of the response, or a substitute that the provider gives where there is none.
    pub fn id(&self) -> Option<&str> {
        self.chat_id.as_deref().or(self.other_id.as_deref())
    }

    /// Why the response ended.
    pub fn ended_by(&self) -> Option<&str> {
        self.finish_reason.as_deref().or(self.status.as_deref())
    }

    /// True when more than one JSON text has arrived.
    pub(super) fn has_several_documents(&self) -> bool {
        self.documents > 1
    }

    /// The source of the counts; `None` where the provider does not count. `is_cut`: the exchange did not end properly, or
    /// its body was not read to the end.
    pub fn source(&self, is_streamed: bool, is_cut: bool) -> Option<Source> {
        let has_ended = self.is_done || self.ended_by().is_some();
        if self.counts.are_any() {
            // Counts after all generated content are final, whether or not the stream announces its end.
            let is_last = self.counted > self.generated && !is_cut;
            return Some(if (!is_streamed && !is_cut) || has_ended || is_last {
                Source::Reported
            } else {
                Source::Partial
            });
        }
        // An error instead of a response has no usage to wait for.
        let is_refused = self.has_failed && !self.is_generating && !is_cut;
        let is_over = self.is_done || (has_ended && !is_cut);
        let was_to_come = is_streamed || (is_cut && (self.is_answer || self.is_generating));
        (was_to_come && !is_over && !is_refused).then_some(Source::Partial)
    }

    /// True when nothing more can be learned from a request: its model is known, with its question where that matters
    /// (`with_question`), or its JSON-RPC method with the tool of a call.
    pub(super) fn is_request_known(&self, with_question: bool) -> bool {
        match &self.rpc_method {
            Some(method) => method != TOOLS_CALL || self.rpc_name.is_some(),
            None => self.model.is_some() && (self.is_question || !with_question),
        }
    }

    fn take_text(&mut self, meaning: Meaning, raw: &[u8]) {
        match meaning {
            Meaning::GeneratedText => self.generate(),
            Meaning::Answer => self.is_answer = true,
            Meaning::Error => self.has_failed = true,
            Meaning::Question => self.is_question = true,
            Meaning::Count(_) => self.take_literal(meaning, raw),
            Meaning::Model => replace(&mut self.model, raw),
            Meaning::ServiceTier => replace(&mut self.service_tier, raw),
            // DashScope writes `null` as a text.
            Meaning::FinishReason if raw != b"null" => replace(&mut self.finish_reason, raw),
            Meaning::Status if is_one_of(raw, &LAST_STATUSES) => replace(&mut self.status, raw),
            Meaning::ChatId => keep(&mut self.chat_id, raw),
            Meaning::OtherId => keep(&mut self.other_id, raw),
            Meaning::RpcMethod => replace(&mut self.rpc_method, raw),
            Meaning::RpcName => replace(&mut self.rpc_name, raw),
            Meaning::Object => {
                self.is_answer |= raw.starts_with(b"chat.completion") || raw == b"text_completion";
            }
            Meaning::Event => {
                self.is_done |= is_one_of(raw, &LAST_EVENTS);
                self.is_answer |= raw == b"message_start" || raw.starts_with(b"response.");
                self.has_failed |= raw == b"error";
            }
            _ => {}
        }
    }

    fn take_literal(&mut self, meaning: Meaning, raw: &[u8]) {
        match meaning {
            Meaning::Count(kind) => {
                if let Some(number) = std::str::from_utf8(raw).ok().and_then(count) {
                    self.counts.raise(kind, number);
                    self.counted = self.documents;
                }
            }
            Meaning::Done => self.is_done |= raw == b"true",
            Meaning::Answer => self.is_answer |= raw != b"null",
            _ => {}
        }
    }

    fn take_container(&mut self, meaning: Meaning) {
        match meaning {
            Meaning::Document => self.documents = self.documents.saturating_add(1),
            Meaning::GeneratedPart => self.generate(),
            Meaning::Answer => self.is_answer = true,
            Meaning::Question => self.is_question = true,
            Meaning::Error => self.has_failed = true,
            _ => {}
        }
    }

    fn generate(&mut self) {
        self.is_generating = true;
        self.generated = self.documents;
    }
}

/// Keeps the last one. Most events repeat the previous value.
fn replace(place: &mut Option<String>, raw: &[u8]) {
    let is_there = place.as_ref().is_some_and(|text| text.as_bytes() == raw);
    if !raw.is_empty() && !is_there {
        *place = Some(unescaped(raw));
    }
}

/// Keeps the first one.
fn keep(place: &mut Option<String>, raw: &[u8]) {
    if place.is_none() {
        replace(place, raw);
    }
}

fn is_one_of(raw: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| word.as_bytes() == raw)
}

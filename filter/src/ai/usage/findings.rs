//! What the values of a body mean: model, ids and token counts, in the formats of all known providers.
//!
//! | Format | Model | Counts |
//! |---|---|---|
//! | OpenAI chat, completions, embeddings, and compatible | `model` | `usage.prompt_tokens`, `completion_tokens`, `total_tokens` |
//! | OpenAI images, audio | `model` | `usage.input_tokens`, `output_tokens`, `total_tokens` |
//! | OpenAI Responses | `model`, in events `response.model` | `usage.*`, in events `response.usage.*` |
//! | Anthropic messages | `model`, in events `message.model` | `usage.*`, in events `message.usage.*`; no total |
//! | Gemini | `modelVersion` | `usageMetadata.*TokenCount` |
//! | Doubao | `model` | as OpenAI |
//!
//! Later values replace earlier ones, and `null` replaces nothing. This is right for every streamed format, because
//! repeated counts are cumulative.

use crate::ai::usage::count::count;
use crate::ai::usage::keys::{Key, TOOLS_CALL};
use crate::ai::usage::scanner::{Scalar, unescaped};

/// What was found in a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// The model.
    pub model: Option<String>,
    /// The provider's id of the answer.
    pub chat_id: Option<String>,
    /// Tokens of the prompt.
    pub input_tokens: Option<i64>,
    /// Tokens of the answer.
    pub output_tokens: Option<i64>,
    /// Tokens of the prompt that came from a cache.
    pub cached_tokens: Option<i64>,
    /// Tokens spent on reasoning.
    pub reasoning_tokens: Option<i64>,
    /// JSON-RPC method.
    pub rpc_method: Option<String>,
    /// JSON-RPC `params.name`.
    pub rpc_name: Option<String>,
    /// The total, where the provider gives one; see [`Findings::total_tokens`].
    pub total: Option<i64>,
    /// Tokens of the prompt that were written to Anthropic's cache.
    pub cache_creation_tokens: Option<i64>,
    /// Tokens of the prompt that came from Anthropic's cache; see [`Findings::cached`].
    pub cache_read_tokens: Option<i64>,
    /// True when the body has members that only responses of models have.
    pub is_answer: bool,
}

impl Findings {
    /// Takes a value from the scanner.
    pub fn take(&mut self, path: &[Key], key: Key, value: &Scalar<'_>) {
        // Events of OpenAI Responses and Anthropic wrap the answer that other formats have at the top.
        let path = match path {
            [Key::Response | Key::Message, inner @ ..] => inner,
            path => path,
        };
        match (path, value) {
            ([], Scalar::Text(raw)) => self.take_text(key, raw),
            ([], Scalar::Container) => self.is_answer |= matches!(key, Key::Choices | Key::Candidates),
            ([Key::Params], Scalar::Text(raw)) if key == Key::Name => self.rpc_name = Some(unescaped(raw)),
            ([Key::Usage | Key::UsageMetadata, details @ ..], Scalar::Literal(raw)) => {
                let number = std::str::from_utf8(raw).ok().and_then(count);
                if let Some(number) = number
                    && let Some(place) = self.place(details, key)
                {
                    *place = Some(number);
                }
            }
            _ => {}
        }
    }

    /// True when the body is of an AI call: it has token counts, or members that only responses of models have.
    pub fn is_ai(&self) -> bool {
        self.is_answer || self.has_usage()
    }

    /// True when the body has token counts.
    pub fn has_usage(&self) -> bool {
        self.input_tokens.is_some() || self.output_tokens.is_some() || self.total.is_some()
    }

    /// The total: the provider's, else the sum of all kinds.
    pub fn total_tokens(&self) -> Option<i64> {
        let sum = || {
            [self.input_tokens, self.output_tokens, self.cache_creation_tokens, self.cache_read_tokens]
                .into_iter()
                .flatten()
                .reduce(i64::saturating_add)
        };
        self.total.or_else(sum)
    }

    /// True when everything that a request can contain is known: its model, or its JSON-RPC method with the tool of a
    /// call.
    pub(super) fn is_request_known(&self) -> bool {
        match &self.rpc_method {
            Some(method) => method != TOOLS_CALL || self.rpc_name.is_some(),
            None => self.model.is_some(),
        }
    }

    fn take_text(&mut self, key: Key, raw: &[u8]) {
        match key {
            Key::Model | Key::ModelVersion => self.model = text(raw),
            Key::Id | Key::ResponseId => self.chat_id = text(raw),
            Key::Method => self.rpc_method = text(raw),
            Key::Object => self.is_answer |= raw.starts_with(b"chat.completion"),
            _ => {}
        }
    }

    fn place(&mut self, details: &[Key], key: Key) -> Option<&mut Option<i64>> {
        match (details, key) {
            ([], Key::PromptTokens | Key::InputTokens | Key::PromptTokenCount) => {
                Some(&mut self.input_tokens)
            }
            ([], Key::CompletionTokens | Key::OutputTokens | Key::CandidatesTokenCount) => {
                Some(&mut self.output_tokens)
            }
            ([], Key::TotalTokens | Key::TotalTokenCount) => Some(&mut self.total),
            ([], Key::CacheCreationInputTokens) => Some(&mut self.cache_creation_tokens),
            ([], Key::CacheReadInputTokens) => Some(&mut self.cache_read_tokens),
            ([], Key::CachedContentTokenCount) => Some(&mut self.cached_tokens),
            ([], Key::ThoughtsTokenCount) => Some(&mut self.reasoning_tokens),
            ([Key::PromptTokensDetails | Key::InputTokensDetails], Key::CachedTokens) => {
                Some(&mut self.cached_tokens)
            }
            ([Key::CompletionTokensDetails | Key::OutputTokensDetails], Key::ReasoningTokens) => {
                Some(&mut self.reasoning_tokens)
            }
            _ => None,
        }
    }

    /// Tokens of the prompt that came from a cache, under either name.
    pub fn cached(&self) -> Option<i64> {
        self.cached_tokens.or(self.cache_read_tokens)
    }
}

fn text(raw: &[u8]) -> Option<String> {
    (!raw.is_empty()).then(|| unescaped(raw))
}

//! The JSON keys of AI calls, in the formats of OpenAI, Anthropic, Gemini, Doubao and those compatible with them, of
//! `ai_log`, and of JSON-RPC.

macro_rules! keys {
    ($( $variant:ident = $name:literal, )+) => {
        /// A key that matters, or any other.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum Key {
            /// A key that does not matter.
            #[default]
            Other,
            $( #[doc = concat!("`", stringify!($name), "`")] $variant, )+
        }

        impl Key {
            /// The keys by name.
            const NAMES: &[(&[u8], Key)] = &[ $( ($name, Key::$variant), )+ ];

            /// The key of a name without escapes.
            pub fn of(name: &[u8]) -> Self {
                // A `match` would be one of the largest functions of the filter.
                Self::NAMES.iter().find(|(known, _)| *known == name).map_or(Self::Other, |(_, key)| *key)
            }
        }
    };
}

keys! {
    Model = b"model",
    ModelVersion = b"modelVersion",
    Id = b"id",
    ResponseId = b"responseId",
    Object = b"object",
    Choices = b"choices",
    Candidates = b"candidates",
    Usage = b"usage",
    UsageMetadata = b"usageMetadata",
    Message = b"message",
    Response = b"response",
    PromptTokens = b"prompt_tokens",
    CompletionTokens = b"completion_tokens",
    TotalTokens = b"total_tokens",
    InputTokens = b"input_tokens",
    OutputTokens = b"output_tokens",
    CacheCreationInputTokens = b"cache_creation_input_tokens",
    CacheReadInputTokens = b"cache_read_input_tokens",
    PromptTokensDetails = b"prompt_tokens_details",
    CompletionTokensDetails = b"completion_tokens_details",
    InputTokensDetails = b"input_tokens_details",
    OutputTokensDetails = b"output_tokens_details",
    CachedTokens = b"cached_tokens",
    ReasoningTokens = b"reasoning_tokens",
    PromptTokenCount = b"promptTokenCount",
    CandidatesTokenCount = b"candidatesTokenCount",
    TotalTokenCount = b"totalTokenCount",
    CachedContentTokenCount = b"cachedContentTokenCount",
    ThoughtsTokenCount = b"thoughtsTokenCount",
    Api = b"api",
    Consumer = b"consumer",
    ChatId = b"chat_id",
    SessionId = b"session_id",
    ResponseType = b"response_type",
    InputToken = b"input_token",
    OutputToken = b"output_token",
    TotalToken = b"total_token",
    LlmFirstTokenDuration = b"llm_first_token_duration",
    Method = b"method",
    Params = b"params",
    Name = b"name",
}

impl Key {
    /// True when an object under this key may hold keys that matter.
    pub fn is_container(self) -> bool {
        matches!(
            self,
            Self::Usage
                | Self::UsageMetadata
                | Self::Message
                | Self::Response
                | Self::PromptTokensDetails
                | Self::CompletionTokensDetails
                | Self::InputTokensDetails
                | Self::OutputTokensDetails
                | Self::Params
        )
    }
}

/// Longest name of a key that matters, in bytes.
pub const LONGEST: usize = 32;

/// The JSON-RPC method that calls a tool of an MCP server: a value of [`Key::Method`].
pub const TOOLS_CALL: &str = "tools/call";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_finds_its_key_and_any_other_name_finds_none() {
        assert_eq!(Key::of(b"usage"), Key::Usage);
        assert_eq!(Key::of(b"cache_creation_input_tokens"), Key::CacheCreationInputTokens);
        assert_eq!(Key::of(b"usages"), Key::Other);
        assert_eq!(Key::of(b""), Key::Other);
    }

    #[test]
    fn no_name_is_longer_than_the_longest() {
        assert!(Key::NAMES.iter().all(|(name, _)| name.len() <= LONGEST));
    }
}

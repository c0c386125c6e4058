//! A line of a table: the path of a value, and its meaning.

/// A line of a table.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// The only provider whose responses have this path, by its name in the record; empty when several have
    /// it.
    pub provider: &'static str,
    /// The path of the value.
    pub path: &'static str,
    /// The meaning of the value.
    pub meaning: Meaning,
}

/// The meaning of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A number of tokens.
    Count(Count),
    /// The model.
    Model,
    /// The provider's id of the response.
    ChatId,
    /// An id that substitutes for a missing response id.
    OtherId,
    /// Why the model stopped.
    FinishReason,
    /// The status of a response of OpenAI's Responses API; final ones say why it ended.
    Status,
    /// The class of service.
    ServiceTier,
    /// A text that the model wrote, unless it is empty.
    GeneratedText,
    /// An object or array that is present only when the model generated one: a tool call, an image.
    GeneratedPart,
    /// A member that only responses of models have.
    Answer,
    /// The type of this object: `chat.completion`.
    Object,
    /// The type of this event: `message_start`.
    Event,
    /// `true` when nothing follows.
    Done,
    /// An error.
    Error,
    /// The input for a model: messages, a prompt.
    Question,
    /// The method of a JSON-RPC call.
    RpcMethod,
    /// `params.name` of a JSON-RPC call.
    RpcName,
    /// A member of `ai_log` that is a text.
    Log(LogText),
    /// `llm_first_token_duration` of `ai_log`, in milliseconds.
    FirstToken,
    /// An object with the same members as this path, or as the whole text when the path is empty.
    Same(&'static str),
    /// The beginning of a top-level object.
    Document,
    /// Only a sign of the provider.
    Sign,
}

/// A kind of count. The kinds differ in what they include, which depends on the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Everything that was read.
    Input,
    /// Input without caches, where those are counted separately ([`Count::CachedApart`]).
    InputFresh,
    /// Input in addition to the prompt: results of tools.
    InputExtra,
    /// Input, where no other count of it is given.
    InputElse,
    /// Everything that was written.
    Output,
    /// Output without the thoughts, where those are counted separately ([`Count::ReasoningApart`]).
    OutputFresh,
    /// Output, where no other count of it is given.
    OutputElse,
    /// The total.
    Total,
    /// The part of the input that came from a cache.
    Cached,
    /// Input from a cache that is not included in [`Count::InputFresh`].
    CachedApart,
    /// The part of the input that went into a cache.
    CacheWrite,
    /// Input written to a cache that is not included in [`Count::InputFresh`].
    CacheWriteApart,
    /// The part of the output that was reasoning.
    Reasoning,
    /// The thoughts, which are not included in [`Count::OutputFresh`].
    ReasoningApart,
}

/// Number of [`Count`]s.
pub const COUNTS: usize = Count::ReasoningApart as usize + 1;

/// A text of `ai_log` that has its own field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogText {
    /// `api`
    Api,
    /// `consumer`
    Consumer,
    /// `session_id`
    Session,
    /// `response_type`
    ResponseType,
}

impl Meaning {
    /// True when a text under this path must be kept.
    pub const fn keeps_text(self) -> bool {
        !matches!(
            self,
            Self::GeneratedText
                | Self::GeneratedPart
                | Self::Answer
                | Self::Done
                | Self::Error
                | Self::Question
                | Self::Same(_)
                | Self::Document
                | Self::Sign
        )
    }
}

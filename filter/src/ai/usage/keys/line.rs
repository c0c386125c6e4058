//! A line of a table: where a value is, and what it means.

/// A line of a table.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// The one provider whose answers have this path, by its name in the record; empty when several have it.
    pub provider: &'static str,
    /// Where the value is.
    pub path: &'static str,
    /// What the value is.
    pub meaning: Meaning,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A number of tokens.
    Count(Count),
    /// The model.
    Model,
    /// The provider's id of the answer.
    ChatId,
    /// An id that stands for that of the answer where there is none.
    OtherId,
    /// Why the model stopped.
    FinishReason,
    /// How far an answer of OpenAI's Responses is; the final ones tell why it ended.
    Status,
    /// The class of service.
    ServiceTier,
    /// A text that the model wrote, unless it is empty.
    GeneratedText,
    /// An object, or an array, that is there only when the model made one: a tool call, an image.
    GeneratedPart,
    /// Something that only answers of models have.
    Answer,
    /// What kind of object this is: `chat.completion`.
    Object,
    /// What kind of event this is: `message_start`.
    Event,
    /// `true` when nothing follows.
    Done,
    /// What went wrong.
    Error,
    /// What a model is asked: messages, a prompt.
    Question,
    /// The method of a JSON-RPC call.
    RpcMethod,
    /// `params.name` of a JSON-RPC call.
    RpcName,
    /// A member of `ai_log` that is a text.
    Log(LogText),
    /// `llm_first_token_duration` of `ai_log`, in milliseconds.
    FirstToken,
    /// An object that holds what this path, or the whole text when it is empty, holds elsewhere.
    Same(&'static str),
    /// The beginning of an object that is inside no other.
    Document,
    /// Nothing but a sign of the provider.
    Sign,
}

/// A kind of count. Kinds differ in what they include, which depends on the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Everything that was read.
    Input,
    /// What was read; without caches, where those are counted beside it ([`Count::CachedApart`]).
    InputFresh,
    /// What was read beside the prompt: answers of tools.
    InputExtra,
    /// What was read, where no other count of it is given.
    InputElse,
    /// Everything that was written.
    Output,
    /// What was written without the thoughts, where those are counted beside it ([`Count::ReasoningApart`]).
    OutputFresh,
    /// What was written, where no other count of it is given.
    OutputElse,
    /// All together.
    Total,
    /// The part of the input that came from a cache.
    Cached,
    /// What came from a cache and is not counted in [`Count::InputFresh`].
    CachedApart,
    /// The part of the input that went into a cache.
    CacheWrite,
    /// What went into a cache and is not counted in [`Count::InputFresh`].
    CacheWriteApart,
    /// The part of the output that was reasoning.
    Reasoning,
    /// The thoughts, which are not counted in [`Count::OutputFresh`].
    ReasoningApart,
}

/// Number of [`Count`]s.
pub const COUNTS: usize = Count::ReasoningApart as usize + 1;

/// A text of `ai_log` that has a field of its own.
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
    /// True when a text under this path has to be kept.
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

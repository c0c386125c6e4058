//! Which values of a JSON text matter, by their paths: tables with a line for each path, and the tree that the compiler makes
//! of a table, in which the scanner finds its way.
//!
//! A path is the keys of the objects around a value and its own, joined with dots; `*` stands for each element of an array.

mod ai_log;
mod answer;
mod request;
mod tree;

pub use ai_log::AI_LOG;
pub use answer::ANSWER;
pub use request::REQUEST;
pub use tree::{LONGEST, Node, ROOT, Tree};

/// The JSON-RPC method that calls a tool of an MCP server.
pub const TOOLS_CALL: &str = "tools/call";

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

/// Headers of an answer that hold counts: those of Bedrock's invoke, some of whose models count nothing in the body.
pub const HEADERS: [(&str, Count); 4] = [
    ("x-amzn-bedrock-input-token-count", Count::InputFresh),
    ("x-amzn-bedrock-output-token-count", Count::Output),
    ("x-amzn-bedrock-cache-read-input-token-count", Count::CachedApart),
    ("x-amzn-bedrock-cache-write-input-token-count", Count::CacheWriteApart),
];

/// Makes a table and its tree: `NAME { "provider" "path" => meaning, }`.
macro_rules! table {
    ($(#[$doc:meta])* $name:ident { $( $provider:literal $path:literal => $meaning:expr, )+ }) => {
        $(#[$doc])*
        pub static $name: $crate::ai::usage::keys::Tree = {
            use $crate::ai::usage::keys::{Line, tree};
            const LINES: &[Line] = &[ $( Line { provider: $provider, path: $path, meaning: $meaning }, )+ ];
            const NODES: usize = tree::size(LINES);
            static TREE: [$crate::ai::usage::keys::Node; NODES] = tree::build(LINES);
            $crate::ai::usage::keys::Tree { nodes: &TREE, lines: LINES }
        };
    };
}
use table;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_every_table_is_found_by_its_path() {
        for tree in [&ANSWER, &REQUEST, &AI_LOG] {
            for line in tree.lines {
                let node = line
                    .path
                    .split('.')
                    .try_fold(ROOT, |node, key| tree.child(tree.inside(node), key.as_bytes()));
                let node = node.unwrap_or_else(|| panic!("{}", line.path));
                if !matches!(line.meaning, Meaning::Same(_)) {
                    assert_eq!(tree.meaning(node), Some(line.meaning), "{}", line.path);
                }
            }
        }
    }

    #[test]
    fn no_path_is_in_a_table_twice_and_no_key_is_longer_than_is_kept() {
        for tree in [&ANSWER, &REQUEST, &AI_LOG] {
            let mut seen = std::collections::HashSet::new();
            for line in tree.lines {
                let is_same = matches!(line.meaning, Meaning::Same(_));
                assert!(seen.insert((line.path, is_same)), "{}", line.path);
                assert!(line.path.split('.').all(|key| key.len() <= LONGEST), "{}", line.path);
            }
        }
    }
}

//! The members that are read from an `ai_log`, with the names of Higress's ai-statistics.

use super::line::Count::{Cached, Input, Output, Reasoning, Total};
use super::line::LogText::{Api, Consumer, ResponseType, Session};
use super::line::Meaning::{ChatId, Count, FirstToken, Log, Model};
use super::table;

table! {
    /// The members of an `ai_log` that have their own field in the record.
    AI_LOG {
        "" "api" => Log(Api),
        "" "model" => Model,
        "" "consumer" => Log(Consumer),
        "" "chat_id" => ChatId,
        "" "session_id" => Log(Session),
        "" "response_type" => Log(ResponseType),
        "" "input_token" => Count(Input),
        "" "output_token" => Count(Output),
        "" "total_token" => Count(Total),
        "" "cached_tokens" => Count(Cached),
        "" "reasoning_tokens" => Count(Reasoning),
        "" "llm_first_token_duration" => FirstToken,
    }
}

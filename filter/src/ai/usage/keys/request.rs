//! What is read of a request.

use super::line::Meaning::{Model, Question, RpcMethod, RpcName};
use super::table;

table! {
    /// The model that a request asks for, whether it asks one anything, and what it calls by JSON-RPC.
    REQUEST {
        "" "model" => Model,
        // OpenAI chat, Anthropic, Cohere, Ollama, Bedrock Converse.
        "" "messages" => Question,
        // OpenAI completions, images; Ollama generate.
        "" "prompt" => Question,
        // OpenAI Responses, embeddings, speech, moderations; DashScope.
        "" "input" => Question,
        // Gemini.
        "" "contents" => Question,
        "" "requests" => Question,
        // Rerank: the query alone is what any search has.
        "" "documents" => Question,
        // Cohere embed, and the servers of Hugging Face.
        "" "texts" => Question,
        "" "inputs" => Question,
        // Cohere v1 chat.
        "" "chat_history" => Question,
        // Coze.
        "" "additional_messages" => Question,
        // Vertex predict.
        "" "instances" => Question,
        // Titan of Bedrock.
        "" "inputText" => Question,
        // Hunyuan's own.
        "" "Model" => Model,
        "" "Messages" => Question,
        "" "method" => RpcMethod,
        "" "params.name" => RpcName,
    }
}

//! The values that are read from a request.

use super::line::Meaning::{Model, Question, RpcMethod, RpcName};
use super::table;

table! {
    /// The requested model, whether the request has a question for it, and the JSON-RPC call.
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
        // Rerank; any search has a query, so the query alone is not enough.
        "" "documents" => Question,
        // Cohere embed, and Hugging Face's servers.
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

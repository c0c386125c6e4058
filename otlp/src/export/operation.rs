//! The operation of an AI call by OpenTelemetry's names, told from the path.

use gatelog_record::AccessRecord;

/// Endings of paths and what providers do there; the first that fits holds.
const BY_END: [(&str, &str); 27] = [
    ("/chat/completions", "chat"),
    ("/text/chatcompletion_v2", "chat"),
    ("/completion-messages", "text_completion"),
    ("/completions", "text_completion"),
    ("/completion", "text_completion"),
    ("/v1/complete", "text_completion"),
    ("/responses", "chat"),
    ("/v1/messages", "chat"),
    ("/chat-messages", "chat"),
    ("/v1/chat", "chat"),
    ("/v2/chat", "chat"),
    ("/v3/chat", "chat"),
    ("/api/chat", "chat"),
    ("/converse", "chat"),
    ("/converse-stream", "chat"),
    ("/embeddings", "embeddings"),
    ("/embed", "embeddings"),
    ("/text-embedding", "embeddings"),
    ("/multimodal-embedding", "embeddings"),
    (":embedContent", "embeddings"),
    (":batchEmbedContents", "embeddings"),
    (":generateContent", "generate_content"),
    (":streamGenerateContent", "generate_content"),
    ("/api/generate", "text_completion"),
    ("/v1/generate", "text_completion"),
    ("/generate_stream", "text_completion"),
    ("/text-generation/generation", "chat"),
];

/// The operation; `None` when the record is no AI call or its path does not tell.
pub(super) fn name(record: &AccessRecord<'_>) -> Option<&'static str> {
    if !record.mcp_tool.is_empty() {
        return Some("execute_tool");
    }
    let is_ai_call = !record.model.is_empty()
        || !record.response_model.is_empty()
        || record.input_tokens.is_some()
        || record.output_tokens.is_some();
    let path = record.path.split_once('?').map_or(&*record.path, |(path, _)| path).trim_end_matches('/');
    let found = || BY_END.iter().find(|(end, _)| path.ends_with(end)).map(|(_, operation)| *operation);
    is_ai_call.then(found).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_an_ai_call_tells_the_operation() {
        for (path, expected) in [
            ("/v1/chat/completions?x=1", Some("chat")),
            ("/openai/deployments/d/chat/completions", Some("chat")),
            ("/v1/completions/", Some("text_completion")),
            ("/v1/embeddings", Some("embeddings")),
            ("/v1/messages", Some("chat")),
            ("/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse", Some("generate_content")),
            ("/v1beta/models/embedding-001:embedContent", Some("embeddings")),
            ("/model/m/converse-stream", Some("chat")),
            ("/v1/images/generations", None),
            ("/", None),
        ] {
            let record = AccessRecord { path: path.into(), model: "m".into(), ..AccessRecord::default() };
            assert_eq!(name(&record), expected, "{path}");
        }
        let plain = AccessRecord { path: "/v1/chat/completions".into(), ..AccessRecord::default() };
        assert_eq!(name(&plain), None, "no sign of a model");
        let tool = AccessRecord { mcp_tool: "search".into(), ..AccessRecord::default() };
        assert_eq!(name(&tool), Some("execute_tool"));
    }
}

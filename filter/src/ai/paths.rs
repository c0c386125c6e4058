//! The paths of AI calls, and the models named in paths.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The endings of paths that AI providers serve.
const ENDS: [&str; 34] = [
    // OpenAI and compatible; `/responses` follows any prefix, as in `/backend-api/codex/responses`.
    "/completions",
    "/responses",
    "/embeddings",
    "/images/generations",
    "/images/edits",
    "/images/variations",
    "/audio/speech",
    "/audio/transcriptions",
    "/audio/translations",
    "/v1/moderations",
    // MiniMax's own.
    "/text/chatcompletion_v2",
    // Anthropic.
    "/v1/messages",
    "/v1/complete",
    // Cohere, and providers with the same rerank API.
    "/rerank",
    "/v1/chat",
    "/v2/chat",
    "/v1/embed",
    "/v2/embed",
    "/v1/generate",
    // Ollama and llama.cpp's server.
    "/api/chat",
    "/api/generate",
    "/api/embed",
    "/completion",
    // DashScope's own.
    "/text-generation/generation",
    "/multimodal-generation/generation",
    "/text2image/image-synthesis",
    "/text-embedding/text-embedding",
    "/multimodal-embedding/multimodal-embedding",
    "/text-rerank/text-rerank",
    // Coze.
    "/v3/chat",
    // Dify.
    "/chat-messages",
    "/completion-messages",
    "/workflows/run",
    // Hugging Face's servers.
    "/generate_stream",
];

/// What precedes the model in the paths of Gemini and Vertex.
const MODELS: &[u8] = b"/models/";
/// What precedes both in the paths of Vertex.
const PUBLISHERS: &[u8] = b"/publishers/";
/// What precedes it in the paths of Bedrock.
const MODEL: &[u8] = b"/model/";

/// The methods of Gemini's models.
const OF_GEMINI: [&str; 4] =
    ["generateContent", "streamGenerateContent", "embedContent", "batchEmbedContents"];
/// The methods of Vertex's models, whose bodies may name the model in the provider's own format.
const OF_VERTEX: [&str; 3] = ["rawPredict", "streamRawPredict", "predict"];
/// The methods of Bedrock's models.
const OF_BEDROCK: [&str; 4] = ["converse", "converse-stream", "invoke", "invoke-with-response-stream"];

/// True when AI providers serve this path.
pub fn is_ai_path(path: &str) -> bool {
    let end = without_query(path).trim_end_matches('/');
    ENDS.iter().any(|known| end.ends_with(known)) || model(path).is_some() || other_model(path).is_some()
}

/// The model named in a path: `/v1beta/models/{model}:generateContent` of Gemini, `/model/{model}/converse` of Bedrock.
pub fn model(path: &str) -> Option<Cow<'_, str>> {
    of_models(path, &OF_GEMINI).map(Cow::Borrowed).or_else(|| of_bedrock(path))
}

/// The model of a path of Vertex, `/publishers/{publisher}/models/{model}:rawPredict`. The response's own name for it takes
/// precedence.
pub fn other_model(path: &str) -> Option<&str> {
    // Servers of other kinds of models have such methods too.
    after(path, PUBLISHERS).and_then(|_| of_models(path, &OF_VERTEX))
}

/// A path without its query.
pub fn without_query(path: &str) -> &str {
    path.split_once('?').map_or(path, |(path, _)| path)
}

fn of_models<'p>(path: &'p str, methods: &[&str]) -> Option<&'p str> {
    let (model, method) = after(without_query(path), MODELS)?.split_once(':')?;
    (!model.is_empty() && methods.contains(&method)).then_some(model)
}

fn of_bedrock(path: &str) -> Option<Cow<'_, str>> {
    let (model, method) = after(without_query(path), MODEL)?.rsplit_once('/')?;
    (!model.is_empty() && OF_BEDROCK.contains(&method)).then(|| percent_decode_str(model).decode_utf8_lossy())
}

/// The rest of a path after the last `part`.
fn after<'p>(path: &'p str, part: &[u8]) -> Option<&'p str> {
    // The standard library's text search would be one of the larger functions of the module.
    let at = path.as_bytes().windows(part.len()).rposition(|window| window == part)?;
    path.get(at + part.len()..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_the_model() {
        for (path, expected) in [
            ("/v1beta/models/gemini-2.5-pro:generateContent", Some("gemini-2.5-pro")),
            ("/v1/models/gemini-2.5-flash:streamGenerateContent?alt=sse&key=x", Some("gemini-2.5-flash")),
            (
                "/v1/projects/p/locations/l/publishers/google/models/gemini-1.5-pro:generateContent",
                Some("gemini-1.5-pro"),
            ),
            ("/v1beta/models/gemini-2.5-pro", None),
            ("/v1beta/models/gemini-2.5-pro:countTokens", None),
            ("/models/:generateContent", None),
            ("/models/x:delete", None),
            (
                "/model/anthropic.claude-3-5-sonnet-20240620-v1%3A0/converse",
                Some("anthropic.claude-3-5-sonnet-20240620-v1:0"),
            ),
            ("/prod/model/amazon.nova-pro-v1:0/invoke-with-response-stream?x", Some("amazon.nova-pro-v1:0")),
            (
                "/model/arn:aws:bedrock:us-east-1:1:inference-profile%2Fus.meta.llama/invoke",
                Some("arn:aws:bedrock:us-east-1:1:inference-profile/us.meta.llama"),
            ),
            ("/model/a/b", None),
            ("/model//converse", None),
            ("/model/100%/converse", Some("100%")),
            ("/model/%ff/converse", Some("\u{fffd}")),
            ("/", None),
        ] {
            assert_eq!(model(path).as_deref(), expected, "{path}");
        }
        let vertex = "/v1/projects/p/locations/l/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict";
        assert_eq!((model(vertex), other_model(vertex)), (None, Some("claude-sonnet-4-5@20250929")));
    }

    #[test]
    fn ai_paths_are_recognised_by_their_ending() {
        for (path, expected) in [
            ("/v1/chat/completions", true),
            ("/compatible-mode/v1/chat/completions?x=1", true),
            ("/openai/deployments/d/chat/completions?api-version=1", true),
            ("/api/v3/embeddings/", true),
            ("/v1beta/models/g:generateContent", true),
            ("/backend-api/codex/responses", true),
            ("/v2/rerank", true),
            ("/rerank", true),
            ("/anthropic/v1/messages?beta=true", true),
            ("/v1/projects/p/locations/l/publishers/anthropic/models/c:rawPredict", true),
            ("/model/m/converse", true),
            ("/api/v1/services/aigc/text-generation/generation", true),
            ("/v1/models/half_plus_two:predict", false),
            ("/index.html", false),
            ("/shop/messages", false),
            ("/v1/messages/count_tokens", false),
            ("/v1/responses/resp_1/cancel", false),
            ("/chat/completions-old", false),
            ("/x?y=/chat/completions", false),
            ("", false),
        ] {
            assert_eq!(is_ai_path(path), expected, "{path}");
        }
    }
}

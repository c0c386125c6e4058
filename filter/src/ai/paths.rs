//! The paths that AI providers serve.

/// The model that Gemini's paths carry: `/v1beta/models/{model}:generateContent`.
pub fn gemini_model(path: &str) -> Option<&str> {
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    // The standard library's text search would be one of the larger functions of the module.
    let before = path.as_bytes().windows(MODELS.len()).rposition(|part| part == MODELS)?;
    let (model, method) = path.get(before + MODELS.len()..)?.split_once(':')?;
    (!model.is_empty() && GEMINI_METHODS.contains(&method)).then_some(model)
}

/// True when the path is one that AI providers serve.
pub fn is_ai_path(path: &str) -> bool {
    let path = path.split_once('?').map_or(path, |(path, _)| path).trim_end_matches('/');
    AI_PATHS.iter().any(|suffix| path.ends_with(suffix)) || gemini_model(path).is_some()
}

/// The ends of the paths of OpenAI, Anthropic and compatible providers.
const AI_PATHS: [&str; 13] = [
    "/chat/completions",
    "/completions",
    "/embeddings",
    "/v1/responses",
    "/v1/messages",
    "/images/generations",
    "/images/edits",
    "/images/variations",
    "/audio/speech",
    "/audio/transcriptions",
    "/audio/translations",
    "/v1/rerank",
    "/v1/moderations",
];

/// What precedes the model in Gemini's paths.
const MODELS: &[u8] = b"/models/";

/// The methods of Gemini's models that answer with usage.
const GEMINI_METHODS: [&str; 5] =
    ["generateContent", "streamGenerateContent", "embedContent", "batchEmbedContents", "countTokens"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn geminis_paths_name_the_model() {
        for (path, expected) in [
            ("/v1beta/models/gemini-2.5-pro:generateContent", Some("gemini-2.5-pro")),
            ("/v1/models/gemini-2.5-flash:streamGenerateContent?alt=sse&key=x", Some("gemini-2.5-flash")),
            (
                "/v1/projects/p/locations/l/publishers/google/models/gemini-1.5-pro:generateContent",
                Some("gemini-1.5-pro"),
            ),
            ("/v1beta/models/gemini-2.5-pro", None),
            ("/models/:generateContent", None),
            ("/models/x:delete", None),
        ] {
            assert_eq!(gemini_model(path), expected, "{path}");
        }
    }

    #[test]
    fn ai_paths_are_known_by_their_end() {
        for (path, expected) in [
            ("/v1/chat/completions", true),
            ("/compatible-mode/v1/chat/completions?x=1", true),
            ("/api/v3/embeddings/", true),
            ("/v1beta/models/g:generateContent", true),
            ("/index.html", false),
            ("/shop/messages", false),
        ] {
            assert_eq!(is_ai_path(path), expected, "{path}");
        }
    }
}

//! Determines the provider of a model from hosts and paths. The names are those of OpenTelemetry's `gen_ai.provider.name`,
//! where it defines one.

use super::paths::without_query;

/// Parts of host names.
const HOSTS: [(&str, &str); 27] = [
    ("openai.azure.com", "azure.ai.openai"),
    ("cognitiveservices.azure.com", "azure.ai.openai"),
    ("services.ai.azure.com", "azure.ai.inference"),
    ("models.ai.azure.com", "azure.ai.inference"),
    ("api.openai.com", "openai"),
    ("chatgpt.com", "openai"),
    ("api.anthropic.com", "anthropic"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("aiplatform.googleapis.com", "gcp.vertex_ai"),
    ("bedrock-runtime", "aws.bedrock"),
    ("api.deepseek.com", "deepseek"),
    ("api.moonshot.", "moonshot_ai"),
    ("api.groq.com", "groq"),
    ("api.x.ai", "x_ai"),
    ("api.mistral.ai", "mistral_ai"),
    ("api.cohere.", "cohere"),
    ("api.perplexity.ai", "perplexity"),
    ("openrouter.ai", "openrouter"),
    ("dashscope", "dashscope"),
    (".volces.com", "volcengine"),
    ("hunyuan.", "hunyuan"),
    ("bigmodel.cn", "zhipuai"),
    ("api.z.ai", "zhipuai"),
    ("api.minimax", "minimax"),
    ("api.siliconflow", "siliconflow"),
    ("api.together.", "together"),
    ("api.fireworks.ai", "fireworks"),
];

/// Parts of paths that only one provider has.
const PATHS: [(&str, &str); 6] = [
    ("/openai/deployments/", "azure.ai.openai"),
    ("/publishers/", "gcp.vertex_ai"),
    ("/api/v1/services/", "dashscope"),
    ("/compatible-mode/v1/", "dashscope"),
    ("/chat-messages", "dify"),
    ("/completion-messages", "dify"),
];

/// The ending of a Bedrock path, after the model.
const OF_BEDROCK: [&str; 4] = ["/converse", "/converse-stream", "/invoke", "/invoke-with-response-stream"];

/// The provider of a host name, or of a cluster name that contains one.
pub fn of_host(host: &str) -> Option<&'static str> {
    find(&HOSTS, host)
}

/// The provider of a path.
pub fn of_path(path: &str) -> Option<&'static str> {
    let path = without_query(path);
    let is_of_bedrock = OF_BEDROCK.iter().any(|end| path.ends_with(end)) && has(path, "/model/");
    if is_of_bedrock { Some("aws.bedrock") } else { find(&PATHS, path) }
}

/// The provider by its response format, unless others use that format too: models that are not Anthropic's are also served in
/// its format.
pub fn of_model_in_anthropics_form(model: &str) -> Option<&'static str> {
    has(model, "claude").then_some("anthropic")
}

fn find(table: &[(&str, &'static str)], text: &str) -> Option<&'static str> {
    table.iter().find(|(part, _)| has(text, part)).map(|(_, provider)| *provider)
}

fn has(text: &str, part: &str) -> bool {
    text.as_bytes().windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_clusters_determine_the_provider() {
        for (host, expected) in [
            ("api.openai.com", Some("openai")),
            ("API.OpenAI.com:443", Some("openai")),
            ("outbound|443||api.deepseek.com.dns", Some("deepseek")),
            ("my.openai.azure.com", Some("azure.ai.openai")),
            ("bedrock-runtime.us-east-1.amazonaws.com", Some("aws.bedrock")),
            ("europe-west1-aiplatform.googleapis.com", Some("gcp.vertex_ai")),
            ("llm.example.com", None),
            ("", None),
        ] {
            assert_eq!(of_host(host), expected, "{host}");
        }
    }

    #[test]
    fn paths_of_a_single_provider_determine_it() {
        for (path, expected) in [
            ("/openai/deployments/d/chat/completions?api-version=1", Some("azure.ai.openai")),
            ("/v1/projects/p/locations/l/publishers/anthropic/models/c:rawPredict", Some("gcp.vertex_ai")),
            ("/model/m/converse", Some("aws.bedrock")),
            ("/chat-messages", Some("dify")),
            ("/v1/chat/completions", None),
            ("/v1/chat/completions?x=/api/chat", None),
        ] {
            assert_eq!(of_path(path), expected, "{path}");
        }
    }
}

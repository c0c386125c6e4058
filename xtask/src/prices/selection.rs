//! Whose models the default price table has: those of the providers that Higress's AI proxy knows.

/// A provider of a source.
pub struct Provider {
    /// Its name in the source.
    pub name: &'static str,
    /// The field `provider` of calls that its lines are for; none for any. The names of models that their maker serves, and
    /// names that only one provider gives, say enough: a gateway often does not know who is behind a cluster.
    pub only: Option<&'static str>,
    /// What the names of the models that are taken begin with; any when empty.
    pub prefixes: &'static [&'static str],
}

const fn maker(name: &'static str) -> Provider {
    Provider { name, only: None, prefixes: &[] }
}

const fn host(name: &'static str, only: &'static str) -> Provider {
    Provider { name, only: Some(only), prefixes: &[] }
}

/// The providers of genai-prices. Of lines for the same calls the first is taken.
pub const GENAI: &[Provider] = &[
    maker("openai"),
    maker("anthropic"),
    Provider { prefixes: &["gemini", "gemma", "text-embedding"], ..maker("google") },
    maker("deepseek"),
    maker("moonshotai"),
    maker("minimax"),
    maker("mistral"),
    maker("x-ai"),
    maker("cohere"),
    maker("zhipuai"),
    maker("zai"),
    maker("voyageai"),
    maker("fireworks"),
    host("azure", "azure.ai.openai"),
    host("aws", "aws.bedrock"),
    host("groq", "groq"),
    host("together", "together"),
    host("perplexity", "perplexity"),
    Provider {
        prefixes: &[
            "anthropic/claude",
            "deepseek/deepseek-v",
            "google/gemini-2.5",
            "google/gemini-3",
            "google/gemini-4",
            "openai/gpt-5",
            "openai/gpt-6",
            "x-ai/grok-4",
        ],
        ..host("openrouter", "openrouter")
    },
];

/// The providers of LiteLLM: those that genai-prices lacks. Names of models have the provider's before them in the source.
pub const LITELLM: &[Provider] = &[
    Provider { prefixes: &["qwen", "qwq", "qvq"], ..maker("dashscope") },
    Provider { prefixes: &["deepseek", "glm", "kimi"], ..host("dashscope", "dashscope") },
    Provider { prefixes: &["doubao"], ..maker("volcengine") },
    Provider { prefixes: &["hy"], ..maker("tencent") },
    Provider { prefixes: &["deepseek", "glm", "kimi", "minimax"], ..host("tencent", "hunyuan") },
];

/// Parts of the names of models that are charged by something else than tokens of text.
const OTHER_MEDIA: &[&str] = &[
    "audio",
    "image",
    "imagen",
    "live",
    "lyria",
    "moderation",
    "nova-2-sonic",
    "nova-sonic",
    "ocr",
    "orpheus",
    "realtime",
    "sora",
    "transcribe",
    "veo",
    "voxtral",
    "whisper",
];

/// Parts of names of models that nobody serves any more, or that were free while they were tried.
const RETIRED: &[&str] = &[
    ":free",
    "ada",
    "babbage",
    "claude-1",
    "claude-2",
    "claude-3",
    "claude-instant",
    "claude-v",
    "code-davinci",
    "codellama",
    "computer-use",
    "curie",
    "davinci",
    "dolphin",
    "gemini-1",
    "gpt-4-0125",
    "gpt-4-1106",
    "gpt-4-turbo",
    "gpt-3.5",
    "gpt-4-0314",
    "gpt-4-32k",
    "gpt-4-vision",
    "gpt-4.5",
    "grok-2",
    "grok-3",
    "grok-beta",
    "grok-vision",
    "hermes",
    "llama-2",
    "llama-3-",
    "llama3-8b",
    "llama3-70b",
    "mistral-7b",
    "mixtral",
    "mythomax",
    "o1-mini",
    "o1-preview",
    "qwen1",
    "qwen-2",
    "redpajama",
    "solar",
    "titan-text-",
    "vicuna",
    "wizard",
];

/// Patterns of the sources that other models fit too: those that anybody may serve, at any price.
const TOO_WIDE: &[&str] = &["deepseek-r1*"];

/// The first day of which the table has the prices: records come at once, so that older ones are of no use.
pub const HISTORY_FROM: &str = "2026-09-01";

/// Whether a pattern of a model is taken.
pub fn is_pattern_taken(provider: &Provider, pattern: &str) -> bool {
    let is_variant = provider.name == "openrouter" && (pattern.contains(':') || !pattern.contains('/'));
    !is_variant && !TOO_WIDE.contains(&pattern)
}

/// Whether a model of a provider is taken.
pub fn is_taken(provider: &Provider, model: &str) -> bool {
    let model = model.to_ascii_lowercase();
    let begins =
        provider.prefixes.is_empty() || provider.prefixes.iter().any(|prefix| model.starts_with(prefix));
    // OpenRouter has variants of a model behind a colon.
    let is_variant = provider.name == "openrouter" && model.contains(':');
    begins && !is_variant && !OTHER_MEDIA.iter().chain(RETIRED).any(|part| model.contains(part))
}

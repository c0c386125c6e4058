//! OpenAI's chat, completions, embeddings, images and audio, and providers compatible with them.

use super::Answer::{Events, Json};
use super::{Shape, shape};

const CHAT: &str = "/v1/chat/completions";
const ASK: &str = r#"{"model":"m","messages":[{"role":"user","content":"ping"}]}"#;
const STREAM: &str = r#"{"model":"m","stream":true,"messages":[{"role":"user","content":"ping"}]}"#;

pub fn shapes() -> Vec<Shape> {
    [chat(), streamed(), compatible(), media()].concat()
}

fn chat() -> Vec<Shape> {
    vec![
        shape!(
            "OpenAI chat", CHAT, ASK,
            Json(r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-4o-2024-08-06","choices":[{"index":0,"message":{"role":"assistant","content":"say \"usage\": {\"prompt_tokens\": 99}","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":3,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":4,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},"service_tier":"default","system_fingerprint":"fp_1"}"#),
            { "model": "m", "response_model": "gpt-4o-2024-08-06", "chat_id": "chatcmpl-1", "input_tokens": 19, "output_tokens": 10,
              "total_tokens": 29, "cached_tokens": 3, "reasoning_tokens": 4, "cache_write_tokens": null, "finish_reason": "stop",
              "service_tier": "default", "usage_source": "reported", "response_type": "normal", "time_to_first_token": null,
              "provider": null }
        ),
        shape!(
            "a tool call", CHAT, ASK,
            Json(r#"{"id":"c","object":"chat.completion","model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"usage","arguments":"{\"model\":\"x\"}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":8,"completion_tokens":2,"total_tokens":10}}"#),
            { "chat_id": "c", "response_model": "gpt-4o", "finish_reason": "tool_calls", "total_tokens": 10 }
        ),
        shape!(
            "several candidates", CHAT, ASK,
            Json(r#"{"id":"c","object":"chat.completion","model":"gpt-4o","choices":[{"index":0,"message":{"content":"a"},"finish_reason":"stop"},{"index":1,"message":{"content":"b"},"finish_reason":"stop"}],"usage":{"prompt_tokens":8,"completion_tokens":4,"total_tokens":12}}"#),
            { "input_tokens": 8, "output_tokens": 4, "total_tokens": 12, "finish_reason": "stop" }
        ),
        shape!(
            "usage that is null", CHAT, ASK,
            Json(r#"{"id":"c","object":"chat.completion","model":"x","choices":[{"message":{"content":"a"},"finish_reason":"stop"}],"usage":null}"#),
            { "input_tokens": null, "output_tokens": null, "total_tokens": null, "usage_source": null, "response_type": "normal" }
        ),
        shape!(
            "no usage at all", CHAT, ASK,
            Json(r#"{"id":"c","model":"x","choices":[{"message":{"content":"a"}}]}"#),
            { "input_tokens": null, "total_tokens": null, "usage_source": null, "chat_id": "c" }
        ),
        shape!(
            "details that are null", CHAT, ASK,
            Json(r#"{"id":"c","model":"x","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7,"prompt_tokens_details":null,"completion_tokens_details":null}}"#),
            { "input_tokens": 3, "output_tokens": 4, "total_tokens": 7, "cached_tokens": null, "reasoning_tokens": null }
        ),
        shape!(
            "counts that are none", CHAT, ASK,
            Json(r#"{"id":"c","model":"x","choices":[],"usage":{"prompt_tokens":"12 tokens","completion_tokens":-4,"total_tokens":1.5,"prompt_tokens_details":{"cached_tokens":9007199254740993},"completion_tokens_details":{"reasoning_tokens":{"n":1}}}}"#),
            { "input_tokens": null, "output_tokens": null, "total_tokens": null, "cached_tokens": null, "reasoning_tokens": null, "usage_source": null }
        ),
        shape!(
            "counts as texts and as other whole numbers", CHAT, ASK,
            Json(r#"{"id":"c","model":"x","choices":[],"usage":{"prompt_tokens":"12","completion_tokens":4.0,"total_tokens":1.6e1}}"#),
            { "input_tokens": 12, "output_tokens": 4, "total_tokens": 16 }
        ),
        shape!(
            "an error", CHAT, ASK,
            Json(r#"{"error":{"message":"Rate limit reached","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#),
            { "model": "m", "response_type": "normal", "input_tokens": null, "chat_id": null, "finish_reason": null, "usage_source": null }
        ),
        shape!(
            "completions", "/v1/completions", r#"{"model":"m","prompt":"ping"}"#,
            Json(r#"{"id":"cmpl-1","object":"text_completion","created":1,"model":"gpt-3.5-turbo-instruct","choices":[{"text":"Hi","index":0,"logprobs":null,"finish_reason":"length"}],"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}}"#),
            { "chat_id": "cmpl-1", "finish_reason": "length", "total_tokens": 12 }
        ),
        shape!(
            "embeddings", "/v1/embeddings", r#"{"model":"text-embedding-3-small","input":["a","b"]}"#,
            Json(r#"{"object":"list","data":[{"object":"embedding","embedding":[0.1,-0.2],"index":0},{"object":"embedding","embedding":"AAAA","index":1}],"model":"text-embedding-3-small","usage":{"prompt_tokens":5,"total_tokens":5}}"#),
            { "input_tokens": 5, "output_tokens": null, "total_tokens": 5, "model": "text-embedding-3-small", "response_type": "normal" }
        ),
        shape!(
            "moderation without a model", "/v1/moderations", r#"{"input":"ping"}"#,
            Json(r#"{"id":"modr-1","model":"omni-moderation-latest","results":[{"flagged":false}]}"#),
            { "model": "omni-moderation-latest", "chat_id": "modr-1", "total_tokens": null, "response_type": "normal" }
        ),
    ]
}

fn streamed() -> Vec<Shape> {
    vec![
        shape!(
            "OpenAI chat streamed", CHAT, STREAM,
            Events(&[
                r#"{"id":"chatcmpl-2","object":"chat.completion.chunk","created":1,"model":"gpt-4o","service_tier":"auto","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"x"}"#,
                r#"{"id":"chatcmpl-2","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}],"usage":null}"#,
                r#"{"id":"chatcmpl-2","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#,
                r#"{"id":"chatcmpl-2","object":"chat.completion.chunk","created":1,"model":"gpt-4o","service_tier":"priority","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#,
                "[DONE]",
            ]),
            { "response_type": "stream", "time_to_first_token": 300, "chat_id": "chatcmpl-2", "total_tokens": 11, "finish_reason": "stop",
              "service_tier": "priority", "usage_source": "reported" }
        ),
        shape!(
            "a streamed tool call", CHAT, STREAM,
            Events(&[
                r#"{"id":"c","object":"chat.completion.chunk","model":"gpt-4o","choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":""}}]},"finish_reason":null}]}"#,
                r#"{"id":"c","object":"chat.completion.chunk","model":"gpt-4o","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#,
                r#"{"id":"c","object":"chat.completion.chunk","model":"gpt-4o","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21}}"#,
                "[DONE]",
            ]),
            { "time_to_first_token": 300, "finish_reason": "tool_calls", "output_tokens": 12 }
        ),
        shape!(
            "a streamed function call, refusal and audio", CHAT, STREAM,
            Events(&[
                r#"{"id":"c","choices":[{"delta":{"function_call":{"name":"f","arguments":""}}}]}"#,
                r#"{"id":"c","choices":[{"delta":{"refusal":"I can't"}}]}"#,
                r#"{"id":"c","choices":[{"delta":{"audio":{"id":"a","transcript":"Hi"}}},{"delta":{"audio":{"data":"AAAA"}}}]}"#,
                r#"{"id":"c","choices":[{"delta":{"images":[{"type":"image_url"}]},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#,
            ]),
            { "time_to_first_token": 300, "total_tokens": 3, "usage_source": "reported" }
        ),
        shape!(
            "no token, only a role and an end", CHAT, STREAM,
            Events(&[
                r#"{"id":"c","object":"chat.completion.chunk","choices":[{"delta":{"role":"assistant","content":"","tool_calls":[],"reasoning_content":null}}]}"#,
                r#"{"id":"c","object":"chat.completion.chunk","choices":[{"delta":{},"finish_reason":"stop"}]}"#,
                "[DONE]",
            ]),
            { "time_to_first_token": null, "response_type": "stream", "finish_reason": "stop", "usage_source": null }
        ),
        shape!(
            "completions streamed", "/v1/completions", r#"{"model":"m","prompt":"ping","stream":true}"#,
            Events(&[
                r#"{"id":"cmpl-2","object":"text_completion","choices":[{"text":"Hi","index":0,"finish_reason":null}],"model":"gpt-3.5-turbo-instruct","usage":null}"#,
                r#"{"id":"cmpl-2","object":"text_completion","choices":[],"model":"gpt-3.5-turbo-instruct","usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}}"#,
                "[DONE]",
            ]),
            { "time_to_first_token": 300, "total_tokens": 6, "chat_id": "cmpl-2" }
        ),
        shape!(
            "usage that grows, with the total only at the end", CHAT, STREAM,
            Events(&[
                r#"{"id":"c","choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":0}}"#,
                r#"{"id":"c","choices":[{"delta":{"content":"b"}}],"usage":{"prompt_tokens":9,"completion_tokens":2}}"#,
                r#"{"id":"c","choices":[{"delta":{"content":""},"finish_reason":"length"}],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}"#,
            ]),
            { "input_tokens": 9, "output_tokens": 3, "total_tokens": 12, "usage_source": "reported", "finish_reason": "length" }
        ),
        shape!(
            "usage, and then zeros", CHAT, STREAM,
            Events(&[
                r#"{"id":"c","choices":[{"delta":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}}"#,
                r#"{"id":"c","choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}}"#,
                "[DONE]",
            ]),
            { "input_tokens": 9, "output_tokens": 1, "total_tokens": 10 }
        ),
    ]
}

fn compatible() -> Vec<Shape> {
    vec![
        shape!(
            "Azure", "/openai/deployments/d/chat/completions?api-version=2024-10-21", r#"{"messages":[]}"#,
            Json(r#"{"choices":[{"content_filter_results":{"hate":{"filtered":false}},"finish_reason":"content_filter","index":0,"message":{"content":"x"}}],"id":"az","model":"gpt-4o-2024-08-06","object":"chat.completion","prompt_filter_results":[{"prompt_index":0}],"usage":{"completion_tokens":2,"prompt_tokens":9,"total_tokens":11}}"#),
            { "model": "gpt-4o-2024-08-06", "chat_id": "az", "finish_reason": "content_filter", "provider": "azure.ai.openai", "total_tokens": 11 }
        ),
        shape!(
            "Azure: a prompt that was filtered", "/openai/deployments/d/chat/completions", r#"{"messages":[]}"#,
            Json(r#"{"error":{"inner_error":{"code":"ResponsibleAIPolicyViolation"},"code":"content_filter","message":"filtered","status":400}}"#),
            { "model": "", "response_type": "normal", "usage_source": null }
        ),
        shape!(
            "Doubao", "/api/v3/chat/completions", ASK,
            Json(r#"{"choices":[{"finish_reason":"stop","index":0,"logprobs":null,"message":{"content":"Hi","reasoning_content":"hm","role":"assistant"}}],"created":1,"id":"0217","model":"doubao-seed-1-6","service_tier":"default","object":"chat.completion","usage":{"completion_tokens":9,"prompt_tokens":88,"total_tokens":97,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":6}}}"#),
            { "total_tokens": 97, "reasoning_tokens": 6, "cached_tokens": 0, "service_tier": "default" }
        ),
        shape!(
            "DeepSeek's reasoner streamed", CHAT, STREAM,
            Events(&[
                r#"{"id":"ds","object":"chat.completion.chunk","model":"deepseek-reasoner","choices":[{"index":0,"delta":{"role":"assistant","content":null,"reasoning_content":""},"finish_reason":null}]}"#,
                r#"{"id":"ds","object":"chat.completion.chunk","model":"deepseek-reasoner","choices":[{"index":0,"delta":{"content":null,"reasoning_content":"hm"},"finish_reason":null}]}"#,
                r#"{"id":"ds","object":"chat.completion.chunk","model":"deepseek-reasoner","choices":[{"index":0,"delta":{"content":"","reasoning_content":null},"finish_reason":"stop"}],"usage":{"prompt_tokens":100,"completion_tokens":40,"total_tokens":140,"prompt_tokens_details":{"cached_tokens":64},"completion_tokens_details":{"reasoning_tokens":30},"prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36}}"#,
                "[DONE]",
            ]),
            { "time_to_first_token": 300, "cached_tokens": 64, "reasoning_tokens": 30, "input_tokens": 100, "output_tokens": 40, "total_tokens": 140 }
        ),
        shape!(
            "xAI: output without the reasoning", CHAT, ASK,
            Json(r#"{"id":"x","object":"chat.completion","model":"grok-3-mini","choices":[{"index":0,"message":{"content":"Hi","reasoning_content":"hm"},"finish_reason":"stop"}],"usage":{"prompt_tokens":32,"completion_tokens":9,"total_tokens":135,"prompt_tokens_details":{"text_tokens":32,"audio_tokens":0,"image_tokens":0,"cached_tokens":6},"completion_tokens_details":{"reasoning_tokens":94,"audio_tokens":0},"num_sources_used":0},"system_fingerprint":"fp"}"#),
            { "input_tokens": 32, "output_tokens": 103, "total_tokens": 135, "reasoning_tokens": 94, "cached_tokens": 6 }
        ),
        shape!(
            "Moonshot: cached beside the counts, and usage in the choice", CHAT, STREAM,
            Events(&[
                r#"{"id":"k","object":"chat.completion.chunk","model":"kimi-k2","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}"#,
                r#"{"id":"k","object":"chat.completion.chunk","model":"kimi-k2","choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":20,"completion_tokens":3,"total_tokens":23,"cached_tokens":16}}]}"#,
                "[DONE]",
            ]),
            { "input_tokens": 20, "output_tokens": 3, "total_tokens": 23, "cached_tokens": 16, "provider": "moonshot_ai" }
        ),
        shape!(
            "Groq: usage in x_groq", "/openai/v1/chat/completions", STREAM,
            Events(&[
                r#"{"id":"g","object":"chat.completion.chunk","model":"llama","choices":[{"index":0,"delta":{"reasoning":"hm"}}],"x_groq":{"id":"req_1"}}"#,
                r#"{"id":"g","object":"chat.completion.chunk","model":"llama","service_tier":"on_demand","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"req_1","usage":{"queue_time":0.1,"prompt_tokens":31,"prompt_time":0.006,"completion_tokens":17,"total_tokens":48}}}"#,
                "[DONE]",
            ]),
            { "chat_id": "g", "total_tokens": 48, "provider": "groq", "time_to_first_token": 300, "service_tier": "on_demand" }
        ),
        shape!(
            "Mistral: parts instead of a text", CHAT, STREAM,
            Events(&[
                r#"{"id":"mi","object":"chat.completion.chunk","model":"magistral","choices":[{"index":0,"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]},"finish_reason":null}]}"#,
                r#"{"id":"mi","object":"chat.completion.chunk","model":"magistral","choices":[{"index":0,"delta":{"content":[{"type":"text","text":"a"}]},"finish_reason":"stop"}],"usage":{"prompt_tokens":4,"total_tokens":9,"completion_tokens":5}}"#,
                "[DONE]",
            ]),
            { "time_to_first_token": 300, "input_tokens": 4, "output_tokens": 5, "total_tokens": 9, "finish_reason": "stop" }
        ),
        shape!(
            "OpenRouter", "/api/v1/chat/completions", STREAM,
            Events(&[
                r#"{"id":"gen-1","provider":"Anthropic","model":"anthropic/claude-sonnet-4","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":"","reasoning":null,"reasoning_details":[{"type":"reasoning.text","text":"hm"}]},"finish_reason":null,"native_finish_reason":null}]}"#,
                r#"{"id":"gen-1","provider":"Anthropic","model":"anthropic/claude-sonnet-4","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop","native_finish_reason":"end_turn"}]}"#,
                r#"{"id":"gen-1","provider":"Anthropic","model":"anthropic/claude-sonnet-4","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":""},"finish_reason":null}],"usage":{"prompt_tokens":1200,"completion_tokens":40,"total_tokens":1240,"cost":0.01,"prompt_tokens_details":{"cached_tokens":1000,"cache_write_tokens":100,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":11}}}"#,
                "[DONE]",
            ]),
            { "input_tokens": 1200, "output_tokens": 40, "cached_tokens": 1000, "cache_write_tokens": 100, "provider": "openrouter",
              "finish_reason": "stop", "time_to_first_token": 300 }
        ),
        shape!(
            "LiteLLM in front of Anthropic", CHAT, ASK,
            Json(r#"{"id":"chatcmpl-l","object":"chat.completion","model":"claude-sonnet-4","choices":[{"finish_reason":"stop","index":0,"message":{"content":"Hi"}}],"usage":{"completion_tokens":25,"prompt_tokens":45312,"total_tokens":45337,"completion_tokens_details":null,"prompt_tokens_details":{"audio_tokens":null,"cached_tokens":45000,"cache_creation_tokens":300},"cache_creation_input_tokens":300,"cache_read_input_tokens":45000}}"#),
            { "input_tokens": 45312, "output_tokens": 25, "total_tokens": 45337, "cached_tokens": 45000, "cache_write_tokens": 300 }
        ),
        shape!(
            "new-api in front of Anthropic: a prompt without its caches", CHAT, ASK,
            Json(r#"{"id":"chatcmpl-n","object":"chat.completion","model":"claude-sonnet-4","choices":[{"index":0,"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"completion_tokens":25,"total_tokens":37,"prompt_tokens_details":{"cached_tokens":45000,"cached_creation_tokens":300,"text_tokens":0},"completion_tokens_details":{"reasoning_tokens":0},"input_tokens":0,"output_tokens":0}}"#),
            { "input_tokens": 45312, "output_tokens": 25, "cached_tokens": 45000, "cache_write_tokens": 300 }
        ),
        shape!(
            "DashScope's compatible mode with an explicit cache", "/compatible-mode/v1/chat/completions", ASK,
            Json(r#"{"choices":[{"message":{"content":"Hi","role":"assistant"},"finish_reason":"stop","index":0,"logprobs":null}],"object":"chat.completion","usage":{"prompt_tokens":3019,"completion_tokens":104,"total_tokens":3123,"prompt_tokens_details":{"cached_tokens":2048,"cache_creation_input_tokens":512,"cache_type":"ephemeral"}},"created":1,"system_fingerprint":null,"model":"qwen-plus","id":"chatcmpl-q"}"#),
            { "input_tokens": 3019, "cached_tokens": 2048, "cache_write_tokens": 512, "provider": "dashscope", "total_tokens": 3123 }
        ),
        shape!(
            "Perplexity: reasoning beside the counts", "/chat/completions", ASK,
            Json(r#"{"id":"p","model":"sonar-reasoning","object":"chat.completion","usage":{"prompt_tokens":14,"completion_tokens":80,"total_tokens":94,"search_context_size":"low","citation_tokens":7,"reasoning_tokens":30},"citations":["https://a"],"choices":[{"index":0,"message":{"content":"Hi"},"finish_reason":"stop","delta":{"role":"assistant","content":""}}]}"#),
            { "input_tokens": 14, "output_tokens": 80, "reasoning_tokens": 30, "total_tokens": 94 }
        ),
        shape!(
            "names of Spring AI", CHAT, ASK,
            Json(r#"{"id":"s","choices":[{"message":{"content":"a"},"finish_reason":"STOP"}],"usage":{"promptTokens":3,"completionTokens":4,"totalTokens":7}}"#),
            { "input_tokens": 3, "output_tokens": 4, "total_tokens": 7 }
        ),
    ]
}

fn media() -> Vec<Shape> {
    const SPEAK: &str = r#"{"model":"gpt-4o-mini-tts","input":"ping","voice":"x"}"#;
    const DRAW: &str = r#"{"model":"gpt-image-1","prompt":"ping"}"#;
    vec![
        shape!(
            "images", "/v1/images/generations", DRAW,
            Json(r#"{"created":1,"data":[{"b64_json":"aGk="}],"usage":{"total_tokens":100,"input_tokens":50,"output_tokens":50,"input_tokens_details":{"text_tokens":10,"image_tokens":40}}}"#),
            { "model": "gpt-image-1", "input_tokens": 50, "output_tokens": 50, "total_tokens": 100, "response_type": "normal" }
        ),
        shape!(
            "an image streamed", "/v1/images/generations", DRAW,
            Events(&[
                r#"{"type":"image_generation.partial_image","b64_json":"aGk=","partial_image_index":0}"#,
                r#"{"type":"image_generation.completed","b64_json":"aGk=","usage":{"total_tokens":100,"input_tokens":50,"output_tokens":50}}"#,
            ]),
            { "total_tokens": 100, "time_to_first_token": 300, "usage_source": "reported" }
        ),
        shape!(
            "a transcription streamed", "/v1/audio/transcriptions", SPEAK,
            Events(&[
                r#"{"type":"transcript.text.delta","delta":"Hi"}"#,
                r#"{"type":"transcript.text.done","text":"Hi","usage":{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":0,"audio_tokens":14,"cached_tokens":2},"output_tokens":3,"output_token_details":{"reasoning_tokens":1},"total_tokens":17}}"#,
            ]),
            { "input_tokens": 14, "output_tokens": 3, "total_tokens": 17, "cached_tokens": 2, "reasoning_tokens": 1, "usage_source": "reported" }
        ),
        shape!(
            "a transcription that is charged by time", "/v1/audio/transcriptions", SPEAK,
            Json(r#"{"text":"hello","usage":{"type":"duration","seconds":9}}"#),
            { "input_tokens": null, "total_tokens": null, "usage_source": null, "response_type": "normal" }
        ),
        shape!(
            "speech streamed", "/v1/audio/speech", SPEAK,
            Events(&[
                r#"{"type":"speech.audio.delta","audio":"AAAA"}"#,
                r#"{"type":"speech.audio.done","usage":{"input_tokens":14,"output_tokens":101,"total_tokens":115}}"#,
            ]),
            { "model": "gpt-4o-mini-tts", "total_tokens": 115, "usage_source": "reported" }
        ),
        shape!(
            "images of Doubao", "/api/v3/images/generations", DRAW,
            Json(r#"{"model":"doubao-seedream","created":1,"data":[{"url":"u"}],"usage":{"generated_images":1,"output_tokens":16384,"total_tokens":16384}}"#),
            { "input_tokens": null, "output_tokens": 16384, "total_tokens": 16384 }
        ),
    ]
}

//! Gemini, also on Vertex.

use super::Answer::{Events, Json};
use super::{Shape, shape};

const PATH: &str = "/v1beta/models/gemini-2.5-pro:generateContent";
const STREAM: &str = "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse";
const ASK: &str = r#"{"contents":[{"parts":[{"text":"ping"}]}]}"#;

pub fn shapes() -> Vec<Shape> {
    vec![
        shape!(
            "Gemini", PATH, ASK,
            Json(r#"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"Hi"}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":12,"totalTokenCount":46,"cachedContentTokenCount":1,"thoughtsTokenCount":30,"promptTokensDetails":[{"modality":"TEXT","tokenCount":4}]},"modelVersion":"gemini-2.5-pro","responseId":"r1"}"#),
            { "model": "gemini-2.5-pro", "chat_id": "r1", "input_tokens": 4, "output_tokens": 42, "total_tokens": 46, "cached_tokens": 1,
              "reasoning_tokens": 30, "finish_reason": "STOP", "provider": "gcp.gemini", "response_type": "normal", "time_to_first_token": null }
        ),
        shape!(
            "Gemini with its own tools", PATH, ASK,
            Json(r#"{"candidates":[{"content":{"parts":[{"executableCode":{"code":"1"}},{"functionCall":{"name":"f"}},{"inlineData":{"data":"AA"}}]},"finishReason":"MAX_TOKENS"}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":5,"toolUsePromptTokenCount":100,"thoughtsTokenCount":7,"totalTokenCount":122},"modelVersion":"gemini-2.5-pro"}"#),
            { "input_tokens": 110, "output_tokens": 12, "total_tokens": 122, "reasoning_tokens": 7, "finish_reason": "MAX_TOKENS" }
        ),
        shape!(
            "a prompt that was blocked", PATH, ASK,
            Json(r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4},"modelVersion":"gemini-2.5-pro"}"#),
            { "finish_reason": "PROHIBITED_CONTENT", "input_tokens": 4, "output_tokens": null, "total_tokens": 4 }
        ),
        shape!(
            "Gemini streamed", STREAM, ASK,
            Events(&[
                r#"{"candidates":[{"content":{"parts":[{"text":"H"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4},"modelVersion":"gemini-2.5-pro","responseId":"r2"}"#,
                r#"{"candidates":[{"content":{"parts":[{"text":"i"}],"role":"model"},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":2,"thoughtsTokenCount":3,"totalTokenCount":9},"modelVersion":"gemini-2.5-pro","responseId":"r2"}"#,
            ]),
            { "response_type": "stream", "time_to_first_token": 300, "input_tokens": 4, "output_tokens": 5, "total_tokens": 9,
              "usage_source": "reported", "chat_id": "r2" }
        ),
        shape!(
            "Gemini streamed as an array", "/v1beta/models/gemini-2.5-flash:streamGenerateContent", ASK,
            Json("[{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"H\"}]}}],\"usageMetadata\":{\"promptTokenCount\":4,\"totalTokenCount\":4},\"modelVersion\":\"gemini-2.5-flash\"}\n,\r\n{\"candidates\":[{\"content\":{},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":4,\"candidatesTokenCount\":9,\"totalTokenCount\":13},\"modelVersion\":\"gemini-2.5-flash\"}]"),
            { "response_type": "stream", "time_to_first_token": 300, "input_tokens": 4, "output_tokens": 9, "total_tokens": 13, "usage_source": "reported" }
        ),
        shape!(
            "Gemini on Vertex", "/v1/projects/p/locations/l/publishers/google/models/gemini-2.5-pro:generateContent", ASK,
            Json(r#"{"candidates":[{"content":{"parts":[{"text":"Hi"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":2,"totalTokenCount":6,"trafficType":"ON_DEMAND_PRIORITY"},"modelVersion":"gemini-2.5-pro"}"#),
            { "provider": "gcp.vertex_ai", "service_tier": "ON_DEMAND_PRIORITY", "total_tokens": 6 }
        ),
        shape!(
            "Gemini's answer in a wrapper", "/v1internal/models/gemini-2.5-pro:streamGenerateContent", ASK,
            Events(&[
                r#"{"response":{"candidates":[{"content":{"parts":[{"text":"Hi"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":4,"responseTokenCount":2,"totalTokenCount":6,"serviceTier":"flex"},"modelVersion":"gemini-2.5-pro","responseId":"r3"}}"#,
            ]),
            { "input_tokens": 4, "output_tokens": 2, "total_tokens": 6, "chat_id": "r3", "service_tier": "flex", "time_to_first_token": 300 }
        ),
        shape!(
            "an embedding", "/v1beta/models/text-embedding-004:embedContent", r#"{"content":{"parts":[{"text":"a"}]}}"#,
            Json(r#"{"embedding":{"values":[0.1]}}"#),
            { "model": "text-embedding-004", "response_type": "normal", "total_tokens": null }
        ),
        shape!(
            "an error", PATH, ASK,
            Json(r#"{"error":{"code":429,"message":"Resource exhausted","status":"RESOURCE_EXHAUSTED"}}"#),
            { "model": "gemini-2.5-pro", "finish_reason": null, "usage_source": null, "response_type": "normal" }
        ),
    ]
}

//! Cohere, Ollama, DashScope, Hunyuan, Dify, and servers of open models.

use super::Answer::{Events, Json, Lines};
use super::{Shape, shape};

const CHAT: &str = "/v1/chat/completions";
const ASK: &str = r#"{"model":"m","messages":[{"role":"user","content":"ping"}]}"#;

pub fn shapes() -> Vec<Shape> {
    [cohere(), open_models(), chinese(), wrappers()].concat()
}

fn cohere() -> Vec<Shape> {
    const EMBED: &str = r#"{"model":"embed-v4.0","texts":["a"]}"#;
    const RERANK: &str = r#"{"model":"rerank-v3.5","query":"ping","documents":["a","b"]}"#;
    vec![
        shape!(
            "Cohere streamed", "/v2/chat", ASK,
            Events(&[
                r#"{"id":"co-2","type":"message-start","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}}"#,
                r#"{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}"#,
                r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"Hi"}}}}"#,
                r#"{"type":"content-delta","index":1,"delta":{"message":{"content":{"thinking":"hm"}}}}"#,
                r#"{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"I"}}}"#,
                r#"{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"f_1","type":"function","function":{"name":"f","arguments":""}}}}}"#,
                r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":6,"output_tokens":11},"tokens":{"input_tokens":80,"output_tokens":13},"cached_tokens":64}}}"#,
            ]),
            { "chat_id": "co-2", "input_tokens": 6, "output_tokens": 11, "total_tokens": 17, "cached_tokens": 64, "finish_reason": "COMPLETE",
              "time_to_first_token": 300, "usage_source": "reported", "provider": "cohere" }
        ),
        shape!(
            "Cohere without what is billed", "/v2/chat", ASK,
            Json(r#"{"id":"co-3","finish_reason":"MAX_TOKENS","message":{"role":"assistant","content":[{"type":"text","text":"Hi"}]},"usage":{"tokens":{"input_tokens":80,"output_tokens":13}}}"#),
            { "input_tokens": 80, "output_tokens": 13, "total_tokens": 93, "finish_reason": "MAX_TOKENS" }
        ),
        shape!(
            "Cohere's first version, streamed", "/v1/chat", r#"{"model":"command-r","message":"ping","chat_history":[]}"#,
            Lines(&[
                r#"{"is_finished":false,"event_type":"stream-start","generation_id":"g"}"#,
                r#"{"is_finished":false,"event_type":"text-generation","text":"Hi"}"#,
                r#"{"is_finished":true,"event_type":"stream-end","finish_reason":"COMPLETE","response":{"response_id":"r","text":"Hi","generation_id":"g","finish_reason":"COMPLETE","meta":{"api_version":{"version":"1"},"billed_units":{"input_tokens":3,"output_tokens":4},"tokens":{"input_tokens":70,"output_tokens":5}}}}"#,
            ]),
            { "input_tokens": 3, "output_tokens": 4, "total_tokens": 7, "finish_reason": "COMPLETE", "time_to_first_token": 300, "response_type": "stream" }
        ),
        shape!(
            "generate", "/v1/generate", r#"{"model":"command","prompt":"ping"}"#,
            Json(r#"{"id":"g1","generations":[{"id":"g2","text":"Hi","finish_reason":"COMPLETE"}],"prompt":"ping","meta":{"billed_units":{"input_tokens":3,"output_tokens":4}}}"#),
            { "chat_id": "g1", "input_tokens": 3, "output_tokens": 4, "total_tokens": 7 }
        ),
        shape!(
            "embed", "/v2/embed", EMBED,
            Json(r#"{"id":"em-1","embeddings":{"float":[[0.1]]},"texts":["a"],"meta":{"api_version":{"version":"2"},"billed_units":{"input_tokens":2}}}"#),
            { "chat_id": "em-1", "input_tokens": 2, "output_tokens": null, "total_tokens": 2, "model": "embed-v4.0" }
        ),
        shape!(
            "rerank", "/rerank", RERANK,
            Json(r#"{"id":"rr-2","results":[{"index":1,"relevance_score":0.9}],"meta":{"billed_units":{"search_units":1}}}"#),
            { "model": "rerank-v3.5", "chat_id": "rr-2", "response_type": "normal", "total_tokens": null, "usage_source": null }
        ),
        shape!(
            "rerank of Jina", "/v1/rerank", RERANK,
            Json(r#"{"model":"jina-reranker-v2","object":"list","usage":{"total_tokens":15},"results":[{"index":0,"relevance_score":0.9}]}"#),
            { "input_tokens": null, "total_tokens": 15, "response_model": "jina-reranker-v2" }
        ),
        shape!(
            "rerank of SiliconFlow", "/v1/rerank", RERANK,
            Json(r#"{"id":"sf","results":[{"index":0,"relevance_score":0.9}],"meta":{"billed_units":{"input_tokens":28,"output_tokens":0,"search_units":0},"tokens":{"input_tokens":28,"output_tokens":0}}}"#),
            { "input_tokens": 28, "output_tokens": 0, "total_tokens": 28 }
        ),
        shape!(
            "rerank anywhere", "/search/rank-them", RERANK,
            Json(r#"{"results":[{"index":1,"relevance_score":0.9}]}"#),
            { "model": "rerank-v3.5", "response_type": "normal" }
        ),
    ]
}

fn open_models() -> Vec<Shape> {
    const GENERATE: &str = r#"{"model":"llama3.2","prompt":"ping"}"#;
    vec![
        shape!(
            "Ollama chat", "/api/chat", r#"{"model":"llama3.2","stream":false,"messages":[]}"#,
            Json(r#"{"model":"llama3.2","created_at":"2026-01-31T12:00:00Z","message":{"role":"assistant","content":"Hi"},"done":true,"done_reason":"stop","total_duration":1,"prompt_eval_count":26,"eval_count":7}"#),
            { "input_tokens": 26, "output_tokens": 7, "total_tokens": 33, "finish_reason": "stop", "response_type": "normal", "provider": "ollama" }
        ),
        shape!(
            "Ollama chat with thoughts and tools", "/api/chat", r#"{"model":"qwen3","messages":[]}"#,
            Lines(&[
                r#"{"model":"qwen3","message":{"role":"assistant","content":"","thinking":"hm"},"done":false}"#,
                r#"{"model":"qwen3","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{}}}]},"done":false}"#,
                r#"{"model":"qwen3","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":26,"eval_count":7}"#,
            ]),
            { "input_tokens": 26, "output_tokens": 7, "response_type": "stream", "time_to_first_token": 300, "usage_source": "reported" }
        ),
        shape!(
            "Ollama generate in one line", "/api/generate", GENERATE,
            Lines(&[r#"{"model":"llama3.2","response":"Hi","done":true,"done_reason":"length","context":[1,2],"prompt_eval_count":3,"eval_count":4}"#]),
            { "total_tokens": 7, "finish_reason": "length", "response_type": "stream", "time_to_first_token": 300 }
        ),
        shape!(
            "Ollama with a prompt from its cache", "/api/generate", GENERATE,
            Lines(&[
                r#"{"model":"llama3.2","response":"Hi","done":false}"#,
                r#"{"model":"llama3.2","response":"","done":true,"eval_count":4}"#,
            ]),
            { "input_tokens": null, "output_tokens": 4, "total_tokens": 4, "usage_source": "reported" }
        ),
        shape!(
            "Ollama embed", "/api/embed", r#"{"model":"all-minilm","input":"ping"}"#,
            Json(r#"{"model":"all-minilm","embeddings":[[0.1]],"total_duration":1,"prompt_eval_count":8}"#),
            { "input_tokens": 8, "output_tokens": null, "total_tokens": 8 }
        ),
        shape!(
            "an error of Ollama", "/api/chat", r#"{"model":"none","messages":[]}"#,
            Json(r#"{"error":"model 'none' not found"}"#),
            { "model": "none", "total_tokens": null, "usage_source": null }
        ),
        shape!(
            "llama.cpp", "/completion", r#"{"prompt":"ping"}"#,
            Events(&[
                r#"{"content":"Hi","stop":false}"#,
                r#"{"content":"","stop":true,"model":"llama","tokens_predicted":4,"tokens_evaluated":3}"#,
            ]),
            { "model": "llama", "input_tokens": 3, "output_tokens": 4, "total_tokens": 7, "usage_source": "reported", "time_to_first_token": 300 }
        ),
        shape!(
            "Hugging Face streamed", "/generate_stream", r#"{"inputs":"ping"}"#,
            Events(&[
                r#"{"index":1,"token":{"id":1,"text":"Hi","special":false},"generated_text":null,"details":null}"#,
                r#"{"index":2,"token":{"id":2,"text":"","special":true},"generated_text":"Hi","details":{"finish_reason":"eos_token","generated_tokens":2,"seed":null}}"#,
            ]),
            { "input_tokens": null, "output_tokens": 2, "total_tokens": 2, "finish_reason": "eos_token", "time_to_first_token": 300 }
        ),
    ]
}

fn chinese() -> Vec<Shape> {
    const DASHSCOPE: &str = "/api/v1/services/aigc/multimodal-generation/generation";
    const ASK_DASHSCOPE: &str = r#"{"model":"qwen-vl-max","input":{"messages":[]}}"#;
    const HUNYUAN: &str =
        r#"{"Model":"hunyuan-turbo","Messages":[{"Role":"user","Content":"ping"}],"Stream":true}"#;
    vec![
        shape!(
            "DashScope", DASHSCOPE, ASK_DASHSCOPE,
            Json(r#"{"output":{"choices":[{"finish_reason":"stop","message":{"role":"assistant","content":[{"text":"Hi"}],"reasoning_content":"hm"}}]},"usage":{"total_tokens":1292,"input_tokens":1277,"output_tokens":15,"image_tokens":1247,"output_tokens_details":{"reasoning_tokens":3},"input_tokens_details":{"text_tokens":30}},"request_id":"d8"}"#),
            { "model": "qwen-vl-max", "chat_id": "d8", "input_tokens": 1277, "output_tokens": 15, "total_tokens": 1292, "reasoning_tokens": 3,
              "finish_reason": "stop", "provider": "dashscope", "response_type": "normal" }
        ),
        shape!(
            "DashScope streamed", DASHSCOPE, ASK_DASHSCOPE,
            Events(&[
                r#"{"output":{"choices":[{"message":{"content":"","reasoning_content":"hm","role":"assistant"},"finish_reason":"null"}]},"usage":{"total_tokens":13,"input_tokens":12,"output_tokens":1},"request_id":"d9"}"#,
                r#"{"output":{"choices":[{"message":{"content":"Hi","tool_calls":[{"function":{"name":"f"}}]},"finish_reason":"stop"}]},"usage":{"total_tokens":18,"input_tokens":12,"output_tokens":6},"request_id":"d9"}"#,
            ]),
            { "time_to_first_token": 300, "total_tokens": 18, "finish_reason": "stop", "usage_source": "reported", "chat_id": "d9" }
        ),
        shape!(
            "DashScope's older texts", "/api/v1/services/aigc/text-generation/generation", r#"{"model":"qwen-turbo","input":{"prompt":"ping"}}"#,
            Events(&[
                r#"{"output":{"finish_reason":"null","text":"H"},"usage":{"input_tokens":3,"output_tokens":1},"request_id":"da"}"#,
                r#"{"output":{"finish_reason":"stop","text":"Hi"},"usage":{"input_tokens":3,"output_tokens":2},"request_id":"da"}"#,
            ]),
            { "input_tokens": 3, "output_tokens": 2, "total_tokens": 5, "finish_reason": "stop", "time_to_first_token": 300 }
        ),
        shape!(
            "an application of DashScope", "/api/v1/services/aigc/text-generation/generation", r#"{"input":{"prompt":"ping"}}"#,
            Json(r#"{"output":{"finish_reason":"stop","session_id":"s","text":"Hi"},"usage":{"models":[{"output_tokens":7,"model_id":"qwen-max","input_tokens":74}]},"request_id":"db"}"#),
            { "input_tokens": 74, "output_tokens": 7, "total_tokens": 81 }
        ),
        shape!(
            "an error of DashScope", DASHSCOPE, ASK_DASHSCOPE,
            Json(r#"{"code":"InvalidApiKey","message":"Invalid API-key provided.","request_id":"dc"}"#),
            { "model": "qwen-vl-max", "total_tokens": null, "response_type": "normal", "finish_reason": null }
        ),
        shape!(
            "Hunyuan streamed", "/", HUNYUAN,
            Events(&[
                r#"{"Note":"n","Choices":[{"Delta":{"Role":"assistant","Content":"","ReasoningContent":"hm"},"FinishReason":""}],"Created":1,"Id":"h1","Usage":{"PromptTokens":3,"CompletionTokens":1,"TotalTokens":4}}"#,
                r#"{"Note":"n","Choices":[{"Delta":{"Content":"Hi","ToolCalls":[{"Id":"t"}]},"FinishReason":"stop"}],"Created":1,"Id":"h1","Usage":{"PromptTokens":3,"CompletionTokens":15,"TotalTokens":18}}"#,
            ]),
            { "model": "hunyuan-turbo", "chat_id": "h1", "input_tokens": 3, "output_tokens": 15, "total_tokens": 18, "finish_reason": "stop",
              "response_type": "stream", "time_to_first_token": 300, "provider": "hunyuan" }
        ),
        shape!(
            "Hunyuan with one id", "/", HUNYUAN,
            Json(r#"{"Response":{"RequestId":"h2","Choices":[{"Message":{"Content":"Hi"},"FinishReason":"stop"}],"Usage":{"PromptTokens":3,"CompletionTokens":5,"TotalTokens":8}}}"#),
            { "chat_id": "h2", "total_tokens": 8, "provider": "hunyuan" }
        ),
        shape!(
            "an error of Hunyuan", "/v1/chat/completions", HUNYUAN,
            Json(r#"{"Response":{"RequestId":"h3","Error":{"Code":"AuthFailure","Message":"no"}}}"#),
            { "model": "hunyuan-turbo", "total_tokens": null }
        ),
    ]
}

fn wrappers() -> Vec<Shape> {
    const DIFY: &str = r#"{"inputs":{},"query":"ping","response_mode":"streaming","user":"u"}"#;
    vec![
        shape!(
            "Dify", "/v1/chat-messages", DIFY,
            Json(r#"{"event":"message","task_id":"t","id":"d-1","message_id":"d-1","conversation_id":"c","mode":"chat","answer":"Hi","metadata":{"usage":{"prompt_tokens":1033,"prompt_unit_price":"0.001","completion_tokens":135,"total_tokens":1168,"total_price":"0.0013030","currency":"USD","latency":1.38},"retriever_resources":[]},"created_at":1}"#),
            { "chat_id": "d-1", "input_tokens": 1033, "output_tokens": 135, "total_tokens": 1168, "provider": "dify", "response_type": "normal" }
        ),
        shape!(
            "Dify streamed", "/v1/chat-messages", DIFY,
            Events(&[
                r#"{"event":"message","task_id":"t","message_id":"d-2","conversation_id":"c","answer":"Hi","created_at":1}"#,
                r#"{"event":"message_end","task_id":"t","message_id":"d-2","conversation_id":"c","metadata":{"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}}"#,
            ]),
            { "chat_id": "d-2", "total_tokens": 7, "time_to_first_token": 300, "usage_source": "reported", "response_type": "stream" }
        ),
        shape!(
            "a workflow of Dify", "/v1/workflows/run", r#"{"inputs":{"query":"x"},"response_mode":"streaming","user":"u"}"#,
            Events(&[
                r#"{"event":"workflow_started","task_id":"t","workflow_run_id":"w","data":{"id":"w"}}"#,
                r#"{"event":"text_chunk","task_id":"t","data":{"text":"Hi"}}"#,
                r#"{"event":"workflow_finished","task_id":"t","data":{"id":"w","status":"succeeded","outputs":{},"elapsed_time":0.8,"total_tokens":3562,"total_steps":8}}"#,
            ]),
            { "total_tokens": 3562, "input_tokens": null, "usage_source": "reported", "time_to_first_token": 300 }
        ),
        shape!(
            "Baidu's own",
            "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions",
            r#"{"messages":[],"stream":true}"#,
            Events(&[
                r#"{"id":"as-1","object":"chat.completion","created":1,"sentence_id":0,"is_end":false,"result":"Hi"}"#,
                r#"{"id":"as-1","object":"chat.completion","created":1,"sentence_id":1,"is_end":true,"result":"","usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#,
            ]),
            { "chat_id": "as-1", "total_tokens": 7, "time_to_first_token": 300, "usage_source": "reported", "response_type": "stream" }
        ),
        shape!(
            "Coze",
            "/v3/chat",
            r#"{"bot_id":"b","additional_messages":[{"role":"user","content":"ping"}],"stream":true}"#,
            Events(&[
                r#"{"id":"cz-1","conversation_id":"c","status":"created"}"#,
                r#"{"id":"m-1","role":"assistant","type":"answer","content":"Hi"}"#,
                r#"{"id":"cz-1","conversation_id":"c","status":"completed","usage":{"token_count":633,"output_count":19,"input_count":614}}"#,
            ]),
            { "chat_id": "cz-1", "input_tokens": 614, "output_tokens": 19, "total_tokens": 633, "time_to_first_token": 300 }
        ),
        shape!(
            "an answer inside `data`", CHAT, ASK,
            Json(r#"{"code":0,"msg":"ok","data":{"id":"w1","model":"x","choices":[{"message":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}}"#),
            { "chat_id": "w1", "response_model": "x", "total_tokens": 7, "finish_reason": "stop" }
        ),
        shape!(
            "an answer inside `result`", CHAT, ASK,
            Json(r#"{"result":{"response":"Hi","usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}},"success":true,"errors":[],"messages":[]}"#),
            { "input_tokens": 3, "total_tokens": 7 }
        ),
    ]
}

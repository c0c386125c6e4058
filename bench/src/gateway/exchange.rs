//! The exchanges that are measured: what the load generator sends, and what the upstream answers, byte by byte.

use gatelog_testbed::coding::{Coding, Encoder};
use serde_json::{Value, json};

/// What every answer of a model says it has used, in tokens.
pub const TOTAL_TOKENS: u64 = 700;

/// Events of a streamed answer that carry a word.
const WORDS_STREAMED: usize = 30;
/// A browser's headers.
const AGENT: &str = "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
    x-request-source: bench\r\n";

/// One kind of exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A small GET with an answer of 100 bytes.
    Get,
    /// A chat completion of 2 kB each way.
    Chat,
    /// The same, its answer in gzip.
    Gzip,
    /// The same, its answer in 32 events that are written one by one.
    Sse,
}

impl Kind {
    /// Every kind, the cheapest first.
    pub const ALL: [Self; 4] = [Self::Get, Self::Chat, Self::Gzip, Self::Sse];

    /// Its name in figures.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Chat => "chat",
            Self::Gzip => "gzip",
            Self::Sse => "sse",
        }
    }

    /// True for a call of a model, whose record has token counts.
    pub const fn is_ai(self) -> bool {
        !matches!(self, Self::Get)
    }

    /// The kind of a request whose head this is: each says in its own way what it wants.
    pub fn of_request(head: &[u8]) -> Self {
        let has = |text: &str| head.windows(text.len()).any(|part| part == text.as_bytes());
        match head.starts_with(b"POST") {
            false => Self::Get,
            true if has("accept: text/event-stream") => Self::Sse,
            true if has("accept-encoding: gzip") => Self::Gzip,
            true => Self::Chat,
        }
    }

    /// The request with head and body.
    pub fn request(self) -> Vec<u8> {
        let wants = match self {
            Self::Get => {
                return format!("GET /small HTTP/1.1\r\nhost: shop.example.com\r\n{AGENT}\r\n").into_bytes();
            }
            Self::Chat => "accept: application/json\r\n",
            Self::Gzip => "accept: application/json\r\naccept-encoding: gzip\r\n",
            Self::Sse => "accept: text/event-stream\r\n",
        };
        let question = "What does a gateway see? ".repeat(70);
        let body = json!({ "model": "gpt-4o-mini", "stream": self == Self::Sse,
                           "messages": [{ "role": "user", "content": question }] })
        .to_string();
        let length = body.len();
        format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: shop.example.com\r\n{AGENT}{wants}\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }

    /// The answer with head and body, in the parts that are written one by one.
    ///
    /// # Errors
    ///
    /// When it cannot be compressed.
    pub fn answer(self) -> anyhow::Result<Vec<Vec<u8>>> {
        Ok(match self {
            Self::Get => vec![whole("content-type: text/plain\r\n", &[b'x'; 100])],
            Self::Chat => vec![whole("content-type: application/json\r\n", completion().as_bytes())],
            Self::Gzip => {
                let mut encoder = Encoder::new(Coding::Gzip)?;
                let mut body = encoder.part(completion().as_bytes())?;
                body.extend(encoder.finish()?);
                vec![whole("content-type: application/json\r\ncontent-encoding: gzip\r\n", &body)]
            }
            Self::Sse => events(),
        })
    }
}

fn whole(headers: &str, body: &[u8]) -> Vec<u8> {
    let mut answer =
        format!("HTTP/1.1 200 OK\r\n{headers}content-length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    answer
}

fn completion() -> String {
    let content = "It sees this. ".repeat(120);
    json!({ "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-mini", "usage": usage(),
            "choices": [{ "index": 0, "finish_reason": "stop",
                          "message": { "role": "assistant", "content": content } }] })
    .to_string()
}

fn usage() -> Value {
    json!({ "prompt_tokens": TOTAL_TOKENS - 300, "completion_tokens": 300, "total_tokens": TOTAL_TOKENS })
}

/// The head, each event as a chunk, and the last chunk.
fn events() -> Vec<Vec<u8>> {
    let chunk = |choices: Value, usage: Value| {
        json!({ "id": "chatcmpl-2", "object": "chat.completion.chunk", "model": "gpt-4o-mini",
                "choices": choices, "usage": usage })
        .to_string()
    };
    let word = || chunk(json!([{ "index": 0, "delta": { "content": "It sees this. " } }]), Value::Null);
    let data: Vec<String> = std::iter::repeat_with(word)
        .take(WORDS_STREAMED)
        .chain([chunk(json!([]), usage()), "[DONE]".to_owned()])
        .collect();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunks = data.iter().map(|data| format!("{:x}\r\ndata: {data}\n\n\r\n", data.len() + 8));
    let parts = std::iter::once(head.to_owned()).chain(chunks).chain(["0\r\n\r\n".to_owned()]);
    parts.map(String::into_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upstream_knows_each_request_by_its_head() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of_request(&kind.request()), kind);
        }
    }

    #[test]
    fn a_streamed_answer_is_in_chunks_of_the_length_that_they_tell() {
        let parts = Kind::Sse.answer().unwrap();
        assert_eq!(parts.len(), WORDS_STREAMED + 4);
        for part in &parts[1..] {
            let text = std::str::from_utf8(part).unwrap();
            let (length, data) = text.split_once("\r\n").unwrap();
            assert_eq!(usize::from_str_radix(length, 16).unwrap(), data.len() - 2, "{text}");
        }
    }
}

//! An exchange through the whole filter, described as the cases in `testdata/cases` are.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::host::mock::MockHost;
use crate::plugin::Plugin;
use crate::rng::Rng;
use crate::stream::Stream;

/// A header with its value.
pub type Header = (String, String);

/// An exchange.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    pub request: Message,
    #[serde(default)]
    pub response: Message,
    /// Attributes of the gateway that differ from the defaults.
    #[serde(default)]
    pub attributes: Map<String, Value>,
    /// What the filter is configured with beside the collector.
    #[serde(default)]
    pub config: Map<String, Value>,
    pub end_ms: u64,
}

/// A request or a response.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    #[serde(default)]
    pub at_ms: u64,
    #[serde(default)]
    pub headers: Vec<Header>,
    /// What the headers are when the record is made.
    #[serde(default)]
    pub headers_later: Option<Vec<Header>>,
    #[serde(default)]
    pub chunks: Vec<Chunk>,
}

/// A part of a body.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chunk {
    pub at_ms: u64,
    /// The file beside the description that holds the bytes.
    #[serde(default)]
    pub file: String,
    #[serde(skip)]
    pub bytes: Vec<u8>,
}

impl Exchange {
    /// Reads a description and the files that it names.
    pub fn load(path: &Path) -> Self {
        let text = std::fs::read(path).unwrap();
        let mut exchange: Self =
            serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for chunk in exchange.request.chunks.iter_mut().chain(&mut exchange.response.chunks) {
            chunk.bytes = std::fs::read(path.with_file_name(&chunk.file)).unwrap();
        }
        exchange
    }

    /// A call with both bodies in one chunk each, the response's after 300 of 1000 milliseconds.
    pub fn call(path: &str, request: &str, content_type: &str, response: &[u8]) -> Self {
        let headers = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let chunk = |at_ms, bytes: &[u8]| Chunk { at_ms, file: String::new(), bytes: bytes.to_vec() };
        let request_headers = [
            (":method", "POST"),
            (":scheme", "https"),
            (":path", path),
            (":authority", "llm.example.com"),
            ("content-type", "application/json"),
        ];
        Self {
            request: Message {
                headers: headers(&request_headers),
                chunks: vec![chunk(1, request.as_bytes())],
                ..Message::default()
            },
            response: Message {
                at_ms: 100,
                headers: headers(&[(":status", "200"), ("content-type", content_type)]),
                chunks: vec![chunk(300, response)],
                ..Message::default()
            },
            attributes: Map::from_iter([("response.code".to_owned(), 200.into())]),
            config: Map::new(),
            end_ms: 1_000,
        }
    }

    /// Bytes of the response's body.
    pub fn response_size(&self) -> usize {
        self.response.chunks.iter().map(|chunk| chunk.bytes.len()).sum()
    }

    /// The same exchange, with the chunk of the response in which this byte is in two parts that arrive together.
    pub fn split_at(&self, mut at: usize) -> Self {
        let mut split = self.clone();
        let index = split.response.chunks.iter().position(|chunk| {
            let is_inside = at < chunk.bytes.len();
            at -= if is_inside { 0 } else { chunk.bytes.len() };
            is_inside
        });
        if let Some(index) = index {
            let mut second = split.response.chunks[index].clone();
            second.bytes = split.response.chunks[index].bytes.split_off(at);
            split.response.chunks.insert(index + 1, second);
        }
        split
    }

    /// The same exchange, with every byte of both bodies on its own.
    pub fn in_crumbs(&self) -> Self {
        let mut crumbs = self.clone();
        for message in [&mut crumbs.request, &mut crumbs.response] {
            let bytes = message.chunks.iter().flat_map(|chunk| {
                chunk.bytes.iter().map(|byte| Chunk { bytes: vec![*byte], ..chunk.clone() })
            });
            message.chunks = bytes.collect();
        }
        crumbs
    }

    /// The record that the filter pushes, without its id.
    pub fn record(&self) -> Value {
        let mut host = MockHost::new().with_int("request.duration", millis(self.end_ms));
        for (name, value) in &self.attributes {
            host = match value {
                Value::Number(number) => host.with_int(name, number.as_i64().unwrap()),
                Value::Bool(flag) => host.with_bool(name, *flag),
                Value::String(text) => host.with_text(name, text),
                other => panic!("an attribute that is {other}"),
            };
        }
        let host =
            host.with_request(&pairs(&self.request.headers)).with_response(&pairs(&self.response.headers));
        let mut config = self.config.clone();
        config.insert("collector_cluster".to_owned(), "c".into());
        config.insert("queue".to_owned(), serde_json::json!({ "max_coalescing_delay": 0 }));
        let config = Value::Object(config).to_string();
        let mut plugin = Plugin::new(config.as_bytes(), Rng::seeded(1)).unwrap();
        self.run(&mut plugin, host)
    }

    fn run(&self, plugin: &mut Plugin, mut host: MockHost) -> Value {
        let mut stream = Stream::default();
        let mut now = 0;
        let mut reach = |host: &MockHost, at_ms: u64| {
            host.pass(Duration::from_millis(at_ms - now));
            now = at_ms;
        };
        plugin.on_request_headers(&mut stream, &host, self.request.chunks.is_empty());
        for chunk in &self.request.chunks {
            reach(&host, chunk.at_ms);
            host.set_body(&chunk.bytes);
            stream.on_request_body(&host, chunk.bytes.len());
        }
        if !self.request.chunks.is_empty() {
            stream.on_request_end(&host);
        }
        if !self.response.headers.is_empty() {
            reach(&host, self.response.at_ms);
            plugin.on_response_headers(&mut stream, &host, self.response.chunks.is_empty());
        }
        for chunk in &self.response.chunks {
            reach(&host, chunk.at_ms);
            host.set_body(&chunk.bytes);
            stream.on_response_body(&host, chunk.bytes.len());
        }
        reach(&host, self.end_ms);
        if let Some(later) = &self.request.headers_later {
            host.set_request(&pairs(later));
        }
        plugin.on_end(&mut stream, &host);
        plugin.on_tick(&host);
        let mut record = host.take_sent().remove(0).json()[0].take();
        record.as_object_mut().unwrap().remove("record_id");
        record
    }
}

/// What a record lacks of these values, a line each; `null` stands for a field that is absent.
pub fn differences(record: &Value, expected: &Map<String, Value>) -> Vec<String> {
    let differs = |(name, expected): (&String, &Value)| {
        let found = record.get(name).unwrap_or(&Value::Null);
        (found != expected).then(|| format!("{name} is {found}, not {expected}"))
    };
    expected.iter().filter_map(differs).collect()
}

fn pairs(headers: &[Header]) -> Vec<(&str, &str)> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn millis(millis: u64) -> i64 {
    i64::try_from(millis).unwrap() * 1_000_000
}

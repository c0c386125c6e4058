//! Tests of hostile headers and bodies: each request produces one record that is valid JSON, and none stops
//! the filter.

use gatelog_harness::{Exchange, Headers, Vm};
use serde_json::{Value, json};

use super::support::{COALESCING, acknowledge_all, assert_fate, filter, records};

const CAPTURED: [&str; 5] = ["user-agent", "content-type", "x-forwarded-for", "traceparent", "authorization"];

/// Captures bodies, and the headers that the tests vary, into the record.
fn curious_filter() -> Vm {
    filter(json!({
        "capture": {
            "request_headers": CAPTURED, "response_headers": CAPTURED,
            "request_body_bytes": 65_536, "response_body_bytes": 65_536,
        },
    }))
}

/// Pushes waiting records, asserts that this many were made and pushed, and returns them.
fn all_records(mut vm: Vm, expected: usize) -> Vec<Value> {
    let mut all = Vec::new();
    for _ in 0..10 {
        vm.advance(COALESCING).unwrap();
        // `records` fails unless the push is a JSON array.
        all.extend(acknowledge_all(&mut vm).iter().flat_map(records));
    }
    assert_eq!(all.len(), expected);
    assert_fate(&vm, expected as u64, expected as u64, &[]);
    all
}

fn post(headers: Headers) -> Exchange {
    let all = headers.with(":method", "POST").with(":path", "/v1/chat/completions").with(":authority", "a");
    Exchange::new().request(all).log_attribute("response.flags", 0)
}

#[test]
fn hostile_headers_make_records_that_are_json_and_within_their_limits() {
    let mut vm = curious_filter();
    let cases: Vec<Headers> = vec![
        Headers::new(),
        Headers::from([(":path", b"/\xff\xfe\x00\"\\\n".to_vec()), (":authority", vec![0; 300])]),
        Headers::from([(":path", vec![b'/'; 1 << 20])]),
        Headers::from([(":path", "/"), ("user-agent", &"\u{10ffff}".repeat(100_000))]),
        (0..1_000).map(|number| (format!("x-{number}"), "v".repeat(100))).collect(),
        (0..1_000).map(|_| ("x-forwarded-for", "\"},{\"record_id\":\"forged\"")).collect(),
        Headers::from([("traceparent", "00-\u{0}-01"), ("b3", "---"), ("x-b3-traceid", "{}")]),
        Headers::from([
            ("content-length", "99999999999999999999"),
            ("content-type", "\0"),
            ("content-encoding", "gzip"),
        ]),
        Headers::from([("", ""), (":", ":"), ("cookie", "=;=;=")]),
    ];
    let count = cases.len();
    for headers in cases {
        let exchange = Exchange::new().request(headers.clone()).response(headers);
        assert!(!vm.run(&exchange).unwrap().paused());
    }
    let all = all_records(vm, count);
    for record in &all {
        assert_eq!(record["record_id"].as_str().unwrap().len(), 36, "{record}");
    }
    assert_eq!(all[2]["path"].as_str().unwrap().len(), 8_192, "a longer path is cut");
}

#[test]
fn hostile_bodies_make_records_that_are_json() {
    let mut vm = curious_filter();
    let json = Headers::from([("content-type", "application/json")]);
    let events = Headers::from([(":status", "200"), ("content-type", "text/event-stream")]);
    let gzip = json.clone().with("content-encoding", "gzip");
    let bodies: Vec<(Headers, Vec<u8>)> = vec![
        (json.clone(), b"[".repeat(200_000)),
        (json.clone(), br#"{"model":"#.repeat(20_000)),
        (json.clone(), b"{\"model\":\"\xff\xfe\",\"stream\":tru".to_vec()),
        (json.clone(), format!(r#"{{"model":"{}"}}"#, "m".repeat(1 << 20)).into_bytes()),
        (json.clone(), br#"{"usage":{"prompt_tokens":1e999,"completion_tokens":-5,"total_tokens":99999999999999999999}}"#.to_vec()),
        (gzip, vec![0x1f, 0x8b, 8, 0, 0xff, 0xff]),
        (events.clone(), b"data: ".repeat(50_000)),
        (events.clone(), b"\n".repeat(300_000)),
        (events, b"data: {\"usage\":{\"prompt_tokens\":\"\\u0000\"}}\n\ndata: [DONE".to_vec()),
        (json, vec![0; 100_000]),
    ];
    let count = 2 * bodies.len();
    for (headers, body) in bodies {
        for chunk_size in [7_919, body.len()] {
            let chunks = || body.chunks(chunk_size).map(<[u8]>::to_vec);
            let response = headers.clone().with(":status", "200");
            let exchange =
                post(headers.clone()).request_body(chunks()).response(response).response_body(chunks());
            assert!(!vm.run(&exchange).unwrap().paused());
        }
    }
    for record in all_records(vm, count) {
        assert_eq!(record["path"], "/v1/chat/completions");
    }
}

#[test]
fn thousands_of_random_requests_make_as_many_records() {
    const REQUESTS: usize = 3_000;
    let mut vm = curious_filter();
    let mut random = Random(7);
    for _ in 0..REQUESTS {
        let mut exchange = Exchange::new();
        if random.below(8) > 0 {
            exchange = exchange.request(random.headers()).request_body(random.chunks());
        }
        if random.below(8) > 0 {
            exchange = exchange.response(random.headers()).response_body(random.chunks());
        }
        if random.below(8) == 0 {
            exchange = exchange.unseen();
        }
        let name = ["request.duration", "request.time", "response.flags", "response.code", "ai_log"];
        let name = name[random.below(name.len())];
        exchange = exchange.log_attribute(name, random.bytes(16).as_slice());
        assert!(!vm.run(&exchange).unwrap().paused());
    }
    all_records(vm, REQUESTS);
}

/// Numbers that look random and are the same in each run (xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    /// Fewer bytes than `bound`; half of them are characters with a meaning in JSON, event streams and URLs.
    fn bytes(&mut self, bound: usize) -> Vec<u8> {
        const SIGNS: &[u8] = b"{}[]\":,\\\n\r =&?/%0data";
        let length = self.below(bound);
        (0..length)
            .map(|_| match self.below(2) {
                0 => SIGNS[self.below(SIGNS.len())],
                _ => u8::try_from(self.below(256)).unwrap(),
            })
            .collect()
    }

    fn headers(&mut self) -> Headers {
        const NAMES: &[&str] = &[
            ":path",
            ":authority",
            ":method",
            ":status",
            "content-type",
            "content-encoding",
            "user-agent",
            "traceparent",
            "x-forwarded-for",
            "x-request-id",
            "authorization",
            "mcp-session-id",
        ];
        const VALUES: &[&str] =
            &["application/json", "text/event-stream", "gzip", "/v1/messages", "POST", "200"];
        let count = self.below(12);
        let mut headers = Headers::new();
        for _ in 0..count {
            let name = NAMES[self.below(NAMES.len())];
            match self.below(2) {
                0 => headers.push(name, VALUES[self.below(VALUES.len())]),
                _ => headers.push(name, self.bytes(200)),
            }
        }
        headers
    }

    fn chunks(&mut self) -> Vec<Vec<u8>> {
        let count = self.below(4);
        (0..count).map(|_| self.bytes(2_000)).collect()
    }
}

//! Truncates a log that is too large for one message. The result is always valid JSON within the bound.
//!
//! The steps, in this order and only as far as needed:
//!
//! 1. texts longer than 4 096 bytes are cut to that length, then those longer than 1 024, then those longer
//!    than 256;
//! 2. `request.querystring` is removed (`request.uri` holds the same), then `response.headers`, then
//!    `request.headers`, then every top-level member that step 4 does not keep, the largest first;
//! 3. texts longer than 64 bytes are cut to that length;
//! 4. only the numbers and short texts of these members stay: `request.id`, `request.method`, `request.size`,
//!    `response.status`, `response.size`, `latencies`, `client_ip`, `started_at`, `source`, `upstream_status`;
//! 5. `{}` stays.
//!
//! Lengths are those of the text as written in JSON. A text that was cut ends with `…`, and a log that lost something
//! has the member `"truncated": true` (except after step 5).

use serde_json::{Map, Value};

use super::json::{encode, encode_into, encoded_len};

/// Ends a text that was cut.
const ELLIPSIS: char = '…';
/// Longest text that step 4 keeps.
const CORE_TEXT_BYTES: usize = 24;
/// What step 4 keeps: top-level members, with the names within those that are objects.
const CORE: [(&str, &[&str]); 7] = [
    ("request", &["id", "method", "size"]),
    ("response", &["status", "size"]),
    ("latencies", &["request", "proxy", "kong", "receive"]),
    ("client_ip", &[]),
    ("started_at", &[]),
    ("source", &[]),
    ("upstream_status", &[]),
];

/// Appends the JSON of `log` to `out`, in at most `max_bytes`, and returns whether something was removed.
pub fn encode_within(log: Map<String, Value>, max_bytes: usize, out: &mut Vec<u8>) -> bool {
    let mut truncator = Truncator { log, max_bytes, start: out.len(), out };
    if truncator.fits() {
        return false;
    }
    truncator.cut();
    true
}

struct Truncator<'o> {
    log: Map<String, Value>,
    max_bytes: usize,
    start: usize,
    out: &'o mut Vec<u8>,
}

impl Truncator<'_> {
    /// Writes the log as it is now; returns whether it is within the bound.
    fn fits(&mut self) -> bool {
        self.out.truncate(self.start);
        encode_into(&self.log, self.out);
        self.out.len() - self.start <= self.max_bytes
    }

    fn cut(&mut self) {
        self.log.insert("truncated".to_owned(), Value::Bool(true));
        for max_bytes in [4_096, 1_024, 256] {
            if self.cut_texts(max_bytes) {
                return;
            }
        }
        for (parent, child) in [("request", "querystring"), ("response", "headers"), ("request", "headers")] {
            let parent = self.log.get_mut(parent).and_then(Value::as_object_mut);
            if parent.and_then(|parent| parent.remove(child)).is_some() && self.fits() {
                return;
            }
        }
        for name in self.droppable() {
            self.log.remove(&name);
            if self.fits() {
                return;
            }
        }
        if self.cut_texts(64) {
            return;
        }
        self.keep_core();
        if !self.fits() {
            self.out.truncate(self.start);
            self.out.extend_from_slice(b"{}");
        }
    }

    /// Cuts all longer texts to `max_bytes`; returns whether the log then fits.
    fn cut_texts(&mut self, max_bytes: usize) -> bool {
        let mut changed = false;
        for value in self.log.values_mut() {
            changed |= cut_texts(value, max_bytes);
        }
        changed && self.fits()
    }

    /// Top-level members that step 4 does not keep, the largest first.
    fn droppable(&self) -> Vec<String> {
        let others = self.log.iter().filter(|(name, _)| *name != "truncated" && !is_core(name));
        let mut sized: Vec<(usize, &String)> =
            others.map(|(name, value)| (encode(value).len(), name)).collect();
        sized.sort_by(|left, right| right.cmp(left));
        sized.into_iter().map(|(_, name)| name.clone()).collect()
    }

    fn keep_core(&mut self) {
        let log = std::mem::take(&mut self.log);
        for (name, mut value) in log {
            let within = CORE.iter().find(|(core, _)| *core == name).map(|(_, within)| *within);
            match (&mut value, within) {
                (Value::Object(members), Some(within)) => {
                    members.retain(|name, value| within.contains(&name.as_str()) && is_small(value));
                }
                (Value::Bool(_), None) if name == "truncated" => {}
                (value, Some(_)) if is_small(value) => {}
                _ => continue,
            }
            self.log.insert(name, value);
        }
    }
}

fn is_core(name: &str) -> bool {
    CORE.iter().any(|(core, _)| *core == name)
}

fn is_small(value: &Value) -> bool {
    match value {
        Value::Number(_) => true,
        Value::String(text) => encoded_len(text) <= CORE_TEXT_BYTES,
        _ => false,
    }
}

/// Cuts every longer text within `value`; returns whether there was one.
fn cut_texts(value: &mut Value, max_bytes: usize) -> bool {
    match value {
        Value::String(text) => cut_text(text, max_bytes),
        Value::Array(values) => values.iter_mut().fold(false, |cut, value| cut_texts(value, max_bytes) | cut),
        Value::Object(members) => {
            members.values_mut().fold(false, |cut, value| cut_texts(value, max_bytes) | cut)
        }
        _ => false,
    }
}

fn cut_text(text: &mut String, max_bytes: usize) -> bool {
    if encoded_len(text) <= max_bytes {
        return false;
    }
    let mut room = max_bytes.saturating_sub(ELLIPSIS.len_utf8());
    let mut end = 0;
    for char in text.chars() {
        let bytes = encoded_len(char.encode_utf8(&mut [0; 4]));
        if bytes > room {
            break;
        }
        room -= bytes;
        end += char.len_utf8();
    }
    text.truncate(end);
    text.push(ELLIPSIS);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn cut(log: Value, max_bytes: usize) -> (Value, bool) {
        let Value::Object(log) = log else { panic!() };
        let mut out = b"before".to_vec();
        let cut = encode_within(log, max_bytes, &mut out);
        let json = out.strip_prefix(b"before").unwrap();
        assert!(json.len() <= max_bytes, "{} > {max_bytes}", json.len());
        (serde_json::from_slice(json).unwrap(), cut)
    }

    fn log() -> Value {
        json!({
            "request": {"id": "r1", "method": "GET", "uri": "/a?b=c", "size": 5, "url": "http://h:80/a?b=c",
                        "querystring": {"b": "c"}, "headers": {"accept": "x"}},
            "response": {"status": 200, "size": 7, "headers": {"server": "y"}},
            "latencies": {"request": 3, "proxy": 2, "kong": 1},
            "client_ip": "10.0.0.1", "started_at": 1, "source": "upstream", "upstream_status": "200",
            "upstream_uri": "/a?b=c", "route": {"name": "r"}, "tries": [{"ip": "10.0.0.2", "port": 80}],
        })
    }

    #[test]
    fn a_log_within_the_bound_is_left_alone() {
        assert_eq!(cut(log(), 8_192), (log(), false));
    }

    #[test]
    fn one_long_header_is_cut_and_everything_else_stays() {
        let mut long = log();
        long["request"]["headers"]["cookie"] = Value::from("é".repeat(30_000));
        let (left, was_cut) = cut(long, 8_192);
        assert!(was_cut);
        assert_eq!(left["request"]["headers"]["cookie"].as_str().unwrap().len(), 4_095);
        assert!(left["request"]["headers"]["cookie"].as_str().unwrap().ends_with("é…"));
        assert_eq!(left["truncated"], json!(true));
        assert_eq!(left["response"], log()["response"]);
    }

    #[test]
    fn members_are_removed_in_the_documented_order() {
        let many = |prefix: &str| -> Value {
            let text = Value::from("v".repeat(200));
            (0..60).map(|n| (format!("{prefix}{n}"), text.clone())).collect::<Map<_, _>>().into()
        };
        let mut big = log();
        big["request"]["querystring"] = many("q");
        big["response"]["headers"] = many("r");
        big["request"]["headers"] = many("h");
        big["custom"] = many("c");
        let keeps = |max_bytes: usize| {
            let (left, _) = cut(big.clone(), max_bytes);
            [
                left["request"].get("querystring").is_some(),
                left["response"].get("headers").is_some(),
                left["request"].get("headers").is_some(),
                left.get("custom").is_some(),
                left.get("route").is_some(),
                left["request"].get("uri").is_some(),
            ]
        };
        assert_eq!(keeps(60_000), [true, true, true, true, true, true]);
        assert_eq!(keeps(45_000), [false, true, true, true, true, true]);
        assert_eq!(keeps(30_000), [false, false, true, true, true, true]);
        assert_eq!(keeps(15_000), [false, false, false, true, true, true]);
        assert_eq!(keeps(1_000), [false, false, false, false, true, true]);
        assert_eq!(keeps(300), [false, false, false, false, false, true]);
        assert_eq!(keeps(250), [false, false, false, false, false, false]);
    }

    #[test]
    fn the_core_stays_within_the_smallest_bound_that_can_be_configured() {
        let mut long = log();
        for text in ["client_ip", "upstream_status", "source"] {
            long[text] = Value::from("x".repeat(CORE_TEXT_BYTES));
        }
        let least = i64::MIN;
        long["request"] = json!({"id": "i".repeat(24), "method": "m".repeat(24), "size": least});
        long["request"]["x".repeat(900)] = json!(1);
        long["response"] = json!({"status": least, "size": least});
        long["latencies"] = json!({"request": least, "proxy": least, "kong": least, "receive": least});
        long["started_at"] = json!(least);
        let (left, _) = cut(long, 545);
        assert_eq!(left["response"]["status"], json!(least));
        assert_eq!(left["request"]["id"], json!("i".repeat(24)));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            ".{0,600}".prop_map(Value::from),
            Just(Value::Null),
        ];
        leaf.prop_recursive(3, 40, 8, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                proptest::collection::hash_map("[a-z/\u{1}]{0,20}|headers|size|id", inner, 0..8)
                    .prop_map(|members| members.into_iter().collect::<Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_result_is_json_within_the_bound_whatever_the_log(
            request in any_json(), latencies in any_json(), client_ip in any_json(), extra in any_json(),
            max_bytes in 2_usize..3_000,
        ) {
            let log = json!({"request": request, "response": {"status": 200}, "latencies": latencies,
                             "client_ip": client_ip, "extra": extra});
            let whole = encode(&log).len();
            let (left, was_cut) = cut(log.clone(), max_bytes);
            prop_assert_eq!(was_cut, whole > max_bytes);
            if !was_cut {
                prop_assert_eq!(left, log);
            }
        }
    }
}

//! The operations of a script. Arguments are separated by blanks; the last one of a kind of text takes the rest.

use std::time::Duration;

use proxy_wasm::hostcalls;

use crate::raw;

/// Does one operation and answers its status and what came back.
pub(crate) fn perform(op: &str) -> String {
    let mut words = op.split_whitespace();
    let name = words.next().unwrap_or_default();
    let args: Vec<&str> = words.collect();
    let text = |index: usize| args.get(index).copied().unwrap_or_default();
    let rest = |index: usize| args.get(index..).unwrap_or_default().join(" ");
    let number = |index: usize| text(index).parse::<u32>().unwrap_or_default();
    match name {
        // log LEVEL TEXT, log_level, stdout TEXT, stderr TEXT
        "log" => status(raw::log(number(0), &rest(1))),
        "log_level" => value(raw::log_level()),
        "stdout" => {
            println!("{}", rest(0));
            String::new()
        }
        "stderr" => {
            eprintln!("{}", rest(0));
            String::new()
        }
        // time, clock NUMBER, random BYTES, env NAME, yield, poll
        "time" => value(raw::time()),
        "clock" => value(raw::clock(number(0))),
        "random" => bytes(raw::random(text(0).parse().unwrap_or_default())),
        "env" => std::env::var(text(0)).unwrap_or_default(),
        "yield" => status(raw::wasi_yield()),
        "poll" => status(raw::poll()),
        // tick MILLISECONDS, effective CONTEXT, done, status, foreign NAME, grpc, bad_pointers, panic TEXT
        "tick" => status(raw::tick(number(0))),
        "effective" => status(raw::effective(number(0))),
        "done" => status(raw::done()),
        "status" => {
            let (status, code, text) = raw::status();
            format!("{status} {code} {}", show(&text))
        }
        "foreign" => bytes(raw::foreign(text(0))),
        "grpc" => status(raw::grpc_cancel()),
        "bad_pointers" => format!("{:?}", raw::bad_pointers()),
        "panic" => fail(&rest(0)),
        // property PATH, set_property PATH VALUE; names of a path are joined by a dot, or by a comma to hold dots
        "property" => bytes(raw::property(&path(text(0)))),
        "set_property" => status(raw::set_property(&path(text(0)), &rest(1))),
        // header MAP NAME, add MAP NAME VALUE, replace MAP NAME VALUE, remove MAP NAME, map_size MAP
        "header" => bytes(raw::header(number(0), text(1))),
        "add" => status(raw::add(number(0), text(1), &rest(2))),
        "replace" => status(raw::replace(number(0), text(1), &rest(2))),
        "remove" => status(raw::remove(number(0), text(1))),
        "map_size" => value(raw::map_size(number(0))),
        // map MAP, set_map MAP NAME=VALUE,NAME=VALUE
        "map" => {
            let (status, pairs) = raw::pairs(number(0));
            format!("{status} {}", show_pairs(&pairs))
        }
        "set_map" => status(raw::set_pairs(number(0), &pairs(text(1)))),
        // buffer BUFFER START LENGTH, buffer_status BUFFER, set_buffer BUFFER START LENGTH BYTES
        "buffer" => bytes(raw::buffer(number(0), number(1), number(2))),
        "buffer_status" => value(raw::buffer_status(number(0))),
        "set_buffer" => status(raw::set_buffer(number(0), number(1), number(2), &rest(3))),
        // continue KIND, close KIND, respond STATUS BODY
        "continue" => status(raw::go_on(number(0))),
        "close" => status(raw::close(number(0))),
        "respond" => status(raw::respond(number(0), &rest(1))),
        // call CLUSTER MILLISECONDS NAME=VALUE,NAME=VALUE BODY
        "call" => call(text(0), number(1), text(2), &rest(3)),
        // define KIND NAME, increment METRIC OFFSET, record METRIC VALUE, metric METRIC
        "define" => value(raw::define(number(0), text(1))),
        "increment" => status(raw::increment(number(0), text(1).parse().unwrap_or_default())),
        "record" => status(raw::record(number(0), text(1).parse().unwrap_or_default())),
        "metric" => value(raw::metric(number(0))),
        // shared KEY, set_shared KEY CAS VALUE
        "shared" => {
            let (status, cas, value) = raw::shared(text(0));
            format!("{status} {cas} {}", show(&value))
        }
        "set_shared" => status(raw::set_shared(text(0), &rest(2), number(1))),
        // register_queue NAME, resolve_queue NAME, enqueue TOKEN ITEM, dequeue TOKEN
        "register_queue" => value(raw::register_queue(text(0))),
        "resolve_queue" => value(raw::resolve_queue(text(0))),
        "enqueue" => status(raw::enqueue(number(0), &rest(1))),
        "dequeue" => bytes(raw::dequeue(number(0))),
        _ => "unknown operation".to_owned(),
    }
}

/// Calls through the SDK, which would not know the answer's token otherwise.
fn call(cluster: &str, timeout_ms: u32, headers: &str, body: &str) -> String {
    let headers = headers.split(',').filter_map(|pair| pair.split_once('=')).collect();
    let timeout = Duration::from_millis(timeout_ms.into());
    match hostcalls::dispatch_http_call(cluster, headers, Some(body.as_bytes()), Vec::new(), timeout) {
        Ok(token) => format!("0 {token}"),
        Err(status) => (status as u32).to_string(),
    }
}

#[expect(clippy::panic, reason = "a script can ask for it")]
fn fail(text: &str) -> String {
    panic!("{text}")
}

fn status(status: u32) -> String {
    status.to_string()
}

fn value((status, value): (u32, u64)) -> String {
    format!("{status} {value}")
}

fn bytes((status, bytes): raw::Answer) -> String {
    format!("{status} {}", show(&bytes))
}

/// Text as it is, other bytes in hexadecimal.
fn show(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(char::is_control) => text.to_owned(),
        _ => bytes.iter().fold("0x".to_owned(), |hex, byte| format!("{hex}{byte:02x}")),
    }
}

fn path(text: &str) -> Vec<u8> {
    let separator = if text.contains(',') { ',' } else { '.' };
    text.split(separator).collect::<Vec<_>>().join("\0").into_bytes()
}

fn pairs(text: &str) -> Vec<u8> {
    let pairs: Vec<_> = text.split(',').filter_map(|pair| pair.split_once('=')).collect();
    let number = |number: usize| u32::try_from(number).unwrap_or_default().to_le_bytes();
    let mut bytes = number(pairs.len()).to_vec();
    for (name, value) in &pairs {
        bytes.extend(number(name.len()));
        bytes.extend(number(value.len()));
    }
    for (name, value) in &pairs {
        bytes.extend([name.as_bytes(), b"\0", value.as_bytes(), b"\0"].concat());
    }
    bytes
}

/// Pairs as `NAME=VALUE` joined by semicolons.
fn show_pairs(bytes: &[u8]) -> String {
    let count = bytes.first_chunk().map_or(0, |count| u32::from_le_bytes(*count) as usize);
    let text = bytes.get(4 + count * 8..).unwrap_or_default();
    let parts: Vec<String> = text.split(|byte| *byte == 0).map(show).collect();
    parts.chunks_exact(2).map(|pair| pair.join("=")).collect::<Vec<_>>().join(";")
}

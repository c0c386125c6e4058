//! The operations of a script. Arguments are separated by spaces; a final text argument takes the rest.

use crate::raw;

/// Runs one operation and returns its status and result.
pub(crate) fn perform(op: &str) -> String {
    let mut words = op.split_whitespace();
    let name = words.next().unwrap_or_default();
    let args: Vec<&str> = words.collect();
    let text = |index: usize| args.get(index).copied().unwrap_or_default();
    let rest = |index: usize| args.get(index..).unwrap_or_default().join(" ");
    let number = |index: usize| text(index).parse::<u32>().unwrap_or_default();
    match name {
        // log LEVEL TEXT, time, clock NUMBER, random BYTES
        "log" => status(raw::log(number(0), &rest(1))),
        "time" => value(raw::time()),
        "clock" => value(raw::clock(number(0))),
        "random" => bytes(raw::random(text(0).parse().unwrap_or_default())),
        // tick MILLISECONDS, done, foreign NAME, grpc, bad_pointers, panic TEXT
        "tick" => status(raw::tick(number(0))),
        "done" => status(raw::done()),
        "foreign" => bytes(raw::foreign(text(0))),
        "grpc" => status(raw::grpc_cancel()),
        "bad_pointers" => format!("{:?}", raw::bad_pointers()),
        "panic" => fail(&rest(0)),
        // property PATH; names of a path are joined by a dot, or by a comma to hold dots
        "property" => bytes(raw::property(&path(text(0)))),
        // header MAP NAME, map MAP
        "header" => bytes(raw::header(number(0), text(1))),
        "map" => {
            let (status, pairs) = raw::pairs(number(0));
            format!("{status} {}", show_pairs(&pairs))
        }
        // buffer BUFFER START LENGTH
        "buffer" => bytes(raw::buffer(number(0), number(1), number(2))),
        // call CLUSTER MILLISECONDS NAME=VALUE,NAME=VALUE BODY
        "call" => match raw::call(text(0), number(1), &pairs(text(2)), &rest(3)) {
            (0, token) => format!("0 {token}"),
            (refused, _) => status(refused),
        },
        // define KIND NAME, increment METRIC OFFSET, record METRIC VALUE
        "define" => value(raw::define(number(0), text(1))),
        "increment" => status(raw::increment(number(0), text(1).parse().unwrap_or_default())),
        "record" => status(raw::record(number(0), text(1).parse().unwrap_or_default())),
        _ => "unknown operation".to_owned(),
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

/// Text unchanged, other bytes in hexadecimal.
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

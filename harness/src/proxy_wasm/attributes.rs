//! Attributes: what `proxy_get_property` and `proxy_set_property` see.
//!
//! A path is a list of names joined by NUL in the guest and by `.` in tests. Values are bytes in the encoding that
//! Envoy's `serializeValue` gives them: text as it is, numbers as 8 bytes little endian, times and durations as
//! nanoseconds, a boolean as one byte, a message as protobuf bytes.

use std::{collections::BTreeMap, time::Duration};

use super::abi::{MapType, Status};
use super::gateway::Gateway;
use super::headers::Headers;
use super::streams::Stream;

/// The prefix under which a gateway keeps what guests set with `proxy_set_property`.
const FILTER_STATE_PREFIX: &[u8] = b"wasm.";

/// The value of an attribute, in the encoding of the ABI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value(Vec<u8>);

impl Value {
    /// Raw bytes, such as a protobuf message.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self(number.to_le_bytes().to_vec())
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        i64::from(number).into()
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self(number.to_le_bytes().to_vec())
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self(number.to_le_bytes().to_vec())
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self(vec![u8::from(flag)])
    }
}

impl From<Duration> for Value {
    /// Whole nanoseconds, as an `i64`.
    fn from(duration: Duration) -> Self {
        i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX).into()
    }
}

/// Attributes by path.
#[derive(Debug, Clone, Default)]
pub(super) struct Attributes(BTreeMap<Vec<u8>, Vec<u8>>);

impl Attributes {
    /// Sets an attribute; the names of `path` are joined by `.`.
    pub(super) fn set(&mut self, path: &str, value: Value) {
        self.0.insert(path.replace('.', "\0").into_bytes(), value.0);
    }

    fn get(&self, path: &[u8]) -> Option<&[u8]> {
        self.0.get(path).map(Vec::as_slice)
    }
}

/// Answers `proxy_get_property`.
pub(super) fn read(gateway: &Gateway, path: &[u8]) -> Result<Vec<u8>, Status> {
    let path = path.strip_suffix(b"\0").unwrap_or(path);
    if path.is_empty() {
        return Err(Status::SerializationFailure);
    }
    let stream = gateway.current_stream();
    stream
        .and_then(|stream| stream_value(stream, path))
        .or_else(|| plugin_value(gateway, path))
        .or_else(|| gateway.settings.attributes.get(path).map(<[u8]>::to_vec))
        .ok_or(Status::NotFound)
}

/// Answers `proxy_set_property`: filter state of the stream, which a root context does not have.
pub(super) fn write(gateway: &mut Gateway, path: &[u8], value: &[u8]) -> Result<(), Status> {
    let stream = gateway.current_stream_mut().ok_or(Status::NotFound)?;
    stream.filter_state.insert(path.to_vec(), value.to_vec());
    Ok(())
}

fn stream_value(stream: &Stream, path: &[u8]) -> Option<Vec<u8>> {
    let late = stream.logging.then(|| stream.log_attributes.get(path)).flatten();
    if let Some(value) = late.or_else(|| stream.attributes.get(path)) {
        return Some(value.to_vec());
    }
    if let Some(value) = derived(stream, path) {
        return Some(value);
    }
    let key = match path.strip_prefix(b"filter_state\0") {
        Some(key) => key.strip_prefix(FILTER_STATE_PREFIX)?,
        None => path,
    };
    // What a filter set is one value: no path leads into it, so a key that holds a NUL can be set but never read.
    stream.filter_state.get(key).filter(|_| !key.contains(&0)).cloned()
}

/// Attributes that follow from a header map: while that map can be read, but for the response's code, which stays.
fn derived(stream: &Stream, path: &[u8]) -> Option<Vec<u8>> {
    let mut names = path.splitn(3, |byte| *byte == 0);
    let (group, name, key) = (names.next()?, names.next()?, names.next());
    let map = match (group, name) {
        (b"response", b"code") => {
            let status = stream.response_headers.headers.as_ref()?.get(":status")?;
            let code: i64 = std::str::from_utf8(status).ok()?.parse().ok()?;
            return key.is_none().then(|| code.to_le_bytes().to_vec());
        }
        (b"response", b"headers") => MapType::ResponseHeaders,
        (b"response", b"trailers") => MapType::ResponseTrailers,
        (b"request", _) => MapType::RequestHeaders,
        _ => return None,
    };
    let map = stream.readable(map);
    match (name, key) {
        (b"headers" | b"trailers", Some(key)) => {
            let values: Vec<_> = map?.values(key).collect();
            (!values.is_empty()).then(|| values.join(&b","[..]))
        }
        (b"headers" | b"trailers", None) => {
            Some(map.map_or_else(|| Headers::new().encode(), Headers::encode))
        }
        (b"url_path", None) => Some(target(map?.get(":path")?).0.to_vec()),
        (b"query", None) => Some(target(map?.get(":path")?).1.to_vec()),
        (_, None) => map?.get(request_header(name)?).map(<[u8]>::to_vec),
        _ => None,
    }
}

/// The header behind an attribute of the request.
fn request_header(attribute: &[u8]) -> Option<&'static str> {
    Some(match attribute {
        b"path" => ":path",
        b"host" => ":authority",
        b"scheme" => ":scheme",
        b"method" => ":method",
        b"referer" => "referer",
        b"useragent" => "user-agent",
        b"id" => "x-request-id",
        _ => return None,
    })
}

/// A request target before and after its question mark.
fn target(path: &[u8]) -> (&[u8], &[u8]) {
    let mut parts = path.splitn(2, |byte| *byte == b'?');
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

fn plugin_value(gateway: &Gateway, path: &[u8]) -> Option<Vec<u8>> {
    let settings = &gateway.settings;
    Some(match path {
        b"plugin_name" => settings.plugin_name.clone().into_bytes(),
        b"plugin_root_id" => gateway.current_root().map(|root| root.root_id.clone().into_bytes())?,
        b"plugin_vm_id" => settings.vm_id.clone().into_bytes(),
        _ => return None,
    })
}

//! The host function for attributes: those set by the test, and those derived from header maps and the plugin's
//! settings.

use crate::abi::{MapType, Status};
use crate::gateway::Gateway;
use crate::guest::{Fault, Guest, Out, Span};
use crate::headers::Headers;
use crate::stream::Stream;

pub(crate) fn get(guest: &mut Guest<'_>, path: Span, out: Out) -> Result<(), Fault> {
    let (memory, gateway) = guest.split()?;
    let value = read(gateway, memory.read(path)?)?;
    guest.give(&value, out)
}

fn read(gateway: &Gateway, path: &[u8]) -> Result<Vec<u8>, Status> {
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

fn stream_value(stream: &Stream, path: &[u8]) -> Option<Vec<u8>> {
    let late = stream.logging.then(|| stream.log_attributes.get(path)).flatten();
    if let Some(value) = late.or_else(|| stream.attributes.get(path)) {
        return Some(value.to_vec());
    }
    derived(stream, path)
}

/// Attributes derived from a header map, available while that map can be read; the response's code stays
/// available.
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

/// The header that a request attribute is derived from.
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

/// The parts of a request target before and after its question mark.
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

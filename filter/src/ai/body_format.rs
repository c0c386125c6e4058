//! What a body is: its first bytes tell better than its content type.

/// How a body carries JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFormat {
    /// One JSON text.
    Json,
    /// Server-sent events with a JSON text each.
    EventStream,
    /// JSON texts, one a line.
    JsonLines,
    /// A JSON array, which may come in parts.
    JsonArray,
    /// Frames of `application/vnd.amazon.eventstream` with a JSON text each.
    AwsEventStream,
    /// Nothing that is read.
    Unknown,
}

/// What begins the lines of an event stream.
const FIELDS: [&[u8]; 5] = [b"data:", b"event:", b"id:", b"retry:", b":"];
/// Bytes of a prelude of AWS's frames.
const PRELUDE: usize = 12;

/// What a body is that begins with these bytes; none when they are too few to tell. A byte order mark and blank lines say
/// nothing.
pub fn sniff(head: &[u8]) -> Option<BodyFormat> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    match head.first()? {
        b'{' => return Some(BodyFormat::Json),
        b'[' => return Some(BodyFormat::JsonArray),
        0xef if head.len() < 3 => return None,
        // The length of a frame, and the check of its first bytes, which are few.
        0 => {
            let prelude = head.get(..PRELUDE)?;
            let is_frame = prelude.get(4..6) == Some(&[0, 0]);
            return Some(if is_frame { BodyFormat::AwsEventStream } else { BodyFormat::Unknown });
        }
        _ => {}
    }
    if FIELDS.iter().any(|field| head.starts_with(field)) {
        return Some(BodyFormat::EventStream);
    }
    let may_become = FIELDS.iter().any(|field| field.starts_with(head));
    (!may_become).then_some(BodyFormat::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_what_a_body_is() {
        for (head, expected) in [
            (&b"{"[..], Some(BodyFormat::Json)),
            (b"\xef\xbb\xbf\r\n {", Some(BodyFormat::Json)),
            (b"[", Some(BodyFormat::JsonArray)),
            (b"data: {", Some(BodyFormat::EventStream)),
            (b": x", Some(BodyFormat::EventStream)),
            (b"id:1\n", Some(BodyFormat::EventStream)),
            (b"\n\n", None),
            (b"da", None),
            (b"\xef\xbb", None),
            (b"<html>", Some(BodyFormat::Unknown)),
            (b"dame", Some(BodyFormat::Unknown)),
            (b"\0\0\0\x76\0\0\0", None),
            (b"\0\0\0\x76\0\0\0\x52\x96\xd5\xfa\xde", Some(BodyFormat::AwsEventStream)),
        ] {
            assert_eq!(sniff(head), expected, "{}", String::from_utf8_lossy(head));
        }
    }
}

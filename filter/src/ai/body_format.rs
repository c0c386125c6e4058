//! Detects the format of a body by its first bytes, which are more reliable than content types.

use super::aws_event_stream;

/// How a body carries JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFormat {
    /// One JSON object, or the first of several; the first bytes do not show which.
    Json,
    /// Server-sent events, each with a JSON text.
    EventStream,
    /// JSON objects, one per line (Ollama).
    JsonLines,
    /// A JSON array, which may arrive in parts (Gemini).
    JsonArray,
    /// Frames of `application/vnd.amazon.eventstream`, each with a JSON text (Bedrock).
    AwsEventStream,
    /// A format without JSON.
    Unknown,
}

/// The byte order mark that some programs write at the start of UTF-8 texts.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// The beginnings of lines in an event stream; a line that begins with a colon is a comment.
const FIELDS: [&[u8]; 5] = [b"data:", b"event:", b"id:", b"retry:", b":"];

/// The format of a body that begins with `head`; `None` when more bytes are needed. A byte order mark and blank lines
/// before the body are ignored.
pub fn sniff(head: &[u8]) -> Option<BodyFormat> {
    if head.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(head) {
        return None;
    }
    let text = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head).trim_ascii_start();
    match text.first()? {
        b'{' => Some(BodyFormat::Json),
        b'[' => Some(BodyFormat::JsonArray),
        // No text begins like this. Nothing precedes frames.
        0 => Some(match aws_event_stream::begins_frame(head)? {
            true => BodyFormat::AwsEventStream,
            false => BodyFormat::Unknown,
        }),
        _ if FIELDS.iter().any(|field| text.starts_with(field)) => Some(BodyFormat::EventStream),
        _ if FIELDS.iter().any(|field| field.starts_with(text)) => None,
        _ => Some(BodyFormat::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The prelude of a frame of 118 bytes, 82 of them headers.
    const PRELUDE: &[u8] = b"\0\0\0\x76\0\0\0\x52\x96\xd5\xfa\xde";

    fn cases() -> Vec<(&'static [u8], Option<BodyFormat>)> {
        vec![
            (b"{\"a\":1}", Some(BodyFormat::Json)),
            (b"\xef\xbb\xbf {\"a\":1}\n", Some(BodyFormat::Json)),
            (b"\n\n\r\n\n{", Some(BodyFormat::Json)),
            (b"{\"a\":1}\n{\"a\":2}", Some(BodyFormat::Json)),
            (b"[{\"a\":1}", Some(BodyFormat::JsonArray)),
            (b"\xef\xbb\xbf[", Some(BodyFormat::JsonArray)),
            (b"data: {}", Some(BodyFormat::EventStream)),
            (b"data:{}", Some(BodyFormat::EventStream)),
            (b"event: x", Some(BodyFormat::EventStream)),
            (b"id:1", Some(BodyFormat::EventStream)),
            (b"retry: 5", Some(BodyFormat::EventStream)),
            (b": keep-alive", Some(BodyFormat::EventStream)),
            (b"\xef\xbb\xbfdata:", Some(BodyFormat::EventStream)),
            (b"\r\n\r\nevent:", Some(BodyFormat::EventStream)),
            (PRELUDE, Some(BodyFormat::AwsEventStream)),
            (b"\0\0\0\x76\0\0\0\x52\x96\xd5\xfa\xdf", Some(BodyFormat::Unknown)),
            (b"\0asm\x01\0\0\0\0\0\0\0", Some(BodyFormat::Unknown)),
            (b"<html>", Some(BodyFormat::Unknown)),
            (b"database", Some(BodyFormat::Unknown)),
            (b"ok", Some(BodyFormat::Unknown)),
            (b"RIFF", Some(BodyFormat::Unknown)),
            (b"\xef\xbb\xbf", None),
            (b"\xef\xbb", None),
            (b"\n\n", None),
            (b"dat", None),
            (b"r", None),
            (b"\0\0\0\x76\0\0\0", None),
            (b"", None),
        ]
    }

    #[test]
    fn the_first_bytes_determine_the_format_of_a_body() {
        for (head, expected) in cases() {
            assert_eq!(sniff(head), expected, "{}", String::from_utf8_lossy(head));
        }
    }

    #[test]
    fn the_result_holds_however_few_bytes_arrived_first() {
        for (head, expected) in cases() {
            for end in 0..head.len() {
                let early = sniff(&head[..end]);
                assert!(early.is_none() || early == expected, "{end} of {head:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_accepted(head in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = sniff(&head);
        }
    }
}

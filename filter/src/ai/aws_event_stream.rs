//! Frames of `application/vnd.amazon.eventstream`, in which Bedrock streams its responses.
//!
//! # Format
//!
//! The length of the frame, the length of its headers and a CRC-32 of both, four bytes each; headers; the payload; a CRC-32
//! of everything before it. Numbers are big endian. A header is the length of its name in a byte, the name, a byte for the
//! type of its value, and the value, which begins with its length in two bytes if it is a text (7) or bytes (6). (Amazon
//! Transcribe, developer guide, "Event stream encoding".)

/// Bytes before the headers.
const PRELUDE: usize = 12;
/// Bytes after the payload.
const CHECKSUM: usize = 4;
/// Most bytes of a frame that is read; a larger one is skipped. Frames with tokens and counts have a few hundred.
const MAX_FRAME: usize = 1 << 20;
/// Memory that is kept from one frame to the next.
const KEPT: usize = 16 << 10;
/// The header that names the event.
const EVENT_TYPE: &[u8] = b":event-type";

/// Splits a body into frames as its bytes arrive.
#[derive(Debug, Default)]
pub struct Frames {
    /// The beginning of a frame.
    pending: Vec<u8>,
    /// Remaining bytes of a frame that is too large.
    skipped: usize,
    is_damaged: bool,
}

/// Whether a frame begins with these bytes; `None` when more are needed.
pub fn begins_frame(bytes: &[u8]) -> Option<bool> {
    let prelude = bytes.get(..PRELUDE)?;
    let checked = prelude.split_last_chunk::<4>()?;
    Some(crc32(checked.0) == u32::from_be_bytes(*checked.1))
}

impl Frames {
    /// True when the body is malformed; nothing more is read then.
    pub fn is_damaged(&self) -> bool {
        self.is_damaged
    }

    /// Reads a chunk, and passes on the event type, which may be empty, and the payload of each complete frame.
    pub fn feed(&mut self, mut bytes: &[u8], on_payload: &mut dyn FnMut(&str, &[u8])) {
        while !bytes.is_empty() && !self.is_damaged {
            let skipped = self.skipped.min(bytes.len());
            self.skipped -= skipped;
            bytes = bytes.get(skipped..).unwrap_or_default();
            let needs = frame_length(&self.pending).unwrap_or(PRELUDE);
            let missing = needs.saturating_sub(self.pending.len());
            let (more, rest) = bytes.split_at_checked(missing).unwrap_or((bytes, &[]));
            self.pending.extend_from_slice(more);
            bytes = rest;
            self.take_pending(on_payload);
        }
    }

    fn take_pending(&mut self, on_payload: &mut dyn FnMut(&str, &[u8])) {
        let Some(length) = frame_length(&self.pending) else { return };
        if self.pending.len() == PRELUDE {
            self.is_damaged = length < PRELUDE + CHECKSUM || begins_frame(&self.pending) != Some(true);
            if length > MAX_FRAME && !self.is_damaged {
                self.skipped = length - PRELUDE;
                self.pending.clear();
                return;
            }
        }
        if self.pending.len() < length || self.is_damaged {
            return;
        }
        match parts(&self.pending) {
            Some((headers, payload)) => on_payload(event_type(headers).unwrap_or_default(), payload),
            None => self.is_damaged = true,
        }
        self.pending.clear();
        self.pending.shrink_to(KEPT);
    }
}

fn frame_length(frame: &[u8]) -> Option<usize> {
    frame.get(..PRELUDE)?;
    number(frame)
}

fn number(bytes: &[u8]) -> Option<usize> {
    usize::try_from(u32::from_be_bytes(*bytes.first_chunk::<4>()?)).ok()
}

/// The headers and the payload of a whole frame.
fn parts(frame: &[u8]) -> Option<(&[u8], &[u8])> {
    let headers = number(frame.get(4..)?)?;
    let inside = frame.get(PRELUDE..frame.len().checked_sub(CHECKSUM)?)?;
    inside.split_at_checked(headers)
}

fn event_type(mut headers: &[u8]) -> Option<&str> {
    while let Some((length, rest)) = headers.split_first() {
        let (name, rest) = rest.split_at_checked(usize::from(*length))?;
        let (kind, rest) = rest.split_first()?;
        let (start, length) = match kind {
            0 | 1 => (0, 0),
            2 => (0, 1),
            3 => (0, 2),
            4 => (0, 4),
            5 | 8 => (0, 8),
            9 => (0, 16),
            6 | 7 => (2, usize::from(u16::from_be_bytes(*rest.first_chunk::<2>()?))),
            _ => return None,
        };
        let (value, rest) = rest.get(start..)?.split_at_checked(length)?;
        if name == EVENT_TYPE {
            return std::str::from_utf8(value).ok();
        }
        headers = rest;
    }
    None
}

/// The checksum of Ethernet and zip files. Only twelve bytes of each frame are checked, so it needs no table.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A frame with these headers, each of which is a name, a type and the bytes after it.
    fn frame(headers: &[(&str, u8, &[u8])], payload: &[u8]) -> Vec<u8> {
        let mut head = Vec::new();
        for (name, kind, value) in headers {
            head.push(u8::try_from(name.len()).unwrap());
            head.extend_from_slice(name.as_bytes());
            head.push(*kind);
            if matches!(kind, 6 | 7) {
                head.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
            }
            head.extend_from_slice(value);
        }
        let length = u32::try_from(PRELUDE + head.len() + payload.len() + CHECKSUM).unwrap();
        let mut frame = length.to_be_bytes().to_vec();
        frame.extend(u32::try_from(head.len()).unwrap().to_be_bytes());
        frame.extend(crc32(&frame).to_be_bytes());
        frame.extend(head);
        frame.extend_from_slice(payload);
        frame.extend(crc32(&frame).to_be_bytes());
        frame
    }

    fn event(kind: &str, payload: &str) -> Vec<u8> {
        let content = (":content-type", 7, &b"application/json"[..]);
        frame(&[(EVENT_NAME, 7, kind.as_bytes()), content], payload.as_bytes())
    }

    const EVENT_NAME: &str = ":event-type";

    fn read(chunks: &[&[u8]]) -> (Vec<(String, String)>, bool) {
        let (mut frames, mut found) = (Frames::default(), Vec::new());
        for chunk in chunks {
            frames.feed(chunk, &mut |kind, payload| {
                found.push((kind.to_owned(), String::from_utf8_lossy(payload).into_owned()));
            });
            assert!(frames.pending.capacity() <= 2 * MAX_FRAME);
        }
        (found, frames.is_damaged())
    }

    #[test]
    fn events_are_found_at_any_split() {
        let body =
            [event("messageStart", "{\"role\":\"assistant\"}"), event("metadata", "{}"), event("", "")]
                .concat();
        let expected: Vec<(String, String)> =
            [("messageStart", "{\"role\":\"assistant\"}"), ("metadata", "{}"), ("", "")]
                .map(|(kind, payload)| (kind.to_owned(), payload.to_owned()))
                .into();
        for at in 0..=body.len() {
            let (one, other) = body.split_at(at);
            assert_eq!(read(&[one, other]), (expected.clone(), false), "{at}");
        }
        let bytes: Vec<&[u8]> = body.chunks(1).collect();
        assert_eq!(read(&bytes), (expected, false));
    }

    #[test]
    fn headers_of_every_type_may_precede_the_wanted_one() {
        let others = [(0, 0), (1, 0), (2, 1), (3, 2), (4, 4), (5, 8), (6, 3), (7, 5), (8, 8), (9, 16)];
        for (kind, length) in others {
            let headers = [("x", kind, &[1; 16][..length]), (EVENT_NAME, 7, b"chunk")];
            assert_eq!(read(&[&frame(&headers, b"p")]).0, [("chunk".to_owned(), "p".to_owned())], "{kind}");
        }
        let unknown = frame(&[("x", 10, b""), (EVENT_NAME, 7, b"chunk")], b"p");
        assert_eq!(read(&[&unknown]).0, [(String::new(), "p".to_owned())]);
        assert_eq!(read(&[&frame(&[], b"p")]).0, [(String::new(), "p".to_owned())]);
    }

    #[test]
    fn a_frame_that_is_too_large_is_skipped_and_the_next_one_read() {
        let body = [event("large", &"x".repeat(MAX_FRAME)), event("next", "{}")].concat();
        let chunks: Vec<&[u8]> = body.chunks(10_007).collect();
        for chunks in [&chunks[..], &[&body[..]]] {
            assert_eq!(read(chunks), (vec![("next".to_owned(), "{}".to_owned())], false));
        }
    }

    #[test]
    fn bytes_that_are_not_a_frame_end_the_reading() {
        let sound = event("a", "{}");
        for broken in
            [&b"\0\0\0\x0c\0\0\0\0\0\0\0\0"[..], b"{\"a\":1}      ", b"\xff\xff\xff\xff\0\0\0\0\0\0\0\0"]
        {
            let body = [&sound, broken, &sound].concat();
            assert_eq!(read(&[&body]), (vec![("a".to_owned(), "{}".to_owned())], true));
        }
        // Headers that are longer than the frame.
        let mut long = 16_u32.to_be_bytes().to_vec();
        long.extend(100_u32.to_be_bytes());
        long.extend(crc32(&long).to_be_bytes());
        long.extend([0; 4]);
        assert_eq!(read(&[&long]), (Vec::new(), true));
    }

    #[test]
    fn the_responses_of_bedrock_are_read() {
        let body = [
            &include_bytes!("../../testdata/cases/18-bedrock-eventstream.response.1.bin")[..],
            include_bytes!("../../testdata/cases/18-bedrock-eventstream.response.2.bin"),
        ];
        let (events, is_damaged) = read(&body);
        let kinds: Vec<&str> = events.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds, ["messageStart", "contentBlockDelta", "messageStop", "metadata"]);
        assert!(!is_damaged && events[3].1.contains("\"inputTokens\":30"), "{events:?}");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_and_any_split_gives_the_same(
            mut body in proptest::collection::vec(any::<u8>(), 0..80),
            is_frame in any::<bool>(),
            at in any::<proptest::sample::Index>(),
        ) {
            if is_frame {
                body = [event("a", "{\"b\":1}"), body].concat();
            }
            let (one, other) = body.split_at(at.index(body.len() + 1));
            prop_assert_eq!(read(&[one, other]), read(&[&body]));
        }
    }
}

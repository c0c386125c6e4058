//! Frames of `application/vnd.amazon.eventstream`, in which Bedrock streams.
//!
//! # Format
//!
//! Big-endian: length of the frame, length of its headers, a checksum of both, headers, payload, a checksum of all. A header
//! is a byte for the length of its name, the name, a byte for its type; of a text (7) two bytes for the length and the text.

/// Largest frame that is looked at: what AWS allows.
const MAX_FRAME: usize = 1 << 20;
const PRELUDE: usize = 12;
const CHECKSUM: usize = 4;
/// The type of a text.
const TEXT: u8 = 7;

/// The frames of a body, taken apart as its bytes arrive.
#[derive(Debug, Default)]
pub struct Frames {
    held: Vec<u8>,
    is_broken: bool,
}

impl Frames {
    /// Reads a chunk and hands out the event type and the payload of each frame that is complete.
    pub fn feed(&mut self, mut bytes: &[u8], on_payload: &mut dyn FnMut(&str, &[u8])) {
        while !bytes.is_empty() && !self.is_broken {
            let wanted = self.wanted();
            if !(PRELUDE..=MAX_FRAME).contains(&wanted) {
                self.is_broken = true;
                self.held = Vec::new();
                return;
            }
            let missing = wanted.saturating_sub(self.held.len()).min(bytes.len());
            let (taken, rest) = bytes.split_at(missing);
            self.held.extend_from_slice(taken);
            bytes = rest;
            if self.held.len() >= PRELUDE && self.held.len() == self.wanted() {
                if let Some((event, payload)) = frame(&self.held) {
                    on_payload(event, payload);
                }
                self.held.clear();
            }
        }
    }

    /// Bytes of the frame, or of what tells them.
    fn wanted(&self) -> usize {
        if self.held.len() < PRELUDE { PRELUDE } else { number(&self.held, 0).unwrap_or(0) }
    }
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..at + 4)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(four)).ok()
}

fn frame(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let headers = bytes.get(PRELUDE..PRELUDE.checked_add(number(bytes, 4)?)?)?;
    let payload = bytes.get(PRELUDE + headers.len()..bytes.len().checked_sub(CHECKSUM)?)?;
    Some((event_type(headers).unwrap_or_default(), payload))
}

fn event_type(mut headers: &[u8]) -> Option<&str> {
    loop {
        let (length, rest) = headers.split_first()?;
        let (name, rest) = rest.split_at_checked(usize::from(*length))?;
        let (kind, rest) = rest.split_first()?;
        if *kind != TEXT {
            return None;
        }
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (value, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        if name == b":event-type" {
            return std::str::from_utf8(value).ok();
        }
        headers = rest;
    }
}

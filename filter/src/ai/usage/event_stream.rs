//! Parses server-sent events as their bytes arrive, and passes on only the payload of `data` lines.
//!
//! # Format
//!
//! Lines end with `\n`, `\r\n` or `\r`; an empty line ends an event; `data:` may be followed by one space; several
//! `data` lines of one event are joined by a line feed; a line that begins with `:` is a comment (WHATWG HTML, 9.2).

/// A piece of an event.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// The next bytes of the event's data.
    Data(&'a [u8]),
    /// The event is complete.
    End,
}

/// The state between two chunks.
#[derive(Debug, Default)]
pub struct EventStream {
    state: State,
    after_carriage_return: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// This many bytes of `data:` have matched since the start of the line.
    Name(usize),
    /// Inside the payload; true before its first byte.
    Data { first: bool },
    /// Inside any other line.
    Other,
}

impl Default for State {
    fn default() -> Self {
        Self::Name(0)
    }
}

const NAME: &[u8] = b"data:";

impl EventStream {
    /// Reads a chunk and passes on its pieces.
    pub fn read(&mut self, mut bytes: &[u8], on_piece: &mut impl FnMut(Piece<'_>)) {
        while let Some(&byte) = bytes.first() {
            if self.after_carriage_return {
                self.after_carriage_return = false;
                if byte == b'\n' {
                    bytes = bytes.get(1..).unwrap_or_default();
                    continue;
                }
            }
            if matches!(byte, b'\n' | b'\r') {
                self.after_carriage_return = byte == b'\r';
                self.end_line(on_piece);
                bytes = bytes.get(1..).unwrap_or_default();
                continue;
            }
            let taken = match self.state {
                State::Name(matched) if NAME.get(matched) == Some(&byte) => {
                    let matched = matched + 1;
                    self.state = if matched == NAME.len() {
                        State::Data { first: true }
                    } else {
                        State::Name(matched)
                    };
                    1
                }
                State::Name(_) => {
                    self.state = State::Other;
                    1
                }
                State::Data { first } => {
                    self.state = State::Data { first: false };
                    if first && byte == b' ' {
                        1
                    } else {
                        let line = line_length(bytes);
                        on_piece(Piece::Data(bytes.get(..line).unwrap_or(bytes)));
                        line
                    }
                }
                State::Other => line_length(bytes),
            };
            bytes = bytes.get(taken..).unwrap_or_default();
        }
    }

    fn end_line(&mut self, on_piece: &mut impl FnMut(Piece<'_>)) {
        match std::mem::take(&mut self.state) {
            State::Name(0) => on_piece(Piece::End),
            State::Data { .. } => on_piece(Piece::Data(b"\n")),
            State::Name(_) | State::Other => {}
        }
    }
}

fn line_length(bytes: &[u8]) -> usize {
    memchr::memchr2(b'\n', b'\r', bytes).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The data of each complete event.
    fn events(chunks: &[&[u8]]) -> Vec<String> {
        let (mut stream, mut events, mut data) = (EventStream::default(), Vec::new(), Vec::new());
        for chunk in chunks {
            stream.read(chunk, &mut |piece| match piece {
                Piece::Data(bytes) => data.extend_from_slice(bytes),
                Piece::End => {
                    if !data.is_empty() {
                        events.push(String::from_utf8(std::mem::take(&mut data)).unwrap());
                    }
                }
            });
        }
        events
    }

    #[test]
    fn data_of_each_event_is_found() {
        for (text, expected) in [
            ("data: a\n\ndata: b\n\n", vec!["a\n", "b\n"]),
            ("data:a\r\n\r\ndata:  b\r\n\r\n", vec!["a\n", " b\n"]),
            ("data: a\r\rdata: b\r\r", vec!["a\n", "b\n"]),
            ("event: x\nid: 1\ndata: a\ndata: b\n\n", vec!["a\nb\n"]),
            (": comment\n\ndata\ndatum: x\ndata: a\n\n", vec!["a\n"]),
            ("data: unfinished", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(events(&[text.as_bytes()]), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_events(text in "(data: ?|[a:\r\n]|event|\r\n\r\n){0,30}", at in 0_usize..60) {
            let (one, other) = text.as_bytes().split_at(at.min(text.len()));
            let whole = events(&[text.as_bytes()]);
            prop_assert_eq!(events(&[one, other]), &whole[..]);
            let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            prop_assert_eq!(events(&bytes), whole);
        }
    }
}

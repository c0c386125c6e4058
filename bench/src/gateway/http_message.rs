//! As much of HTTP/1.1 as the measurements need: where a head ends, and how long a body is.

/// Bytes of the head with the empty line that ends it; none when it is not all there.
pub fn head_length(message: &[u8]) -> Option<usize> {
    Some(message.windows(4).position(|part| part == b"\r\n\r\n")? + 4)
}

/// The length that a head tells. Envoy writes names of headers in lower case, and so does everything here.
pub fn content_length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"\r\ncontent-length: ";
    let start = head.windows(NAME.len()).position(|part| part == NAME)? + NAME.len();
    let digits = head.get(start..)?.split(|byte| *byte == b'\r').next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Bytes of a whole message at the start of `received`, chunked or not; none when it is not all there. A chunked one has to
/// be alone.
pub fn message_length(received: &[u8]) -> Option<usize> {
    const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
    let head = head_length(received)?;
    match content_length(received.get(..head)?) {
        Some(length) => Some(head + length).filter(|whole| received.len() >= *whole),
        None => received.get(head..)?.ends_with(LAST_CHUNK).then_some(received.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_whole_when_its_body_is_there() {
        let message = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nserver: x\r\n\r\nabc";
        assert_eq!(message_length(message), Some(message.len()));
        assert_eq!(message_length(&message[..message.len() - 1]), None);
        let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n";
        assert_eq!(message_length(chunked), Some(chunked.len()));
        assert_eq!(message_length(&chunked[..chunked.len() - 5]), None);
    }
}

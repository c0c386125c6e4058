//! The gRPC status of a response, as Envoy's own log and attributes find it.
//!
//! # Source
//!
//! `Grpc::Common::getGrpcStatus` and `Grpc::Utility::httpToGrpcStatus` of Envoy: the trailer, else the header, else what the
//! HTTP status stands for.

/// The header or trailer.
pub const STATUS: &str = "grpc-status";

const UNKNOWN: i64 = 2;
const PERMISSION_DENIED: i64 = 7;
const UNIMPLEMENTED: i64 = 12;
const INTERNAL: i64 = 13;
const UNAVAILABLE: i64 = 14;
const UNAUTHENTICATED: i64 = 16;

/// Envoy's word for a text that is no status.
const INVALID: i64 = -1;

/// What a status that somebody wrote means; none when nothing is written.
pub fn parse(value: &[u8]) -> Option<i64> {
    if value.is_empty() {
        return None;
    }
    let status = std::str::from_utf8(value).ok().and_then(|text| text.trim_ascii().parse().ok());
    status.filter(|status| (0..=UNAUTHENTICATED).contains(status)).or(Some(INVALID))
}

/// What an HTTP status stands for; none for no status.
pub fn of_http(status: u32) -> Option<i64> {
    match status {
        0 => None,
        400 => Some(INTERNAL),
        401 => Some(UNAUTHENTICATED),
        403 => Some(PERMISSION_DENIED),
        404 => Some(UNIMPLEMENTED),
        429 | 502 | 503 | 504 => Some(UNAVAILABLE),
        _ => Some(UNKNOWN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_what_was_written_or_what_the_http_status_stands_for() {
        let read = |text: &str| parse(text.as_bytes());
        assert_eq!(
            [read("0"), read("16"), read("17"), read("x"), read("")],
            [Some(0), Some(16), Some(-1), Some(-1), None]
        );
        assert_eq!(
            [of_http(0), of_http(200), of_http(404), of_http(503)],
            [None, Some(2), Some(12), Some(14)]
        );
    }
}

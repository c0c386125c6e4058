//! The names of gRPC's status codes.

/// The names, by code.
const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The name of a code; `None` for a code that gRPC does not define.
pub fn name(code: i64) -> Option<&'static str> {
    NAMES.get(usize::try_from(code).ok()?).copied()
}

/// The code with this name, in the form of gRPC (`DEADLINE_EXCEEDED`) or of Envoy (`DeadlineExceeded`).
pub fn code(name: &str) -> Option<i64> {
    let letters = |name: &str| {
        name.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_uppercase()).collect()
    };
    let wanted: Vec<u8> = letters(name);
    // Envoy writes one name with a single `l`.
    let wanted = if wanted == b"CANCELED" { b"CANCELLED".to_vec() } else { wanted };
    NAMES.iter().position(|known| letters(known) == wanted).and_then(|code| i64::try_from(code).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_grpc_and_of_envoy_are_read() {
        for (text, expected) in [
            ("OK", Some(0)),
            ("DEADLINE_EXCEEDED", Some(4)),
            ("DeadlineExceeded", Some(4)),
            ("Canceled", Some(1)),
            ("UNAUTHENTICATED", Some(16)),
            ("", None),
            ("7", None),
        ] {
            assert_eq!(code(text), expected, "{text}");
        }
        assert_eq!((name(14), name(17), name(-1)), (Some("UNAVAILABLE"), None, None));
    }
}

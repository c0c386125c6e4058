//! The trace id of a request: `x-b3-traceid`, else from `b3`, else from `traceparent`.

/// The trace id that the request's tracing headers carry.
///
/// # Formats
///
/// `b3` is `{trace}-{span}[-{sampled}[-{parent}]]`, or only a sampling decision (`0`, `1`, `d`), which has no id.
/// `traceparent` is `{version}-{trace}-{span}-{flags}`; an id of zeros is invalid.
pub fn id<'a>(
    x_b3_traceid: Option<&'a [u8]>,
    b3: Option<&'a [u8]>,
    traceparent: Option<&'a [u8]>,
) -> Option<&'a [u8]> {
    x_b3_traceid.filter(|id| !id.is_empty()).or_else(|| b3.and_then(from_b3)).or_else(|| {
        traceparent.and_then(|value| value.split(|byte| *byte == b'-').nth(1)).filter(|id| is_id(id))
    })
}

fn from_b3(value: &[u8]) -> Option<&[u8]> {
    value.split(|byte| *byte == b'-').next().filter(|id| is_id(id))
}

fn is_id(id: &[u8]) -> bool {
    matches!(id.len(), 16 | 32) && id.iter().all(u8::is_ascii_hexdigit) && id.iter().any(|byte| *byte != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "463ac35c9f6413ad48485a3953bb6124";

    #[test]
    fn the_first_header_that_carries_an_id_is_taken() {
        let b3 = format!("{TRACE}-a2fb4a1d1a96d312-1");
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        for (x_b3_traceid, b3, traceparent, expected) in [
            (Some("abc"), Some(b3.as_str()), Some(parent), Some("abc")),
            (None, Some(b3.as_str()), Some(parent), Some(TRACE)),
            (Some(""), Some("0"), Some(parent), Some("0af7651916cd43dd8448eb211c80319c")),
            (None, Some("d"), None, None),
            (None, Some("a2fb4a1d1a96d312"), None, Some("a2fb4a1d1a96d312")),
            (None, None, Some("00-00000000000000000000000000000000-b7ad6b7169203331-01"), None),
            (None, None, Some("nonsense"), None),
            (None, None, None, None),
        ] {
            let found =
                id(x_b3_traceid.map(str::as_bytes), b3.map(str::as_bytes), traceparent.map(str::as_bytes));
            assert_eq!(found, expected.map(str::as_bytes));
        }
    }
}

//! The trace id of a request, from the header of any tracing system that the client or the gateway uses.
//!
//! The first header with an id is used, in this order: `x-b3-traceid`, `b3`, `traceparent`, `sw8`,
//! `x-datadog-trace-id`, `uber-trace-id`, `x-amzn-trace-id`.

use std::borrow::Cow;

use crate::base64;

/// The values of the headers, in that order.
#[derive(Clone, Copy, Debug, Default)]
pub struct TraceHeaders<'a> {
    /// `x-b3-traceid`: the id (Zipkin).
    pub x_b3_traceid: Option<&'a [u8]>,
    /// `b3`: `{trace}-{span}[-{sampled}[-{parent}]]`, or only a sampling decision (`0`, `1`, `d`), which has no id (Zipkin).
    pub b3: Option<&'a [u8]>,
    /// `traceparent`: `{version}-{trace}-{span}-{flags}`; an id of zeros is invalid (W3C).
    pub traceparent: Option<&'a [u8]>,
    /// `sw8`: eight values with `-` between them, the second of which is the id in Base64 (SkyWalking).
    pub sw8: Option<&'a [u8]>,
    /// `x-datadog-trace-id`: the lower 64 bits of the id in decimal (Datadog).
    pub datadog: Option<&'a [u8]>,
    /// `uber-trace-id`: `{trace}:{span}:{parent}:{flags}`, in hexadecimal without leading zeros; the colons may be
    /// percent-encoded (Jaeger).
    pub uber: Option<&'a [u8]>,
    /// `x-amzn-trace-id`: `Root={id};Parent=…;Sampled=…` in any order, the id `1-{time}-{number}` (AWS X-Ray).
    pub amzn: Option<&'a [u8]>,
}

/// A trace id in its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceId<'a> {
    raw: &'a [u8],
    is_base64: bool,
}

impl<'a> TraceId<'a> {
    /// The bytes in the header: the same for the same trace, but not always the id's text.
    pub fn raw(self) -> &'a [u8] {
        self.raw
    }

    /// The id's text.
    pub fn text(self) -> Cow<'a, [u8]> {
        let decoded = self.is_base64.then(|| base64::decode(self.raw.iter().copied())).flatten();
        decoded.map_or(Cow::Borrowed(self.raw), Cow::Owned)
    }
}

/// The trace id in the headers.
pub fn find<'a>(headers: &TraceHeaders<'a>) -> Option<TraceId<'a>> {
    let found = headers
        .x_b3_traceid
        .filter(|id| !id.is_empty())
        .or_else(|| part(headers.b3, b'-', 0).filter(|id| is_full(id)))
        .or_else(|| part(headers.traceparent, b'-', 1).filter(|id| is_full(id)));
    let plain = |raw| TraceId { raw, is_base64: false };
    found
        .map(plain)
        .or_else(|| of_skywalking(headers.sw8?))
        .or_else(|| headers.datadog.filter(|id| is_of(id, 1..=20, u8::is_ascii_digit)).map(plain))
        .or_else(|| of_jaeger(headers.uber?).map(plain))
        .or_else(|| of_xray(headers.amzn?).map(plain))
}

fn part(value: Option<&[u8]>, separator: u8, index: usize) -> Option<&[u8]> {
    value?.split(|byte| *byte == separator).nth(index)
}

/// True for 64 or 128 bits in hexadecimal that are not all zero.
fn is_full(id: &[u8]) -> bool {
    is_of(id, 16..=32, u8::is_ascii_hexdigit) && matches!(id.len(), 16 | 32)
}

fn is_of(id: &[u8], lengths: std::ops::RangeInclusive<usize>, of: fn(&u8) -> bool) -> bool {
    lengths.contains(&id.len()) && id.iter().all(of) && id.iter().any(|byte| *byte != b'0')
}

fn of_skywalking(value: &[u8]) -> Option<TraceId<'_>> {
    let raw = part(Some(value), b'-', 1)?;
    let id = base64::decode(raw.iter().copied())?;
    // Ids are UUIDs, or numbers with dots between them.
    let is_sound = !id.is_empty() && id.iter().all(u8::is_ascii_graphic);
    is_sound.then_some(TraceId { raw, is_base64: true })
}

fn of_jaeger(value: &[u8]) -> Option<&[u8]> {
    let end = value.iter().position(|byte| matches!(byte, b':' | b'%'))?;
    value.get(..end).filter(|id| is_of(id, 1..=32, u8::is_ascii_hexdigit))
}

fn of_xray(value: &[u8]) -> Option<&[u8]> {
    let mut fields = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let root = fields.find_map(|field| field.strip_prefix(b"Root="))?;
    let mut parts = root.split(|byte| *byte == b'-');
    let (version, time, number) = (parts.next()?, parts.next()?, parts.next()?);
    let is_sound = version == b"1"
        && is_of(time, 8..=8, u8::is_ascii_hexdigit)
        && is_of(number, 24..=24, u8::is_ascii_hexdigit)
        && parts.next().is_none();
    is_sound.then_some(root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TRACE: &str = "463ac35c9f6413ad48485a3953bb6124";
    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const SW8: &str = "1-MGExYjJjM2Q0ZTVmNjA3MTgyOTNhNGI1YzZkN2U4Zjk=-c2VnLTE=-0-Z2F0ZXdheQ==-Z3ctMQ==-L29yZGVycw==-MTAuMC4wLjI6ODA=";
    const UBER: &str = "3f1a9c:1b2c:0:1";
    const AMZN: &str =
        "Self=1-67891234-12456789abcdef012345678;Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";

    fn found(
        x_b3: &str,
        b3: &str,
        parent: &str,
        sw8: &str,
        datadog: &str,
        uber: &str,
        amzn: &str,
    ) -> Option<String> {
        let value = |text| Some(str::as_bytes(text)).filter(|value| !value.is_empty());
        let headers = TraceHeaders {
            x_b3_traceid: value(x_b3),
            b3: value(b3),
            traceparent: value(parent),
            sw8: value(sw8),
            datadog: value(datadog),
            uber: value(uber),
            amzn: value(amzn),
        };
        find(&headers).map(|id| String::from_utf8(id.text().into_owned()).unwrap())
    }

    #[test]
    fn the_first_header_with_an_id_is_used() {
        let b3 = format!("{TRACE}-a2fb4a1d1a96d312-1");
        let all = ["abc", &b3, PARENT, SW8, "123", UBER, AMZN];
        let ids = [
            "abc",
            TRACE,
            "0af7651916cd43dd8448eb211c80319c",
            "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
            "123",
            "3f1a9c",
            "1-5759e988-bd862e3fe1be46a994272793",
        ];
        for (first, id) in ids.iter().enumerate() {
            let [x_b3, b3, parent, sw8, datadog, uber, amzn] =
                std::array::from_fn(|index| if index < first { "" } else { all[index] });
            assert_eq!(found(x_b3, b3, parent, sw8, datadog, uber, amzn).as_deref(), Some(*id));
        }
        assert_eq!(found("", "", "", "", "", "", ""), None);
    }

    #[test]
    fn headers_without_an_id_are_skipped() {
        for b3 in ["0", "1", "d", "463ac35c", "zzzzzzzzzzzzzzzz-1"] {
            assert_eq!(
                found("", b3, PARENT, "", "", "", "").as_deref(),
                Some("0af7651916cd43dd8448eb211c80319c")
            );
        }
        assert_eq!(found("", "a2fb4a1d1a96d312", "", "", "", "", "").as_deref(), Some("a2fb4a1d1a96d312"));
        for parent in ["00-00000000000000000000000000000000-b7ad6b7169203331-01", "nonsense", "----"] {
            assert_eq!(found("", "", parent, "", "7", "", "").as_deref(), Some("7"));
        }
        for sw8 in ["1-!-x", "1--x", "1", "1-AA==-x", "0"] {
            assert_eq!(found("", "", "", sw8, "7", "", "").as_deref(), Some("7"), "{sw8}");
        }
        for datadog in ["0", "-1", "12x", "123456789012345678901"] {
            assert_eq!(found("", "", "", "", datadog, UBER, "").as_deref(), Some("3f1a9c"), "{datadog}");
        }
        for uber in ["0:0:0:0", "3f1a9c", "xyz:1:0:1", ":1:0:1"] {
            assert_eq!(
                found("", "", "", "", "", uber, "Root=1-5759e988-bd862e3fe1be46a994272793").as_deref(),
                Some("1-5759e988-bd862e3fe1be46a994272793")
            );
        }
        for amzn in [
            "Root=",
            "Root=2-5759e988-bd862e3fe1be46a994272793",
            "Root=1-5759e988",
            "Self=1-5759e988-bd862e3fe1be46a994272793",
        ] {
            assert_eq!(found("", "", "", "", "", "", amzn), None, "{amzn}");
        }
    }

    #[test]
    fn the_colons_of_jaeger_may_be_encoded_and_skywalking_has_ids_of_several_kinds() {
        assert_eq!(found("", "", "", "", "", "3f1a9c%3A1b2c%3A0%3A1", "").as_deref(), Some("3f1a9c"));
        // `2e1a.79.16943384000010001`, without padding.
        let sw8 = "1-MmUxYS43OS4xNjk0MzM4NDAwMDAxMDAwMQ-YQ-0-YQ-YQ-YQ-YQ";
        assert_eq!(found("", "", "", sw8, "", "", "").as_deref(), Some("2e1a.79.16943384000010001"));
    }

    proptest! {
        #[test]
        fn no_value_makes_it_panic(values in proptest::collection::vec("[0-9a-f:;=%A-Z+/-]{0,40}", 7)) {
            let _ = found(&values[0], &values[1], &values[2], &values[3], &values[4], &values[5], &values[6]);
        }
    }
}

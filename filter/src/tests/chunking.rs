//! However a body is cut into chunks, the record is the same.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use super::cut::chunks;
use super::providers::shapes;
use crate::host::mock::MockHost;
use crate::plugin::Plugin;
use crate::rng::Rng;
use crate::stream::Stream;

/// A window and capture limits that end inside of most bodies.
const CONFIG: &str = r#"{"collector_cluster":"c","queue":{"max_coalescing_delay":0},"ai":{"window_bytes":1024},
    "capture":{"request_body_bytes":100,"response_body_bytes":150}}"#;

/// A body with its content type.
type Typed = (Vec<u8>, &'static str);

/// The record of a stream whose bodies pass in these chunks, without the fields that differ between any two records.
fn record(path: &str, request: (&[&[u8]], &str), response: (&[&[u8]], &str)) -> Value {
    let host = MockHost::new()
        .with_request(&[(":method", "POST"), (":path", path), ("content-type", request.1)])
        .with_response(&[(":status", "200"), ("content-type", response.1)]);
    let (mut plugin, mut stream) =
        (Plugin::new(CONFIG.as_bytes(), Rng::seeded(1)).unwrap(), Stream::default());
    plugin.on_request_headers(&mut stream, &host, false);
    for chunk in request.0 {
        host.set_body(chunk);
        stream.on_request_body(&host, chunk.len());
    }
    plugin.on_response_headers(&mut stream, &host, false);
    for chunk in response.0 {
        host.set_body(chunk);
        stream.on_response_body(&host, chunk.len());
    }
    plugin.on_end(&mut stream, &host);
    plugin.on_tick(&host);
    let mut records = host.take_sent().remove(0).json();
    records[0].as_object_mut().unwrap().remove("record_id");
    records
}

/// A body of a provider, as it is or with some bytes replaced, cut off, or followed by others; or anything at all.
fn any_body() -> impl Strategy<Value = Typed> {
    let provider =
        (any::<Index>(), vec((any::<Index>(), any::<u8>()), 0..3), any::<Index>(), vec(any::<u8>(), 0..40));
    let of_provider = provider.prop_map(|(which, replaced, end, more)| {
        let shape = which.get(&shapes()).clone();
        let mut body = shape.answer.bytes();
        // Most bodies stay whole: those have the most to tell.
        let keeps_all = replaced.len() < 2;
        for (at, byte) in replaced.into_iter().skip(1) {
            let at = at.index(body.len());
            body[at] = byte;
        }
        if !keeps_all {
            body.truncate(end.index(body.len()) + 1);
            body.extend(more);
        }
        (body, shape.answer.content_type())
    });
    let text =
        "(data: |[\\[\\]{}\":,é\\\\\r\n ]|\"(model|usage|id|total_tokens|response)\"|[0-9]{1,3}|null){0,80}";
    let content_type = prop_oneof![Just("application/json"), Just("text/event-stream"), Just("")];
    let anything = (text, vec(any::<u8>(), 0..20), content_type)
        .prop_map(|(text, bytes, content_type)| ([text.into_bytes(), bytes].concat(), content_type));
    prop_oneof![3 => of_provider, 1 => anything]
}

proptest! {
    #[test]
    fn the_record_is_the_same_however_the_bodies_are_cut(
        path in prop_oneof![Just("/v1/chat/completions"), Just("/x")],
        (request, request_type) in any_body(),
        (response, response_type) in any_body(),
        request_sizes in vec(0_usize..120, 0..40),
        response_sizes in vec(0_usize..120, 0..40),
    ) {
        let whole = record(path, (&[&request], request_type), (&[&response], response_type));
        let cut = record(
            path,
            (&chunks(&request, &request_sizes), request_type),
            (&chunks(&response, &response_sizes), response_type),
        );
        prop_assert_eq!(&cut, &whole);
        let bytes = |body: &[u8]| vec![1; body.len()];
        let crumbs = record(
            path,
            (&chunks(&request, &bytes(&request)), request_type),
            (&chunks(&response, &bytes(&response)), response_type),
        );
        prop_assert_eq!(&crumbs, &whole);
    }
}

//! The upstream's time, which gateways may keep to themselves.

use std::time::Duration;

use serde_json::Value;

use crate::host::mock::MockHost;
use crate::plugin::Plugin;
use crate::rng::Rng;
use crate::stream::Stream;

const CONFIG: &[u8] = br#"{"collector_cluster":"c","queue":{"max_coalescing_delay":0}}"#;

#[test]
fn the_upstreams_time_is_measured_where_the_gateway_does_not_tell_it() {
    let of_upstream = "via_upstream";
    for (name, has_body, header, details, flags, expected) in [
        ("no body", false, None, of_upstream, 0, Some("250")),
        ("with a body", true, None, of_upstream, 0, Some("150")),
        ("the gateway tells it", true, Some("99"), of_upstream, 0, Some("99")),
        ("broken off", true, None, "upstream_reset_after_response_started{remote_reset}", 64, Some("150")),
        ("details left out", true, None, "", 0, Some("150")),
        ("no connection", true, None, "upstream_reset_before_response_started{connection_failure}", 32, None),
        ("no connection, details left out", true, None, "", 32, None),
        ("no upstream", false, None, "route_not_found", 0, None),
    ] {
        let header = header.map(|value| ("x-envoy-upstream-service-time", value));
        let response: Vec<(&str, &str)> = [(":status", "200")].into_iter().chain(header).collect();
        let mut host = MockHost::new()
            .with_request(&[(":method", "PUT"), (":path", "/x")])
            .with_response(&response)
            .with_int("request.duration", 400_000_000)
            .with_int("response.flags", flags)
            .with_text("response.code_details", details);
        if details != "route_not_found" {
            host = host.with_text("upstream.address", "u:1");
        }
        let mut plugin = Plugin::new(CONFIG, Rng::seeded(1)).unwrap();
        let mut stream = Stream::default();
        plugin.on_request_headers(&mut stream, &host, !has_body);
        host.pass(Duration::from_millis(100));
        if has_body {
            stream.on_request_body(&host, 0);
            stream.on_request_end(&host);
        }
        host.pass(Duration::from_millis(150));
        plugin.on_response_headers(&mut stream, &host, true);
        host.pass(Duration::from_millis(150));
        plugin.on_end(&mut stream, &host);
        plugin.on_tick(&host);
        let record = host.take_sent().remove(0).json()[0].take();
        assert_eq!(record.get("upstream_service_time").and_then(Value::as_str), expected, "{name}");
    }
}

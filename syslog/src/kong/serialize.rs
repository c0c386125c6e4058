//! Kong's log of a request: the table that `kong.log.serialize()` makes, member by member.

#![doc = include_str!("../../README.md")]

use serde_json::{Map, Value};

use super::request_view::{Ai, RequestView, Upstream};
use super::{headers, query};
use crate::message::json;

/// Kong's log of the request.
pub fn serialize(view: &RequestView<'_>) -> Map<String, Value> {
    let mut log = Object::default();
    log.put("request", request(view));
    log.put("response", response(view));
    log.put("latencies", latencies(view));
    let proxied = view.upstream.filter(|upstream| upstream.answered || upstream.host.is_some());
    log.put("upstream_uri", proxied.map_or("", |upstream| upstream.uri));
    let status = if view.is_from_upstream() { view.status.to_string() } else { String::new() };
    log.put("upstream_status", status);
    if let Some(upstream) = &view.upstream {
        log.put("tries", tries(upstream));
    }
    if let Some(name) = view.route {
        let mut route = Object::default();
        route.put("name", name);
        if let Some(service) = view.service {
            route.put("service", Object::one("name", service));
        }
        log.put("route", route);
    }
    if let Some(name) = view.service {
        let mut service = Object::one("name", name);
        if let Some((host, port)) = view.upstream.and_then(|upstream| upstream.address) {
            service.put("host", host);
            service.put("port", port);
        }
        log.put("service", service);
    }
    if let Some(name) = view.consumer {
        log.put("consumer", Object::one("username", name));
    }
    log.put("client_ip", view.client_ip);
    if let Some(start) = view.start {
        log.put("started_at", start.as_millis());
    }
    log.put("source", if view.is_from_upstream() { "upstream" } else { "kong" });
    if let Some(id) = view.trace_id {
        log.put("trace_id", Object::one(if id.len() == 16 { "b3" } else { "w3c" }, id));
    }
    if let Some(ai) = &view.ai {
        log.put("ai", Object::one("proxy", ai_proxy(ai)));
    }
    log.0
}

fn request(view: &RequestView<'_>) -> Object {
    let mut request = Object::default();
    request.put("id", view.request_id);
    request.put("uri", view.uri);
    request.put("url", url(view));
    request.put("querystring", query::querystring(view.query()));
    request.put("method", view.method);
    request.put("headers", headers::request(view));
    request.put("size", view.request_bytes);
    if let Some(tls) = view.tls {
        let mut object = Object::default();
        if let Some(version) = tls.version {
            object.put("version", version);
        }
        if let Some(verified) = tls.client_verified {
            object.put("client_verify", if verified { "SUCCESS" } else { "NONE" });
        }
        request.put("tls", object);
    }
    request
}

fn url(view: &RequestView<'_>) -> String {
    let RequestView { scheme, host, uri, .. } = view;
    match view.port {
        Some(port) => format!("{scheme}://{host}:{port}{uri}"),
        None => format!("{scheme}://{host}{uri}"),
    }
}

fn response(view: &RequestView<'_>) -> Object {
    let mut response = Object::one("status", view.status);
    response.put("headers", headers::response(view));
    response.put("size", view.response_bytes);
    response
}

fn latencies(view: &RequestView<'_>) -> Object {
    let waited = view.upstream.filter(|upstream| upstream.answered).and_then(|upstream| upstream.waited_ms);
    let to_headers = view.to_headers_ms.unwrap_or(view.duration_ms);
    let mut latencies = Object::one("request", view.duration_ms);
    latencies.put("proxy", waited.unwrap_or(-1));
    latencies.put("kong", to_headers.saturating_sub(waited.unwrap_or(0)).max(0));
    if let Some(to_headers) = view.to_headers_ms {
        latencies.put("receive", view.duration_ms.saturating_sub(to_headers).max(0));
    }
    latencies
}

fn tries(upstream: &Upstream<'_>) -> Vec<Value> {
    /// No gateway retries more often; a larger number does not come from a gateway.
    const MOST: i64 = 32;
    let Some((ip, port)) = upstream.host else {
        return Vec::new();
    };
    let failed = upstream.tries.unwrap_or(1).clamp(1, MOST) - 1;
    let mut tries: Vec<Value> = (0..failed).map(|_| Object::one("state", "failed").into()).collect();
    let mut last = Object::one("ip", ip);
    last.put("port", port);
    tries.push(last.into());
    tries
}

fn ai_proxy(ai: &Ai<'_>) -> Object {
    let mut meta = Object::default();
    if !ai.model.is_empty() {
        meta.put("response_model", ai.model);
    }
    if let Some(latency) = ai.latency_ms {
        meta.put("llm_latency", latency);
    }
    let mut usage = Object::default();
    for (name, count) in [
        ("prompt_tokens", ai.prompt_tokens),
        ("completion_tokens", ai.completion_tokens),
        ("total_tokens", ai.total_tokens),
    ] {
        if let Some(count) = count {
            usage.put(name, count);
        }
    }
    if let (Some(latency), Some(tokens @ 1..)) = (ai.latency_ms, ai.completion_tokens)
        && let Some(time) = json::number(latency as f64 / tokens as f64)
    {
        usage.put("time_per_token", time);
    }
    let mut proxy = Object::one("meta", meta);
    proxy.put("usage", usage);
    proxy
}

/// A JSON object under construction.
#[derive(Default)]
struct Object(Map<String, Value>);

impl Object {
    fn one(key: &str, value: impl Into<Value>) -> Self {
        let mut object = Self::default();
        object.put(key, value);
        object
    }

    fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(object.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kong::request_view::Tls;
    use serde_json::json;

    fn log(view: &RequestView<'_>) -> Value {
        Value::Object(serialize(view))
    }

    fn upstream() -> Upstream<'static> {
        Upstream {
            answered: true,
            host: Some(("10.0.0.9", 80)),
            waited_ms: Some(20),
            uri: "/rewritten",
            ..Upstream::default()
        }
    }

    #[test]
    fn tls_is_logged_as_far_as_known() {
        let of =
            |tls| log(&RequestView { tls: Some(tls), ..RequestView::default() })["request"]["tls"].clone();
        assert_eq!(of(Tls::default()), json!({}));
        assert_eq!(
            of(Tls { version: Some("TLSv1.3"), client_verified: Some(false) }),
            json!({"version": "TLSv1.3", "client_verify": "NONE"})
        );
        assert_eq!(
            of(Tls { version: None, client_verified: Some(true) }),
            json!({"client_verify": "SUCCESS"})
        );
    }

    #[test]
    fn attempts_before_the_last_have_failed() {
        let of = |tries| {
            let upstream = Upstream { tries, ..upstream() };
            log(&RequestView { upstream: Some(upstream), ..RequestView::default() })["tries"].clone()
        };
        let last = json!({"ip": "10.0.0.9", "port": 80});
        assert_eq!(of(None), json!([last]));
        assert_eq!(of(Some(1)), json!([last]));
        assert_eq!(of(Some(3)), json!([{"state": "failed"}, {"state": "failed"}, last]));
        assert_eq!(of(Some(0)), json!([last]));
        assert_eq!(of(Some(i64::MAX)).as_array().unwrap().len(), 32);
    }

    #[test]
    fn the_time_to_the_headers_separates_the_gateways_time_from_the_transfer() {
        let view = RequestView { upstream: Some(upstream()), duration_ms: 100, ..RequestView::default() };
        assert_eq!(log(&view)["latencies"], json!({"request": 100, "proxy": 20, "kong": 80}));
        let view = RequestView { to_headers_ms: Some(25), ..view };
        assert_eq!(log(&view)["latencies"], json!({"request": 100, "proxy": 20, "kong": 5, "receive": 75}));
    }

    #[test]
    fn latencies_that_contradict_each_other_are_not_negative() {
        let view = RequestView {
            upstream: Some(upstream()),
            duration_ms: 10,
            to_headers_ms: Some(12),
            ..RequestView::default()
        };
        assert_eq!(log(&view)["latencies"], json!({"request": 10, "proxy": 20, "kong": 0, "receive": 0}));
    }

    #[test]
    fn the_uri_that_was_sent_upstream_is_logged_only_when_something_was_sent() {
        let of = |upstream| log(&RequestView { upstream, ..RequestView::default() })["upstream_uri"].clone();
        assert_eq!(of(Some(upstream())), json!("/rewritten"));
        assert_eq!(of(Some(Upstream { answered: false, host: None, ..upstream() })), json!(""));
        assert_eq!(of(None), json!(""));
    }
}

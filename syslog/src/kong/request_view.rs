//! A request and its response as the sink sees them. Only this file reads the fields of a record. It derives
//! what a record does not hold, and new fields of the record are added here.

use gatelog_record::{AccessRecord, Timestamp, host_port, upstream_cluster};
use serde_json::value::RawValue;

/// One request with its response.
#[derive(Clone, Debug, Default)]
pub struct RequestView<'r> {
    /// Id of the request.
    pub request_id: &'r str,
    /// HTTP method.
    pub method: &'r str,
    /// Path and query string as the client sent them.
    pub uri: &'r str,
    /// `http` or `https`.
    pub scheme: &'r str,
    /// Host that the client asked for, without a port.
    pub host: &'r str,
    /// Port on which the request reached the gateway.
    pub port: Option<u16>,
    /// HTTP version, such as `HTTP/1.1`.
    pub protocol: &'r str,
    /// Request headers as captured: a JSON object of texts, or of lists of texts for repeated headers.
    pub request_headers: Option<&'r RawValue>,
    /// Response headers, in the same form.
    pub response_headers: Option<&'r RawValue>,
    /// Request headers that the record holds as fields, used where none were captured.
    pub known_request_headers: [(&'static str, &'r str); 4],
    /// Bytes of the request.
    pub request_bytes: i64,
    /// Bytes of the response.
    pub response_bytes: i64,
    /// Status sent to the client; 0 when none was sent.
    pub status: i64,
    /// TLS of the client's connection.
    pub tls: Option<Tls<'r>>,
    /// The upstream's part; `None` when the request matched no route to an upstream.
    pub upstream: Option<Upstream<'r>>,
    /// Address of the client, without the port.
    pub client_ip: &'r str,
    /// Port of the client.
    pub client_port: Option<u16>,
    /// When the request began.
    pub start: Option<Timestamp>,
    /// Milliseconds from the first byte of the request to the last of the response.
    pub duration_ms: i64,
    /// Milliseconds from the first byte of the request to the response headers.
    pub to_headers_ms: Option<i64>,
    /// Name of the route.
    pub route: Option<&'r str>,
    /// Name of the service.
    pub service: Option<&'r str>,
    /// Name of the authenticated consumer.
    pub consumer: Option<&'r str>,
    /// Trace id in hexadecimal digits.
    pub trace_id: Option<&'r str>,
    /// The gateway instance.
    pub instance: &'r str,
    /// The known facts of an AI call.
    pub ai: Option<Ai<'r>>,
}

/// TLS of the client's connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tls<'r> {
    /// `TLSv1.3`.
    pub version: Option<&'r str>,
    /// Whether the client's certificate was verified; `None` when the gateway does not say.
    pub client_verified: Option<bool>,
}

/// The upstream's part in a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upstream<'r> {
    /// Whether the response is the upstream's, not the gateway's own.
    pub answered: bool,
    /// The host of the last attempt; `None` when no host was tried.
    pub host: Option<(&'r str, u16)>,
    /// The number of attempts; `None` when the gateway does not say.
    pub tries: Option<i64>,
    /// Path and query string as sent to the upstream.
    pub uri: &'r str,
    /// Milliseconds until the upstream's response headers.
    pub waited_ms: Option<i64>,
    /// Host and port of the service, from the cluster's name.
    pub address: Option<(&'r str, u16)>,
}

/// The known facts of an AI call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ai<'r> {
    /// The model.
    pub model: &'r str,
    /// Tokens of the prompt.
    pub prompt_tokens: Option<i64>,
    /// Tokens of the answer.
    pub completion_tokens: Option<i64>,
    /// Total tokens.
    pub total_tokens: Option<i64>,
    /// Milliseconds from the request to the end of the answer.
    pub latency_ms: Option<i64>,
}

impl<'r> RequestView<'r> {
    /// The view of a record.
    pub fn from_record(record: &'r AccessRecord<'r>) -> Self {
        let (host, authority_port) = split_port(&record.authority);
        let port = split_address(&record.downstream_local_address).map(|(_, port)| port).or(authority_port);
        let tls = tls(record);
        let (client_ip, client_port) = match split_address(&record.downstream_remote_address) {
            Some((ip, port)) => (ip, Some(port)),
            None => (&*record.downstream_remote_address, None),
        };
        Self {
            request_id: &record.request_id,
            method: &record.method,
            uri: &record.path,
            scheme: named(&record.scheme).unwrap_or(if tls.is_some() { "https" } else { "http" }),
            host,
            port,
            protocol: &record.protocol,
            request_headers: record.request_headers.as_deref(),
            response_headers: record.response_headers.as_deref(),
            known_request_headers: [
                ("host", &record.authority),
                ("user-agent", &record.user_agent),
                ("x-forwarded-for", &record.x_forwarded_for),
                ("x-request-id", &record.request_id),
            ],
            request_bytes: record.bytes_received,
            response_bytes: record.bytes_sent,
            status: record.response_code,
            tls,
            upstream: upstream(record),
            client_ip,
            client_port,
            start: record.start_time,
            duration_ms: record.duration,
            to_headers_ms: record.time_to_headers,
            route: named(&record.route_name).or(named(&record.route)),
            service: named(&record.service),
            consumer: named(&record.consumer),
            trace_id: named(&record.trace_id),
            instance: &record.instance_id,
            ai: ai(record),
        }
    }

    /// Whether the response is the upstream's.
    pub fn is_from_upstream(&self) -> bool {
        self.upstream.is_some_and(|upstream| upstream.answered)
    }

    /// When the last byte of the response was sent, which is the time of the log.
    pub fn end(&self) -> Option<Timestamp> {
        let start = self.start?;
        let micros = self.duration_ms.max(0).saturating_mul(1_000);
        Some(Timestamp::from_micros(start.as_micros().saturating_add(micros)))
    }

    /// Path without the query string.
    pub fn path(&self) -> &'r str {
        self.uri.split_once('?').map_or(self.uri, |(path, _)| path)
    }

    /// Query string without its `?`.
    pub fn query(&self) -> &'r str {
        self.uri.split_once('?').map_or("", |(_, query)| query)
    }
}

/// In records of a pusher that sends no version, the server name still indicates TLS.
fn tls<'r>(record: &'r AccessRecord<'r>) -> Option<Tls<'r>> {
    let version = named(&record.tls_version);
    (version.is_some() || !record.requested_server_name.is_empty())
        .then(|| Tls { version, client_verified: record.mtls.map(|mtls| mtls != 0) })
}

fn upstream<'r>(record: &'r AccessRecord<'r>) -> Option<Upstream<'r>> {
    let waited_ms = record.upstream_service_time.parse().ok();
    // In records of a pusher that sends no details, the time still shows whether the upstream answered.
    let answered = match &*record.response_code_details {
        "" => waited_ms.is_some(),
        details => details == "via_upstream",
    };
    if record.upstream_cluster.is_empty() && record.upstream_host.is_empty() && !answered {
        return None;
    }
    Some(Upstream {
        answered,
        host: split_address(&record.upstream_host),
        tries: record.upstream_attempts,
        uri: named(&record.upstream_path).unwrap_or(&record.path),
        waited_ms,
        address: cluster_address(&record.upstream_cluster),
    })
}

fn ai<'r>(record: &'r AccessRecord<'r>) -> Option<Ai<'r>> {
    let counted = record.input_tokens.or(record.output_tokens).or(record.total_tokens).is_some();
    (counted || named(&record.model).is_some()).then(|| Ai {
        model: named(&record.model).unwrap_or_default(),
        prompt_tokens: record.input_tokens,
        completion_tokens: record.output_tokens,
        total_tokens: record.total_tokens,
        latency_ms: Some(record.duration),
    })
}

/// A name, unless it is empty or `-`, which means none.
fn named(name: &str) -> Option<&str> {
    Some(name).filter(|name| !matches!(*name, "" | "-"))
}

/// Address and port of `10.0.0.1:80` or `[::1]:80`.
fn split_address(address: &str) -> Option<(&str, u16)> {
    match split_port(address) {
        (host, Some(port)) if !host.is_empty() => {
            Some((host.trim_start_matches('[').trim_end_matches(']'), port))
        }
        _ => None,
    }
}

/// A host and its port, when it has one; the brackets of an IPv6 address are kept.
fn split_port(authority: &str) -> (&str, Option<u16>) {
    let split = host_port::split(authority).and_then(|(host, port)| Some((host, port.parse().ok()?)));
    split.map_or((authority, None), |(host, port)| (host, Some(port)))
}

/// Host and port of a cluster named by Istio or Higress: `outbound|443||llm.dns`.
fn cluster_address(cluster: &str) -> Option<(&str, u16)> {
    let cluster = upstream_cluster::outbound(cluster).filter(|cluster| !cluster.host.is_empty())?;
    Some((cluster.host, cluster.port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_both_families_are_split() {
        assert_eq!(split_address("10.1.2.3:80"), Some(("10.1.2.3", 80)));
        assert_eq!(split_address("[2001:db8::1]:443"), Some(("2001:db8::1", 443)));
        assert_eq!(split_address("envoy://internal/x"), None);
        assert_eq!(split_address(""), None);
        assert_eq!(split_port("example.com:8080"), ("example.com", Some(8080)));
        assert_eq!(split_port("example.com"), ("example.com", None));
        assert_eq!(split_port("[::1]"), ("[::1]", None));
        assert_eq!(split_port("::1"), ("::1", None));
    }

    #[test]
    fn the_name_of_a_cluster_gives_host_and_port_of_the_service() {
        assert_eq!(cluster_address("outbound|443||llm-openai.dns"), Some(("llm-openai.dns", 443)));
        assert_eq!(
            cluster_address("outbound|80|v1|httpbin.default.svc.cluster.local"),
            Some(("httpbin.default.svc.cluster.local", 80))
        );
        assert_eq!(cluster_address("httpbin"), None);
        assert_eq!(cluster_address("outbound|x||h"), None);
    }

    #[test]
    fn the_end_is_the_start_and_the_duration() {
        let record = AccessRecord {
            start_time: Some(Timestamp::from_micros(1_769_860_800_000_000)),
            duration: 1_250,
            ..AccessRecord::default()
        };
        assert_eq!(
            RequestView::from_record(&record).end().unwrap().to_string(),
            "2026-01-31T12:00:01.250000Z"
        );
        assert_eq!(RequestView::from_record(&AccessRecord::default()).end(), None);
    }

    #[test]
    fn what_the_gateway_reports_takes_precedence_over_what_is_derived() {
        let record = AccessRecord {
            path: "/shop?a=1".into(),
            upstream_path: "/v2/shop?a=1".into(),
            upstream_cluster: "c".into(),
            upstream_attempts: Some(3),
            scheme: "https".into(),
            tls_version: "TLSv1.3".into(),
            mtls: Some(1),
            time_to_headers: Some(25),
            ..AccessRecord::default()
        };
        let view = RequestView::from_record(&record);
        let upstream = view.upstream.unwrap();
        assert_eq!((upstream.uri, upstream.tries), ("/v2/shop?a=1", Some(3)));
        assert_eq!((view.scheme, view.to_headers_ms), ("https", Some(25)));
        assert_eq!(view.tls, Some(Tls { version: Some("TLSv1.3"), client_verified: Some(true) }));

        let record = AccessRecord {
            path: "/a".into(),
            requested_server_name: "h".into(),
            upstream_cluster: "c".into(),
            ..AccessRecord::default()
        };
        let view = RequestView::from_record(&record);
        assert_eq!((view.scheme, view.tls), ("https", Some(Tls::default())));
        assert_eq!(view.upstream.map(|upstream| upstream.uri), Some("/a"));
    }

    #[test]
    fn a_response_is_the_upstreams_by_its_details_or_else_by_its_time() {
        let answered = |details: &'static str, time: &'static str| {
            let record = AccessRecord {
                response_code_details: details.into(),
                upstream_service_time: time.into(),
                upstream_cluster: "c".into(),
                ..AccessRecord::default()
            };
            RequestView::from_record(&record).is_from_upstream()
        };
        assert!(answered("via_upstream", "12"));
        assert!(answered("", "12"));
        assert!(!answered("", ""));
        assert!(!answered("upstream_response_timeout", ""));
    }
}

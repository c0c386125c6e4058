//! Lines of an access log in the text formats that Envoy and Istio use when nothing else is configured. Istio's
//! `envoyOtelAls` sends such a line as the body of a log record, and no attributes.

use std::borrow::Cow;

use crate::value::Value;

/// What follows the request in Envoy's default format. `Quoted` values stand in quotation marks.
const ENVOY: &[Token] = &[
    Bare("response_code"),
    Bare("response_flags"),
    Bare("bytes_received"),
    Bare("bytes_sent"),
    Bare("duration"),
    Bare("upstream_service_time"),
    Quoted("x_forwarded_for"),
    Quoted("user_agent"),
    Quoted("request_id"),
    Quoted("authority"),
    Quoted("upstream_host"),
];

/// The same in Istio's.
const ISTIO: &[Token] = &[
    Bare("response_code"),
    Bare("response_flags"),
    Bare("response_code_details"),
    Bare(TERMINATION),
    Quoted("upstream_transport_failure_reason"),
    Bare("bytes_received"),
    Bare("bytes_sent"),
    Bare("duration"),
    Bare("upstream_service_time"),
    Quoted("x_forwarded_for"),
    Quoted("user_agent"),
    Quoted("request_id"),
    Quoted("authority"),
    Quoted("upstream_host"),
    Bare("upstream_cluster"),
    Bare("upstream_local_address"),
    Bare("downstream_local_address"),
    Bare("downstream_remote_address"),
    Bare("requested_server_name"),
    Bare("route_name"),
];

/// Why the connection ended, which the record has no field for.
const TERMINATION: &str = "connection_termination_details";

/// One value of a line.
#[derive(Clone, Copy, Debug)]
enum Token {
    Bare(&'static str),
    Quoted(&'static str),
}

use Token::{Bare, Quoted};

/// The values of a line with their names; `None` when it is in neither format. The quotation marks must stand exactly
/// where the format has them, so that a client that sends some in a header gets no value into another's place.
pub fn read(line: &str) -> Option<Vec<(&'static str, Value<'static>)>> {
    let (time, rest) = line.trim().strip_prefix('[')?.split_once("] \"")?;
    let (request, rest) = rest.split_once("\" ")?;
    let (method, request) = request.split_once(' ')?;
    let (path, protocol) = request.rsplit_once(' ')?;
    let mut values = vec![
        ("start_time", text(time)),
        ("method", text(method)),
        ("path", text(path)),
        ("protocol", text(protocol)),
    ];
    let tokens = [ENVOY, ISTIO].into_iter().find_map(|format| tokens(rest, format))?;
    values.extend(tokens);
    Some(values)
}

/// The values of `rest`, if it is in this format.
fn tokens(rest: &str, format: &[Token]) -> Option<Vec<(&'static str, Value<'static>)>> {
    let mut rest = rest;
    let mut values = Vec::with_capacity(format.len());
    for (index, token) in format.iter().enumerate() {
        if index > 0 {
            rest = rest.strip_prefix(' ')?;
        }
        let (name, value) = match token {
            Bare(name) => {
                let (value, behind) = rest.split_at_checked(rest.find(' ').unwrap_or(rest.len()))?;
                rest = behind;
                (name, value)
            }
            Quoted(name) => {
                let (value, behind) = rest.strip_prefix('"')?.split_once('"')?;
                rest = behind;
                (name, value)
            }
        };
        if value.starts_with('"') {
            return None;
        }
        values.push((*name, text(value)));
    }
    rest.is_empty().then_some(values)
}

fn text(value: &str) -> Value<'static> {
    Value::Text(Cow::Owned(value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF_ENVOY: &str = r#"[2026-11-30T12:00:00.123Z] "GET /a?b=c d HTTP/1.1" 200 - 0 5 3 2 "-" "curl/8 (x)" "id-1" "shop.example.com" "10.0.0.1:80""#;
    const OF_ISTIO: &str = r#"[2026-11-30T12:00:00.123Z] "POST /v1 HTTP/2" 503 UF upstream_reset - "delayed connect error: 111" 7 91 4 - "-" "curl/8" "id-2" "shop" "10.0.0.1:80" outbound|80||shop.default.svc.cluster.local - 10.0.0.2:8080 10.0.0.3:4711 shop.example.com default"#;

    #[test]
    fn lines_of_both_formats_are_read() {
        let values = read(OF_ENVOY).unwrap();
        for (name, value) in [
            ("start_time", "2026-11-30T12:00:00.123Z"),
            ("method", "GET"),
            ("path", "/a?b=c d"),
            ("protocol", "HTTP/1.1"),
            ("response_code", "200"),
            ("user_agent", "curl/8 (x)"),
            ("upstream_host", "10.0.0.1:80"),
        ] {
            assert_eq!(of(&values, name), value);
        }
        let values = read(&format!("{OF_ISTIO}\n")).unwrap();
        for (name, value) in [
            ("response_code_details", "upstream_reset"),
            ("upstream_transport_failure_reason", "delayed connect error: 111"),
            ("upstream_cluster", "outbound|80||shop.default.svc.cluster.local"),
            ("route_name", "default"),
        ] {
            assert_eq!(of(&values, name), value);
        }
    }

    #[test]
    fn other_lines_are_not_read() {
        for line in [
            "",
            "GET / 200",
            "[x] \"",
            "[x] \"GET / HTTP/1.1\" 200",
            r#"[x] "GET / HTTP/1.1" 200 - 0 5 3 2 "-" "a" "b" "c""#,
            r#"127.0.0.1 - - [30/Nov/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl""#,
        ] {
            assert!(read(line).is_none(), "{line}");
        }
    }

    #[test]
    fn a_client_that_sends_quotation_marks_moves_no_value() {
        for agent in [r#"x" "y"#, r#"" 1 2 "#, r#"a" "b" "c" "d" a b c d e "f"#] {
            assert!(read(&OF_ENVOY.replace("curl/8 (x)", agent)).is_none(), "{agent}");
            assert!(read(&OF_ISTIO.replace("curl/8", agent)).is_none(), "{agent}");
        }
    }

    fn of<'v>(values: &'v [(&str, Value<'_>)], name: &str) -> &'v str {
        match values.iter().find(|(found, _)| *found == name) {
            Some((_, Value::Text(text))) => text,
            other => panic!("{name}: {other:?}"),
        }
    }
}

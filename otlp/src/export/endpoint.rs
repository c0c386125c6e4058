//! The URL of the receiver, as OpenTelemetry's exporters build it.

use http::Uri;

/// The path that follows a base URL, and that ends a URL for logs alone.
const LOGS: &str = "/v1/logs";

/// The URL for log records. Without a `path`, the endpoint is a base URL and `/v1/logs` is appended to its own path, as
/// for `OTEL_EXPORTER_OTLP_ENDPOINT`, unless it ends so already. A `path` takes the place of the endpoint's path as it is, as
/// for `OTEL_EXPORTER_OTLP_LOGS_ENDPOINT`.
///
/// # Errors
///
/// When the endpoint is not a URL such as `http://collector:4318`.
pub fn url(endpoint: &str, path: &str) -> Result<String, String> {
    let wrong = |why: &str| format!("{why}: write a URL such as http://collector:4318");
    // A URL may hold a user's password, so it is not repeated.
    let uri: Uri = endpoint.parse().map_err(|_| wrong("it is not a URL"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(wrong("it has no scheme or no host"));
    };
    if !matches!(scheme, "http" | "https") {
        return Err(wrong("its scheme is neither http nor https"));
    }
    if authority.as_str().contains('@') {
        return Err(wrong("it has a user; send credentials in otlp_headers"));
    }
    if authority.host().is_empty() {
        return Err(wrong("it has no host"));
    }
    if uri.query().is_some() || endpoint.contains('#') {
        return Err(wrong("it has a query string or a fragment"));
    }
    let base = uri.path().trim_end_matches('/');
    let path = match (path, base.ends_with(LOGS)) {
        ("", true) => base.to_owned(),
        ("", false) => format!("{base}{LOGS}"),
        (path, _) => path.to_owned(),
    };
    Ok(format!("{scheme}://{authority}{path}"))
}

/// The path on the receiver; empty when it follows from the endpoint.
///
/// # Errors
///
/// When it is not a path.
pub fn read_path(text: &str) -> Result<String, String> {
    let is_path =
        text.is_empty() || text.starts_with('/') && text.parse::<Uri>().is_ok() && !text.contains('#');
    if is_path { Ok(text.to_owned()) } else { Err(format!("\"{text}\" is not a path such as /otlp/v1/logs")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_for_logs_follows_a_base_url_and_is_not_written_twice() {
        for (endpoint, path, expected) in [
            ("http://collector:4318", "", "http://collector:4318/v1/logs"),
            ("http://collector:4318/", "", "http://collector:4318/v1/logs"),
            ("https://otlp.example.com", "", "https://otlp.example.com/v1/logs"),
            ("http://collector:4318/v1/logs", "", "http://collector:4318/v1/logs"),
            ("http://collector:4318/v1/logs/", "", "http://collector:4318/v1/logs"),
            ("http://collector/mycollector", "", "http://collector/mycollector/v1/logs"),
            ("http://collector/mycollector/", "", "http://collector/mycollector/v1/logs"),
            ("http://[::1]:4318", "", "http://[::1]:4318/v1/logs"),
            ("http://loki:3100", "/otlp/v1/logs", "http://loki:3100/otlp/v1/logs"),
            ("http://a:3100/v1/logs", "/", "http://a:3100/"),
            ("http://a", "/ingest?token=1", "http://a/ingest?token=1"),
        ] {
            assert_eq!(url(endpoint, path).as_deref(), Ok(expected), "{endpoint} {path}");
        }
    }

    #[test]
    fn what_is_no_url_of_a_receiver_is_refused() {
        for endpoint in [
            "",
            "collector",
            "collector:4318",
            "/v1/logs",
            "ftp://a",
            "http://",
            "http://a?b=c",
            "http://a b",
            "http://a#b",
        ] {
            assert!(url(endpoint, "").is_err(), "{endpoint}");
        }
        let error = url("http://user:s3cr3t@a", "").unwrap_err();
        assert!(error.contains("otlp_headers") && !error.contains("s3cr3t"), "{error}");
        for path in ["v1/logs", "/a b", "http://a/b", "/a#b"] {
            assert!(read_path(path).is_err(), "{path}");
        }
    }
}

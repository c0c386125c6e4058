//! The settings of the exporter: whether it is on, where log records go and in which form. Each setting is a short text
//! that fits a variable.
//!
//! | Name | Default | Values |
//! |---|---|---|
//! | `delivery` | `off` | `off`: nothing is exported, and the other settings are not read; `best_effort`, `at_least_once` |
//! | `endpoint` | `http://127.0.0.1:4318` | the receiver's URL ([`endpoint`]) |
//! | `path` | empty: `/v1/logs` after the endpoint's path | the path on the receiver, as it is |
//! | `headers` | empty | headers of each request, `name=value,…` ([`headers`]) |
//! | `service_name` | `gatelog` | the attribute `service.name` of the resource |
//! | `compression` | `none` | `none`, `gzip` |
//! | `timeout_ms` | 3000 | 10 to 60000: longest wait for a response |
//! | `max_retry_ms` | 10000 | 0 to 600000: how long `best_effort` retries from the first failure on |
//! | `max_request_records` | 512 | 1 to 100000: records in one request |
//! | `max_request_bytes` | 1048576 | 65536 to 16777216: bytes of log records in one request, before compression |
//! | `queue_max_records` | 10000 | 1 to 1000000: records that wait in one instance |
//! | `queue_max_bytes` | 8388608 | 65536 to 268435456: bytes that wait in one instance, in addition to one batch |

use std::str::FromStr;
use std::time::Duration;

use gatelog_forward::settings::Settings;
use gatelog_forward::{Bounds, Guarantee, SettingsReader};
use http::HeaderMap;
use thiserror::Error;

use super::{endpoint, headers};

/// The settings of the exporter.
#[derive(Clone, Debug)]
pub struct ExportConfig {
    /// The URL that log records are sent to.
    pub url: String,
    /// Additional headers of each request; their values are marked as secret.
    pub headers: HeaderMap,
    /// The delivery guarantee.
    pub guarantee: Guarantee,
    /// The name of the service that the log records come from.
    pub service_name: String,
    /// The form of request bodies.
    pub compression: Compression,
    /// Longest wait for a response.
    pub timeout: Duration,
    /// How long `best_effort` retries, from the first failure on.
    pub max_retry_time: Duration,
    /// The most records in one request.
    pub max_request_records: usize,
    /// The most bytes of log records in one request, unless one is larger.
    pub max_request_bytes: usize,
    /// Records that wait. Beyond this bound and the next, `best_effort` drops and `at_least_once` waits.
    pub queue_max_records: usize,
    /// Bytes that wait.
    pub queue_max_bytes: usize,
}

/// How request bodies are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// They are not.
    #[default]
    None,
    /// `content-encoding: gzip`.
    Gzip,
}

impl FromStr for Compression {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::None),
            "gzip" => Ok(Self::Gzip),
            _ => Err(format!("\"{text}\" is neither none nor gzip")),
        }
    }
}

/// A configuration that cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the configuration of OTLP export is wrong: {}", problems.join("; "))]
pub struct ExportConfigError {
    /// One text for each problem; it begins with the setting's name and holds no secret.
    pub problems: Vec<String>,
}

impl ExportConfig {
    /// The names of all settings, each with its default, which an empty text also selects.
    pub const SETTINGS: Settings = &[
        ("delivery", "off"),
        ("endpoint", "http://127.0.0.1:4318"),
        ("path", ""),
        ("headers", ""),
        ("service_name", "gatelog"),
        ("compression", "none"),
        ("timeout_ms", "3000"),
        ("max_retry_ms", "10000"),
        ("max_request_records", "512"),
        ("max_request_bytes", "1048576"),
        ("queue_max_records", "10000"),
        ("queue_max_bytes", "8388608"),
    ];

    /// Reads the settings; `text_of` returns the text of a setting by its name. `None` when nothing is exported.
    ///
    /// # Errors
    ///
    /// All problems, each with the name of its setting.
    pub fn read(text_of: impl Fn(&str) -> String) -> Result<Option<Self>, ExportConfigError> {
        let mut reader = SettingsReader::new(Self::SETTINGS, text_of);
        if reader.text("delivery") == "off" {
            return Ok(None);
        }
        let path = reader.parsed("path", endpoint::read_path).unwrap_or_default();
        let config = Self {
            guarantee: reader.parsed("delivery", Guarantee::from_str).unwrap_or_default(),
            url: reader.parsed("endpoint", |text| endpoint::url(text, &path)).unwrap_or_default(),
            headers: reader.parsed("headers", headers::read).unwrap_or_default(),
            service_name: reader.parsed("service_name", service_name).unwrap_or_default(),
            compression: reader.parsed("compression", Compression::from_str).unwrap_or_default(),
            timeout: reader.millis("timeout_ms", 10..=60_000),
            max_retry_time: reader.millis("max_retry_ms", 0..=600_000),
            max_request_records: reader.number("max_request_records", 1..=100_000),
            max_request_bytes: reader.number("max_request_bytes", 65_536..=16_777_216),
            queue_max_records: reader.number("queue_max_records", 1..=1_000_000),
            queue_max_bytes: reader.number("queue_max_bytes", 65_536..=268_435_456),
        };
        let problems = reader.finish();
        if problems.is_empty() { Ok(Some(config)) } else { Err(ExportConfigError { problems }) }
    }

    /// The bounds on what waits.
    pub fn bounds(&self) -> Bounds {
        Bounds {
            max_records: self.queue_max_records,
            max_bytes: self.queue_max_bytes,
            batch_bytes: self.max_request_bytes,
        }
    }
}

fn service_name(text: &str) -> Result<String, String> {
    if text.len() <= 255 && !text.contains(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err("it is longer than 255 bytes or has control characters".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<Option<ExportConfig>, ExportConfigError> {
        ExportConfig::read(|name| {
            assert!(ExportConfig::SETTINGS.iter().any(|(known, _)| *known == name), "{name}");
            settings
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| *value)
                .unwrap_or_default()
                .to_owned()
        })
    }

    #[test]
    fn nothing_is_exported_until_delivery_is_set_whatever_else_is_set() {
        for delivery in ["", "off", " off "] {
            assert!(
                read(&[("delivery", delivery), ("endpoint", "ftp://a")]).unwrap().is_none(),
                "{delivery:?}"
            );
        }
    }

    #[test]
    fn delivery_alone_gives_the_defaults() {
        let config = read(&[("delivery", "best_effort")]).unwrap().unwrap();
        assert_eq!(config.url, "http://127.0.0.1:4318/v1/logs");
        assert_eq!((config.guarantee, config.compression), (Guarantee::BestEffort, Compression::None));
        assert_eq!((config.timeout.as_millis(), config.max_retry_time.as_millis()), (3_000, 10_000));
        assert_eq!((config.max_request_records, config.max_request_bytes), (512, 1_048_576));
        let bounds = Bounds { max_records: 10_000, max_bytes: 8_388_608, batch_bytes: 1_048_576 };
        assert_eq!((config.bounds(), config.service_name.as_str()), (bounds, "gatelog"));
        assert!(config.headers.is_empty());
    }

    #[test]
    fn all_problems_are_reported_at_once_and_none_tells_a_secret() {
        let error = read(&[
            ("delivery", "exactly_once"),
            ("endpoint", "collector:4318"),
            ("path", "v1/logs"),
            ("headers", "authorization=Bearer%20s3cr3t,s3cr3t"),
            ("compression", "zstd"),
            ("timeout_ms", "0"),
            ("max_retry_ms", "-1"),
            ("max_request_records", "0"),
            ("max_request_bytes", "1"),
            ("queue_max_records", "many"),
            ("queue_max_bytes", "1"),
        ])
        .unwrap_err();
        let names: Vec<&str> =
            error.problems.iter().map(|problem| problem.split_once(':').unwrap().0).collect();
        assert_eq!(
            names,
            [
                "path",
                "delivery",
                "endpoint",
                "headers",
                "compression",
                "timeout_ms",
                "max_retry_ms",
                "max_request_records",
                "max_request_bytes",
                "queue_max_records",
                "queue_max_bytes"
            ]
        );
        assert!(!error.to_string().contains("s3cr3t"), "{error}");
    }

    #[test]
    fn the_values_of_headers_are_not_shown() {
        let settings = [("delivery", "best_effort"), ("headers", "authorization=Bearer%20s3cr3t")];
        let config = read(&settings).unwrap().unwrap();
        assert!(!format!("{config:?}").contains("s3cr3t"), "{config:?}");
        assert_eq!(config.headers["authorization"], "Bearer s3cr3t");
    }
}

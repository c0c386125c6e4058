//! The two forms of requests: records (`/ingest`), and OpenTelemetry's logs (`/v1/logs`). They differ in how a body is read
//! and in how a response is written; everything between is the same.
//!
//! Senders of OTLP repeat a request only for 429, 502, 503 and 504, so some statuses are others for them
//! ([`UNAVAILABLE_FOR_OTLP`]), and nothing is lost.

use bytes::Bytes;
use gatelog_functions_shared::http::response::{self, Body, RETRY_AFTER_SECONDS};
use gatelog_functions_shared::{Failure, Response};
use gatelog_otlp::{Encoding, Logs, RequestError, reply, request};
use gatelog_record::batch::{self, Rejected};
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, StatusCode, Uri};

use crate::content;
use crate::receipt::{NothingStored, Stored, cut, rejected, summary};

/// Statuses after which another client may repeat a request and senders of OTLP do not: `/v1/logs` answers 503 instead.
pub const UNAVAILABLE_FOR_OTLP: [StatusCode; 2] =
    [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::REQUEST_TIMEOUT];

/// The path of OTLP's logs.
const LOGS: &str = "/v1/logs";
/// Rejected log records that a response names.
const NAMED: usize = 10;

/// The form of a request and its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Records as JSON.
    Records,
    /// An export request of OTLP; `None` when its content type names no encoding.
    Logs(Option<Encoding>),
}

impl Form {
    /// The form of the request with this head.
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        if uri.path().trim_end_matches('/') != LOGS {
            return Self::Records;
        }
        match headers.get(CONTENT_TYPE) {
            None => Self::Logs(Some(Encoding::Protobuf)),
            Some(value) => Self::Logs(value.to_str().ok().and_then(Encoding::of)),
        }
    }

    /// Whether the request is one of OTLP.
    pub(crate) fn is_otlp(self) -> bool {
        matches!(self, Self::Logs(_))
    }

    /// Refuses a content type that says that the body cannot be read, before it is read.
    ///
    /// # Errors
    ///
    /// [`Failure::UnsupportedMediaType`].
    pub(crate) fn check(self) -> Result<(), Failure> {
        if self != Self::Logs(None) {
            return Ok(());
        }
        let message =
            "the content-type is not read here: send application/x-protobuf or application/json".to_owned();
        Err(Failure::UnsupportedMediaType { message })
    }

    /// The records of a body.
    ///
    /// # Errors
    ///
    /// [`Failure::BadRequest`], [`Failure::TooLarge`], [`Failure::UnsupportedMediaType`].
    pub(crate) fn decode<'b>(
        self,
        headers: &HeaderMap,
        body: &'b [u8],
        max_records: usize,
    ) -> Result<Logs<'b>, Failure> {
        match self {
            Self::Records => {
                let batch =
                    batch::decode(body, max_records).map_err(|error| content::unreadable(headers, &error))?;
                Ok(Logs { batch, ignored_attributes: 0 })
            }
            Self::Logs(encoding) => request::read(body, encoding.unwrap_or(Encoding::Json), max_records)
                .map_err(|error| {
                    let message = error.to_string();
                    match error {
                        RequestError::TooMany { .. } => Failure::TooLarge { message },
                        _ => Failure::BadRequest { message },
                    }
                }),
        }
    }

    /// The response to a body of which nothing can be stored.
    pub(crate) fn nothing_stored(self, all: &mut [Rejected]) -> Response {
        if self.is_otlp() {
            return self.stored(0, 0, all);
        }
        let error = summary(all, 0).unwrap_or_default();
        let body = NothingStored { status: "error", error: &error, rejected: rejected(all) };
        response::json(StatusCode::BAD_REQUEST, &body)
    }

    /// The response to a body whose records are committed, except `rejected`.
    pub(crate) fn stored(self, accepted: usize, duplicates: usize, all: &mut [Rejected]) -> Response {
        match self {
            Self::Records => {
                response::json(StatusCode::OK, &Stored { accepted, duplicates, rejected: rejected(all) })
            }
            Self::Logs(encoding) => {
                let encoding = encoding.unwrap_or(Encoding::Json);
                let body = reply::served(encoding, all.len(), &reasons(all));
                let body = Body::Full(Bytes::from(body));
                response::with_content_type(StatusCode::OK, encoding.content_type(), body)
            }
        }
    }

    /// The response to a request that was not served.
    pub(crate) fn failure(self, failure: &Failure) -> Response {
        let mut response = response::failure(failure);
        let Self::Logs(encoding) = self else { return response };
        if UNAVAILABLE_FOR_OTLP.contains(&response.status()) {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
        }
        let encoding = encoding.unwrap_or(Encoding::Json);
        let status = reply::failed(encoding, response.status().as_u16(), &failure.public_message());
        *response.body_mut() = Body::Full(Bytes::from(status));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(encoding.content_type()));
        response::set_content_length(&mut response);
        response
    }
}

/// Why log records are rejected: the first ones with their indexes, and how many others there are.
fn reasons(all: &mut [Rejected]) -> String {
    all.sort_by_key(|rejected| rejected.index);
    let named = all
        .iter()
        .take(NAMED)
        .map(|rejected| format!("log record {}: {}", rejected.index, cut(&rejected.error)));
    let mut reasons = named.collect::<Vec<_>>().join("; ");
    if all.len() > NAMED {
        reasons.push_str(&format!("; and {} others", all.len() - NAMED));
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_and_the_content_type_tell_the_form() {
        let of = |path: &str, content_type: &str| {
            let mut headers = HeaderMap::new();
            if !content_type.is_empty() {
                headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
            }
            Form::of(&path.parse().unwrap(), &headers)
        };
        for (path, content_type, form) in [
            ("/ingest", "application/x-protobuf", Form::Records),
            ("/v1/logs", "application/x-protobuf", Form::Logs(Some(Encoding::Protobuf))),
            ("http://host/v1/logs?x", "application/json", Form::Logs(Some(Encoding::Json))),
            ("/v1/logs/", "", Form::Logs(Some(Encoding::Protobuf))),
            ("/v1/logs", "text/plain", Form::Logs(None)),
        ] {
            assert_eq!(of(path, content_type), form, "{path} {content_type}");
        }
    }

    #[test]
    fn a_response_names_a_few_rejected_log_records_and_counts_the_others() {
        let mut all: Vec<Rejected> =
            (0..5_000).rev().map(|index| Rejected { index, error: "x".repeat(1_000) }).collect();
        let reasons = reasons(&mut all);
        assert!(reasons.starts_with("log record 0: xxx") && reasons.ends_with("; and 4990 others"));
        assert!(reasons.len() < 8_000);
    }

    #[test]
    fn what_may_succeed_later_is_503_for_senders_of_otlp() {
        let slow = || Failure::TooSlow { message: "slow".to_owned() };
        for (form, status) in [(Form::Records, 408), (Form::Logs(Some(Encoding::Json)), 503)] {
            let response = form.failure(&slow());
            assert_eq!(response.status(), status);
            assert_eq!(response.headers().contains_key("retry-after"), status == 503);
        }
        let response = Form::Logs(Some(Encoding::Protobuf)).failure(&Failure::Unauthorized);
        assert_eq!(
            (response.status().as_u16(), response.headers()["content-type"].as_bytes()),
            (401, &b"application/x-protobuf"[..])
        );
        assert_eq!(response.body().as_bytes().first_chunk::<2>(), Some(&[8, 16]));
    }
}

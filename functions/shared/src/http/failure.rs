//! Why a request was not served: one text for the client and another for the log.
//!
//! The client's text never contains SQL, hosts, paths or secrets. The status says whether a retry can help:
//! 503, 500 and 408 yes, 413 with a smaller body, any other 4xx no.

use std::fmt;

use gatelog_storage::StorageError;
use http::StatusCode;
use thiserror::Error;

use crate::config::variables::VariablesError;

/// Why a request was not served. Its `Display` is for the log.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Failure {
    /// 400: the request is invalid.
    #[error("{message}")]
    BadRequest {
        /// The problem and, where there is one, the parameter or key at fault.
        message: String,
    },
    /// 401: the bearer token is missing or wrong.
    #[error("the bearer token is missing or wrong")]
    Unauthorized,
    /// 403: nobody has access, because the operator has not configured who may.
    #[error("{message}")]
    Forbidden {
        /// The variable that must be set.
        message: String,
    },
    /// 404: not found.
    #[error("{message}")]
    NotFound {
        /// What was not found.
        message: String,
    },
    /// 405: the path does not allow the method.
    #[error("the method is not allowed here: use {allow}")]
    MethodNotAllowed {
        /// The allowed methods, as in the header `Allow`.
        allow: &'static str,
    },
    /// 406: the header `Accept` excludes every available format.
    #[error("{message}")]
    NotAcceptable {
        /// The available formats.
        message: String,
    },
    /// 408: the body did not arrive in time.
    #[error("{message}")]
    TooSlow {
        /// The limit and its value.
        message: String,
    },
    /// 413: the body, or the number of records in it, is over a limit.
    #[error("{message}")]
    TooLarge {
        /// The limit and its value.
        message: String,
    },
    /// 415: the body's type or encoding is not supported.
    #[error("{message}")]
    UnsupportedMediaType {
        /// What is not supported, and what is.
        message: String,
    },
    /// 503, or 500 when a retry is useless: the database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// 503: the function's variables are wrong.
    #[error(transparent)]
    Variables(#[from] VariablesError),
    /// 503: the records are stored, but a receiver of stored records has not confirmed them as guaranteed.
    #[error("{reason}")]
    NotForwarded {
        /// The receiver.
        receiver: Receiver,
        /// The reason.
        reason: String,
    },
    /// 503: the records are stored, but the guarantee of a receiver cannot be kept, because its variables are wrong.
    #[error("the records are stored, but {receiver} is not configured correctly")]
    ForwardMisconfigured {
        /// The receiver.
        receiver: Receiver,
    },
}

/// A receiver of stored records. Its `Display` is its name in texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// Syslog.
    Syslog,
    /// A receiver of OpenTelemetry's log protocol.
    Otlp,
}

impl Receiver {
    /// The class of its failures, for metrics.
    fn class(self) -> &'static str {
        match self {
            Self::Syslog => "syslog",
            Self::Otlp => "otlp",
        }
    }
}

impl fmt::Display for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syslog => "syslog",
            Self::Otlp => "OTLP",
        })
    }
}

impl Failure {
    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest { .. } => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden { .. } => StatusCode::FORBIDDEN,
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable { .. } => StatusCode::NOT_ACCEPTABLE,
            Self::TooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Storage(
                StorageError::UnexpectedAnswer { .. }
                | StorageError::Refused { .. }
                | StorageError::TooLarge { .. },
            ) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Storage(_)
            | Self::Variables(_)
            | Self::NotForwarded { .. }
            | Self::ForwardMisconfigured { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The text for the client.
    pub fn public_message(&self) -> String {
        match self {
            Self::Storage(
                StorageError::Unavailable { .. }
                | StorageError::Disconnected { .. }
                | StorageError::Full { .. },
            ) => "the database cannot take the request now: try again later".to_owned(),
            Self::Storage(StorageError::Misconfigured { .. }) | Self::Variables(_) => {
                "the function is not configured correctly: its log says what is wrong".to_owned()
            }
            Self::Storage(_) => "the database answered unexpectedly: the function's log says how".to_owned(),
            Self::NotForwarded { receiver, .. } => format!(
                "the records are stored, but the {receiver} receiver has not confirmed them: send them again"
            ),
            Self::ForwardMisconfigured { receiver } => format!(
                "the records are stored, but {receiver} is not configured correctly and they do not go on to it: the \
                 function's log says what is wrong"
            ),
            client => client.to_string(),
        }
    }

    /// The class of the failure, for metrics.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Storage(error) => error.class(),
            Self::Variables(_) => "settings",
            Self::NotForwarded { receiver, .. } | Self::ForwardMisconfigured { receiver } => receiver.class(),
            _ => "request",
        }
    }

    /// Whether the operator, not the client, must act.
    pub fn is_server_error(&self) -> bool {
        self.status().is_server_error()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_failure_tells_the_client_nothing_about_the_database() {
        let failure = Failure::from(StorageError::Unavailable { reason: "10.0.0.7: SELECT secret".into() });
        assert_eq!(failure.public_message(), "the database cannot take the request now: try again later");
        assert!(failure.to_string().contains("SELECT secret"));
    }
}

//! What the response of a receiver means for the records of a request.

use std::time::Duration;

use gatelog_record::Timestamp;
use serde_json::Value;

use super::post::PostResponse;

/// What becomes of the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver has them, all but `rejected`, which must not be sent again.
    Accepted {
        /// Log records that the receiver refuses.
        rejected: usize,
        /// What it says about them, or a warning; mostly empty.
        message: String,
    },
    /// The receiver will never take this request.
    Rejected {
        /// What it says.
        message: String,
    },
    /// The receiver takes smaller requests only.
    TooLarge,
    /// The receiver may take the request later.
    Unavailable {
        /// The status.
        status: u16,
        /// How long it asks to be left alone.
        retry_after: Duration,
        /// What it says.
        message: String,
    },
    /// The receiver does not take requests as they are sent now: a wrong path or token, a redirect, an error of its own.
    Refused {
        /// The status.
        status: u16,
        /// What it says.
        message: String,
    },
}

/// The longest time that a receiver is left alone because it asks for it.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3_600);
/// The most characters of a receiver's text that are kept.
const MAX_MESSAGE_CHARS: usize = 200;

/// The meaning of the response to a request with `records` log records that came at `now`.
pub fn verdict(response: &PostResponse, records: usize, now: Timestamp) -> Verdict {
    match response.status {
        200..=299 => accepted(&response.body, records),
        400 => Verdict::Rejected { message: message(&response.body) },
        413 => Verdict::TooLarge,
        status @ (429 | 502 | 503 | 504) => Verdict::Unavailable {
            status,
            retry_after: response
                .retry_after
                .as_deref()
                .map_or(Duration::ZERO, |text| retry_after(text, now)),
            message: message(&response.body),
        },
        status => Verdict::Refused { status, message: message(&response.body) },
    }
}

/// A body that is not an answer of OTLP says nothing against the records.
fn accepted(body: &[u8], records: usize) -> Verdict {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let of = |value: &Value, name: &str, other: &str| {
        value.get(name).or_else(|| value.get(other)).cloned().unwrap_or_default()
    };
    let partial = of(&answer, "partialSuccess", "partial_success");
    let rejected = match of(&partial, "rejectedLogRecords", "rejected_log_records") {
        Value::String(digits) => digits.parse().unwrap_or(0),
        number => number.as_i64().unwrap_or(0),
    };
    let message = of(&partial, "errorMessage", "error_message");
    Verdict::Accepted {
        rejected: usize::try_from(rejected).unwrap_or(0).min(records),
        message: cut(message.as_str().unwrap_or_default()),
    }
}

/// The text of an error, from the body of the response.
fn message(body: &[u8]) -> String {
    let status: Value = serde_json::from_slice(body).unwrap_or_default();
    match status.get("message").and_then(Value::as_str) {
        Some(message) => cut(message),
        None => cut(&String::from_utf8_lossy(body.get(..4 * MAX_MESSAGE_CHARS).unwrap_or(body))),
    }
}

fn cut(text: &str) -> String {
    text.trim().chars().take(MAX_MESSAGE_CHARS).collect()
}

/// How long `retry-after` asks to wait: seconds, or a date of HTTP. Anything else asks for nothing.
fn retry_after(text: &str, now: Timestamp) -> Duration {
    let text = text.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => jiff::fmt::rfc2822::parse(text).map_or(Duration::ZERO, |until| {
            let micros = until.timestamp().as_microsecond().saturating_sub(now.as_micros());
            Duration::from_micros(u64::try_from(micros).unwrap_or(0))
        }),
    };
    wait.min(LONGEST_RETRY_AFTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, retry_after: Option<&str>, body: &str) -> Verdict {
        let response = PostResponse {
            status,
            retry_after: retry_after.map(ToOwned::to_owned),
            body: body.as_bytes().to_vec(),
        };
        verdict(&response, 10, Timestamp::from_micros(1_769_860_800_000_000))
    }

    #[test]
    fn a_success_says_how_many_records_are_rejected() {
        let accepted = |rejected, message: &str| Verdict::Accepted { rejected, message: message.to_owned() };
        for (body, rejected, message) in [
            ("{}", 0, ""),
            ("", 0, ""),
            ("<html>", 0, ""),
            ("[7]", 0, ""),
            (r#"{"partialSuccess":{}}"#, 0, ""),
            (r#"{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"too old"}}"#, 3, "too old"),
            (r#"{"partialSuccess":{"rejectedLogRecords":3}}"#, 3, ""),
            (r#"{"partial_success":{"rejected_log_records":"3"}}"#, 3, ""),
            (r#"{"partialSuccess":{"errorMessage":"use gzip"}}"#, 0, "use gzip"),
            (r#"{"partialSuccess":{"rejectedLogRecords":"99999999999999999"}}"#, 10, ""),
            (r#"{"partialSuccess":{"rejectedLogRecords":-1}}"#, 0, ""),
            (r#"{"partialSuccess":{"rejectedLogRecords":"many"}}"#, 0, ""),
        ] {
            assert_eq!(of(200, None, body), accepted(rejected, message), "{body}");
        }
        assert_eq!(of(202, None, ""), accepted(0, ""));
    }

    #[test]
    fn only_the_statuses_that_the_protocol_names_are_retried() {
        for status in 300..600 {
            let verdict = of(status, None, r#"{"code":8,"message":"why"}"#);
            let message = "why".to_owned();
            let expected = match status {
                400 => Verdict::Rejected { message },
                413 => Verdict::TooLarge,
                429 | 502 | 503 | 504 => {
                    Verdict::Unavailable { status, retry_after: Duration::ZERO, message }
                }
                _ => Verdict::Refused { status, message },
            };
            assert_eq!(verdict, expected);
        }
    }

    #[test]
    fn a_receiver_asks_for_time_in_seconds_or_until_a_date() {
        for (text, seconds) in [
            ("7", 7),
            (" 0 ", 0),
            ("Sat, 31 Jan 2026 12:00:30 GMT", 30),
            ("Sat, 31 Jan 2026 11:00:30 GMT", 0),
            ("Sun, 31 Jan 2027 12:00:30 GMT", 3_600),
            ("18446744073709551615", 3_600),
            ("18446744073709551616", 0),
            ("-5", 0),
            ("1.5", 0),
            ("soon", 0),
            ("", 0),
        ] {
            let Verdict::Unavailable { retry_after, .. } = of(503, Some(text), "") else { panic!("{text}") };
            assert_eq!(retry_after.as_secs(), seconds, "{text}");
        }
    }

    #[test]
    fn a_long_text_of_a_receiver_is_cut() {
        for body in ["é".repeat(60_000), format!(r#"{{"message":"{}"}}"#, "é".repeat(60_000))] {
            let Verdict::Rejected { message } = of(400, None, &body) else { panic!("{body}") };
            assert_eq!(message, "é".repeat(MAX_MESSAGE_CHARS));
        }
    }
}

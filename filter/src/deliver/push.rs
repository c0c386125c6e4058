//! One push: the call that carries a batch to the collector, and what the answer means.
//!
//! | Answer | Outcome |
//! |---|---|
//! | 2xx | acknowledged; for an array only when the answer accounts for each of its records, as ingest's does |
//! | 2xx of any other server, no answer, 401, 403, 408, 429, 5xx | failed: it may succeed later |
//! | 413 | too large |
//! | any other | refused |
//!
//! 401 and 403 may succeed later because operators change a token in one place after the other.

use std::time::Duration;

use gatelog_record::push::{DROPPED_HEADER, FILTER_HEADER, QUEUE_HEADER, RETRIES_HEADER};

use crate::config::sink::{BatchFormat, Collector};
use crate::context::Context;
use crate::host::{Call, CallError, CallId, Outbound};
use crate::json::Json;

/// Largest answer that is read: one that names each record of a large batch as rejected.
const MAX_ANSWER_BYTES: usize = 4 << 20;

/// A batch on its way to a collector.
#[derive(Clone, Copy)]
pub struct Push<'a> {
    /// Where it goes.
    pub collector: &'a Collector,
    /// Names this VM to the collector.
    pub vm_id: &'a str,
    /// The JSON of the batch.
    pub body: &'a [u8],
    /// Records that wait in the queue.
    pub waiting: usize,
    /// True when the gateway shuts down, so that it may close the connection right after this push.
    pub is_last: bool,
}

/// What an answer means.
#[derive(Debug)]
pub enum Outcome {
    /// The collector has the records.
    Acknowledged {
        /// Records that it could not read.
        rejected: usize,
    },
    /// The body is larger than the collector takes.
    TooLarge,
    /// The collector will never take it: the status.
    Refused(u32),
    /// It may succeed later.
    Failed {
        /// The reason, for the log.
        why: String,
        /// `Retry-After`.
        retry_after: Option<Duration>,
        /// True when a server answers, but not as a collector that takes records does.
        is_answer: bool,
    },
}

impl Push<'_> {
    /// Starts the call.
    ///
    /// # Errors
    ///
    /// When the gateway does not take it.
    pub fn send<H: Outbound>(&self, cx: &Context<'_, H>) -> Result<CallId, CallError> {
        let waiting = self.waiting.to_string();
        let dropped = cx.metrics.dropped().to_string();
        let retries = cx.metrics.retries().to_string();
        let mut headers = vec![
            (":method", "POST"),
            (":scheme", "http"),
            (":authority", self.collector.authority.as_str()),
            (":path", self.collector.path.as_str()),
            ("content-type", "application/json"),
            ("user-agent", concat!("gatelog-filter/", env!("CARGO_PKG_VERSION"))),
            (FILTER_HEADER, self.vm_id),
            (QUEUE_HEADER, waiting.as_str()),
            (DROPPED_HEADER, dropped.as_str()),
            (RETRIES_HEADER, retries.as_str()),
        ];
        if let Some(authorization) = &self.collector.authorization {
            headers.push(("authorization", authorization.reveal()));
        }
        // A server (Spin's is one) that reads a request together with the end of its connection takes the client for
        // gone and drops the request. With this header it hands the request on first and reads the body then. The
        // gateway itself does not wait for the 100.
        if self.is_last {
            headers.push(("expect", "100-continue"));
        }
        cx.host.call(&Call {
            cluster: &self.collector.cluster,
            address: self.collector.address.as_deref(),
            headers: &headers,
            body: self.body,
            timeout: self.collector.timeout,
        })
    }
}

impl Outcome {
    /// The meaning of the current answer to a push of `records` records.
    pub fn of_answer(format: BatchFormat, records: usize, host: &impl Outbound) -> Self {
        let text = |name| host.answer_header(name).and_then(|value| String::from_utf8(value).ok());
        match text(":status").and_then(|status| status.parse::<u32>().ok()) {
            None => Self::failed("no answer from the collector".to_owned()),
            Some(200..=299) if format == BatchFormat::Single => Self::Acknowledged { rejected: 0 },
            Some(status @ 200..=299) => match acknowledged(host) {
                Some((stored, rejected)) if stored + rejected == records => Self::Acknowledged { rejected },
                Some((stored, rejected)) => Self::Failed {
                    why: format!(
                        "the collector answered {status} for {} records of {records}",
                        stored + rejected
                    ),
                    retry_after: None,
                    is_answer: true,
                },
                None => Self::Failed {
                    why: format!("what answered {status} is no ingest of gatelog"),
                    retry_after: None,
                    is_answer: true,
                },
            },
            Some(413) => Self::TooLarge,
            Some(status @ (401 | 403 | 408 | 429 | 500..)) => Self::Failed {
                why: format!("the collector answered {status}"),
                // The other form of the header is a date, for which the usual delay serves as well.
                retry_after: text("retry-after")
                    .and_then(|value| value.trim_ascii().parse().ok())
                    .map(Duration::from_secs),
                is_answer: matches!(status, 401 | 403),
            },
            Some(status) => Self::Refused(status),
        }
    }

    /// A failure without an answer.
    pub fn failed(why: String) -> Self {
        Self::Failed { why, retry_after: None, is_answer: false }
    }
}

/// How many records ingest says are stored, and how many it names as unreadable:
/// `{"accepted":n,"duplicates":n,"rejected":[…]}`. None when the answer is of another kind.
fn acknowledged(host: &impl Outbound) -> Option<(usize, usize)> {
    let answer = Json::parse(&host.answer_body(MAX_ANSWER_BYTES)?).ok()?;
    let count = |key| match answer.get(key) {
        Some(Json::Integer(count)) => usize::try_from(*count).ok(),
        _ => None,
    };
    match answer.get("rejected") {
        Some(Json::Array(rejected)) => {
            Some((count("accepted")?.checked_add(count("duplicates")?)?, rejected.len()))
        }
        _ => None,
    }
}

//! Everything that the filter asks of the gateway: a few traits, the types of their methods, and a stand-in for tests.

use std::borrow::Cow;
use std::time::Duration;

use crate::host::attribute_values::AttributeValues;
use crate::host::headers::Headers;
use crate::observe::metric::Metric;

pub mod attribute;
pub mod attribute_values;
pub mod headers;
#[cfg(test)]
pub(crate) mod mock;

/// What a gateway has for the filter at any time: clocks, statistics and a log.
///
/// No method of this trait or of those that build on it fails a request: what the gateway does not know, or refuses, is
/// absent.
pub trait Host {
    /// The time of day, for what is recorded. It may be set forward and back while the filter runs.
    fn wall_time(&self) -> Time;

    /// The time of the monotonic clock, for delays, timeouts and measurements.
    fn monotonic(&self) -> Instant;

    /// Adds to a counter, moves a gauge up or down, or records a value of a histogram.
    fn metric(&self, metric: Metric, amount: i64);

    /// Writes a line to the gateway's log.
    fn log(&self, level: Level, message: &str);
}

/// The exchange whose callback is running. A gateway whose memory the filter can read lends what it has, others copy it.
pub trait Exchange: Host {
    /// A whole header map; empty when the stream has none (yet).
    fn headers(&self, map: HeaderMap) -> Headers<'_>;

    /// The first value of one header.
    fn header(&self, map: HeaderMap, name: &str) -> Option<Cow<'_, [u8]>>;

    /// An attribute of the stream, its connection or the gateway. `path` holds the parts separated by NUL, as
    /// the gateway takes them; [`crate::host::attribute`] lists the paths and decodes the values.
    fn attribute(&self, path: &str) -> Option<Cow<'_, [u8]>>;

    /// Everything that a record is made of; none when the gateway has to be asked for it.
    fn lent_attributes(&self) -> Option<AttributeValues<'_>> {
        None
    }

    /// Time from the start of the request to the first of the upstream's response, where the gateway measures it.
    fn time_to_response(&self) -> Option<Duration> {
        None
    }

    /// Prepares a CEL expression over attributes; none when the gateway cannot evaluate any.
    fn create_expression(&self, text: &str) -> Option<Expression>;

    /// The value of an expression for the current stream; none when an attribute in it is missing.
    fn evaluate(&self, expression: Expression) -> Option<Vec<u8>>;

    /// A part of the chunk of a body that is passing: at most `max_bytes` from `start`, and fewer where the chunk is not
    /// in one piece.
    fn body(&self, body: Body, start: usize, max_bytes: usize) -> Option<Cow<'_, [u8]>>;
}

/// The way to the collector, outside of any exchange.
pub trait Outbound: Host {
    /// Starts an HTTP call. The answer comes as a later callback that names the same call.
    ///
    /// # Errors
    ///
    /// When the gateway does not take the call; no callback follows then.
    fn call(&self, call: &Call<'_>) -> Result<CallId, CallError>;

    /// The first value of a header of the answer whose callback is running.
    fn answer_header(&self, name: &str) -> Option<Vec<u8>>;

    /// The first `max_bytes` of that answer's body.
    fn answer_body(&self, max_bytes: usize) -> Option<Vec<u8>>;
}

/// The clockwork of a gateway whose exchanges and pushes run on the same thread.
pub trait Ticker: Host {
    /// Asks for ticks with this period from now on.
    fn set_tick_period(&self, period: Duration);
}

/// Names an expression that the gateway has prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expression(pub u32);

macro_rules! points_in_time {
    ($( $(#[$doc:meta])+ $name:ident; )+) => { $(
        $(#[$doc])+
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub u64);

        impl $name {
            /// How long ago `earlier` was; zero when it is not earlier.
            pub fn since(self, earlier: Self) -> Duration {
                Duration::from_nanos(self.0.saturating_sub(earlier.0))
            }

            /// The time `after` later.
            pub fn plus(self, after: Duration) -> Self {
                Self(self.0.saturating_add(nanos(after)))
            }

            /// The time `before` earlier.
            pub fn minus(self, before: Duration) -> Self {
                Self(self.0.saturating_sub(nanos(before)))
            }
        }
    )+ };
}

points_in_time! {
    /// A time of day: nanoseconds since 1970-01-01T00:00:00Z.
    Time;
    /// A time of the monotonic clock: nanoseconds since a moment that only the gateway knows.
    Instant;
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A header map of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderMap {
    /// Headers of the request.
    Request,
    /// Headers of the response.
    Response,
}

/// A body whose chunks pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// Of the request.
    Request,
    /// Of the response.
    Response,
}

/// An HTTP call to make. It has no `Debug`, which would show the token among its headers.
pub struct Call<'a> {
    /// The gateway's cluster to call.
    pub cluster: &'a str,
    /// The collector's host and port, for a caller that opens connections itself.
    pub address: Option<&'a str>,
    /// Request headers, pseudo headers first.
    pub headers: &'a [(&'a str, &'a str)],
    /// Request body.
    pub body: &'a [u8],
    /// The gateway answers 504 by itself after this time.
    pub timeout: Duration,
}

/// Names a call that was made, until its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallId(pub u32);

/// Why a call was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The gateway has no such cluster, or cannot read the headers.
    #[error("the gateway has no cluster of this name (yet)")]
    UnknownCluster,
    /// No healthy host, or a circuit breaker is open.
    #[error("the gateway found no healthy host, or a circuit breaker is open")]
    NotSent,
}

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Normal events.
    Info,
    /// Something needs attention before records are lost.
    Warn,
    /// Something was lost or does not work.
    Error,
}

//! The real gateway behind the traits of [`crate::host`]: each method is one host call.

use std::borrow::Cow;
use std::time::Duration;

use super::abi;
use super::abi_constants::{Buffer, LogLevel, Map, MetricType};
use crate::host::headers::Headers;
use crate::host::{
    Body, Call, CallError, CallId, Exchange, Expression, HeaderMap, Host, Instant, Level, Outbound, Ticker,
    Time,
};
use crate::observe::metric::{Metric, MetricKind};

/// The gateway that runs this VM.
pub struct Gateway {
    metrics: Vec<Option<u32>>,
}

impl Gateway {
    /// Defines the metrics.
    pub fn new() -> Self {
        let define = |metric: &Metric| {
            let kind = match metric.kind() {
                MetricKind::Counter => MetricType::Counter,
                MetricKind::Gauge => MetricType::Gauge,
                MetricKind::Histogram => MetricType::Histogram,
            };
            abi::define_metric(kind, metric.name())
        };
        Self { metrics: Metric::ALL.iter().map(define).collect() }
    }
}

impl Host for Gateway {
    fn wall_time(&self) -> Time {
        Time(abi::wall_time())
    }

    fn monotonic(&self) -> Instant {
        // A gateway without a monotonic clock still has the wall clock.
        Instant(abi::monotonic().unwrap_or_else(abi::wall_time))
    }

    fn metric(&self, metric: Metric, amount: i64) {
        let Some(Some(id)) = self.metrics.get(metric as usize) else { return };
        match metric.kind() {
            MetricKind::Counter | MetricKind::Gauge => abi::increment_metric(*id, amount),
            MetricKind::Histogram => abi::record_metric(*id, u64::try_from(amount).unwrap_or_default()),
        }
    }

    fn log(&self, level: Level, message: &str) {
        let level = match level {
            Level::Info => LogLevel::Info,
            Level::Warn => LogLevel::Warn,
            Level::Error => LogLevel::Error,
        };
        abi::log(level, message);
    }
}

impl Exchange for Gateway {
    fn headers(&self, map: HeaderMap) -> Headers<'_> {
        abi::header_map(map_type(map)).map(Headers::from_raw).unwrap_or_default()
    }

    fn header(&self, map: HeaderMap, name: &str) -> Option<Cow<'_, [u8]>> {
        abi::header(map_type(map), name).map(Cow::Owned)
    }

    fn attribute(&self, path: &str) -> Option<Cow<'_, [u8]>> {
        abi::property(path).map(Cow::Owned)
    }

    fn create_expression(&self, text: &str) -> Option<Expression> {
        let token = abi::foreign_function("expr_create", text.as_bytes())?;
        token.first_chunk::<4>().map(|token| Expression(u32::from_le_bytes(*token)))
    }

    fn evaluate(&self, expression: Expression) -> Option<Vec<u8>> {
        abi::foreign_function("expr_evaluate", &expression.0.to_le_bytes())
    }

    fn body(&self, body: Body, start: usize, max_bytes: usize) -> Option<Cow<'_, [u8]>> {
        let buffer = match body {
            Body::Request => Buffer::RequestBody,
            Body::Response => Buffer::ResponseBody,
        };
        abi::buffer(buffer, start, max_bytes).map(Cow::Owned)
    }
}

impl Outbound for Gateway {
    fn call(&self, call: &Call<'_>) -> Result<CallId, CallError> {
        abi::http_call(call)
    }

    fn answer_header(&self, name: &str) -> Option<Vec<u8>> {
        abi::header(Map::Answer, name)
    }

    fn answer_body(&self, max_bytes: usize) -> Option<Vec<u8>> {
        abi::buffer(Buffer::AnswerBody, 0, max_bytes)
    }
}

impl Ticker for Gateway {
    fn set_tick_period(&self, period: Duration) {
        abi::set_tick_period(period);
    }
}

fn map_type(map: HeaderMap) -> Map {
    match map {
        HeaderMap::Request => Map::Request,
        HeaderMap::Response => Map::Response,
    }
}

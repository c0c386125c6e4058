//! A gateway for tests: it returns what the test put in, and keeps what the filter sent, counted and logged.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

use super::{
    Body, Call, CallError, CallId, Exchange, Expression, HeaderMap, Host, Instant, Level, Outbound, Ticker,
    Time,
};
use crate::host::headers::Headers;
use crate::observe::metric::Metric;

/// A stand-in for the gateway.
#[derive(Default)]
pub struct MockHost {
    time: Cell<Time>,
    instant: Cell<Instant>,
    request: Headers<'static>,
    response: Headers<'static>,
    attributes: HashMap<String, Vec<u8>>,
    body: RefCell<Vec<u8>>,
    refuse_calls: Cell<Option<CallError>>,
    sent: RefCell<Vec<Sent>>,
    answer: RefCell<(Headers<'static>, Vec<u8>)>,
    metrics: RefCell<HashMap<Metric, i64>>,
    log: RefCell<Vec<(Level, String)>>,
    asked: RefCell<Vec<String>>,
    expressions: Option<RefCell<Vec<String>>>,
    tick_period: Cell<Duration>,
}

/// A call that the filter made.
#[derive(Clone, Debug)]
pub struct Sent {
    pub id: CallId,
    pub cluster: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Sent {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// What ingest answers when it has stored everything.
    pub fn stored(&self) -> Vec<u8> {
        let count = self.json().as_array().map_or(1, Vec::len);
        format!(r#"{{"accepted":{count},"duplicates":0,"rejected":[]}}"#).into_bytes()
    }
}

impl MockHost {
    /// 2026-01-31T12:00:00Z.
    pub const START: Time = Time(1_769_860_800_000_000_000);
    /// The monotonic clock at that time.
    pub const BOOTED: Instant = Instant(1_000_000_000_000);

    pub fn new() -> Self {
        let host = Self::default();
        host.time.set(Self::START);
        host.instant.set(Self::BOOTED);
        host
    }

    pub fn with_request(mut self, headers: &[(&str, &str)]) -> Self {
        self.request = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        self
    }

    pub fn set_request(&mut self, headers: &[(&str, &str)]) {
        self.request = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    }

    pub fn with_raw_request(mut self, headers: &[(&str, &[u8])]) -> Self {
        self.request = headers.iter().copied().collect();
        self
    }

    pub fn with_response(mut self, headers: &[(&str, &str)]) -> Self {
        self.response = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        self
    }

    /// `path` with dots between its parts.
    pub fn with_text(mut self, path: &str, value: &str) -> Self {
        self.attributes.insert(path.replace('.', "\0"), value.as_bytes().to_vec());
        self
    }

    pub fn with_int(mut self, path: &str, value: i64) -> Self {
        self.attributes.insert(path.replace('.', "\0"), value.to_le_bytes().to_vec());
        self
    }

    pub fn with_bool(mut self, path: &str, value: bool) -> Self {
        self.attributes.insert(path.replace('.', "\0"), vec![u8::from(value)]);
        self
    }

    /// The gateway evaluates expressions, as far as [`crate::collect::attribute_batch`] writes them.
    pub fn with_expressions(mut self) -> Self {
        self.expressions = Some(RefCell::default());
        self
    }

    /// The value of one element: a path, or `CONDITION?PATH:''`.
    fn element(&self, element: &str) -> Option<Vec<u8>> {
        let header = |path: &str| {
            let name = path.strip_prefix("response.headers['")?.strip_suffix("']")?;
            Some(self.response.get(name).map(<[u8]>::to_vec))
        };
        let value = |path: &str| {
            header(path).unwrap_or_else(|| self.attributes.get(&path.replace('.', "\0")).cloned())
        };
        match element.split_once('?') {
            Some((_, choice)) => Some(value(choice.strip_suffix(":''")?).unwrap_or_default()),
            None => value(element),
        }
    }

    pub fn pass(&self, duration: Duration) {
        self.time.set(self.time.get().plus(duration));
        self.instant.set(self.instant.get().plus(duration));
    }

    /// Sets the time of day.
    pub fn set_wall_time(&self, time: Time) {
        self.time.set(time);
    }

    pub fn set_body(&self, chunk: &[u8]) {
        *self.body.borrow_mut() = chunk.to_vec();
    }

    /// The tick period that the filter last set; zero when it set none.
    pub fn tick_period(&self) -> Duration {
        self.tick_period.get()
    }

    pub fn refuse_calls(&self, error: Option<CallError>) {
        self.refuse_calls.set(error);
    }

    pub fn set_answer(&self, headers: &[(&str, &str)], body: &[u8]) {
        let headers = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        *self.answer.borrow_mut() = (headers, body.to_vec());
    }

    /// The calls since the last call of this method.
    pub fn take_sent(&self) -> Vec<Sent> {
        std::mem::take(&mut *self.sent.borrow_mut())
    }

    pub fn metric_value(&self, metric: Metric) -> i64 {
        self.metrics.borrow().get(&metric).copied().unwrap_or(0)
    }

    pub fn logged(&self) -> Vec<(Level, String)> {
        self.log.borrow().clone()
    }

    /// What the filter read, in order: `headers Request`, `attribute request.duration`, …
    pub fn asked(&self) -> Vec<String> {
        self.asked.borrow().clone()
    }

    fn note(&self, what: String) {
        self.asked.borrow_mut().push(what);
    }
}

impl Host for MockHost {
    fn wall_time(&self) -> Time {
        self.note("wall time".to_owned());
        self.time.get()
    }

    fn monotonic(&self) -> Instant {
        self.instant.get()
    }

    fn metric(&self, metric: Metric, amount: i64) {
        *self.metrics.borrow_mut().entry(metric).or_default() += amount;
    }

    fn log(&self, level: Level, message: &str) {
        self.log.borrow_mut().push((level, message.to_owned()));
    }
}

impl Exchange for MockHost {
    fn headers(&self, map: HeaderMap) -> Headers<'_> {
        self.note(format!("headers {map:?}"));
        match map {
            HeaderMap::Request => self.request.clone(),
            HeaderMap::Response => self.response.clone(),
        }
    }

    fn header(&self, map: HeaderMap, name: &str) -> Option<Cow<'_, [u8]>> {
        self.note(format!("header {map:?} {name}"));
        match map {
            HeaderMap::Request => self.request.get(name).map(Cow::Borrowed),
            HeaderMap::Response => self.response.get(name).map(Cow::Borrowed),
        }
    }

    fn attribute(&self, path: &str) -> Option<Cow<'_, [u8]>> {
        self.note(format!("attribute {}", path.replace('\0', ".")));
        self.attributes.get(path).map(|value| Cow::Borrowed(value.as_slice()))
    }

    fn create_expression(&self, text: &str) -> Option<Expression> {
        self.note("create".to_owned());
        let mut expressions = self.expressions.as_ref()?.borrow_mut();
        expressions.push(text.to_owned());
        u32::try_from(expressions.len() - 1).ok().map(Expression)
    }

    fn evaluate(&self, expression: Expression) -> Option<Vec<u8>> {
        self.note("evaluate".to_owned());
        let expressions = self.expressions.as_ref()?.borrow();
        let list = expressions.get(expression.0 as usize)?.strip_prefix('[')?.strip_suffix(']')?;
        let values: Vec<Vec<u8>> =
            list.split(',').map(|element| self.element(element)).collect::<Option<_>>()?;
        let lengths = values.iter().flat_map(|value| [u32::try_from(value.len()).unwrap(), 0]);
        let mut raw = u32::try_from(values.len()).unwrap().to_le_bytes().to_vec();
        raw.extend(lengths.flat_map(u32::to_le_bytes));
        values.iter().for_each(|value| raw.extend([&value[..], b"\0\0"].concat()));
        Some(raw)
    }

    fn body(&self, body: Body, start: usize, max_bytes: usize) -> Option<Cow<'_, [u8]>> {
        self.note(format!("body {body:?}"));
        let bytes = self.body.borrow();
        Some(Cow::Owned(bytes[start..bytes.len().min(start + max_bytes)].to_vec()))
    }
}

impl Outbound for MockHost {
    fn call(&self, call: &Call<'_>) -> Result<CallId, CallError> {
        if let Some(error) = self.refuse_calls.get() {
            return Err(error);
        }
        thread_local!(static NEXT: Cell<u32> = const { Cell::new(1) });
        let id = CallId(NEXT.replace(NEXT.get() + 1));
        self.sent.borrow_mut().push(Sent {
            id,
            cluster: call.cluster.to_owned(),
            headers: call
                .headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: call.body.to_vec(),
        });
        Ok(id)
    }

    fn answer_header(&self, name: &str) -> Option<Vec<u8>> {
        self.note(format!("header Answer {name}"));
        self.answer.borrow().0.get(name).map(<[u8]>::to_vec)
    }

    fn answer_body(&self, max_bytes: usize) -> Option<Vec<u8>> {
        self.note("body Answer".to_owned());
        let answer = self.answer.borrow();
        Some(answer.1[..answer.1.len().min(max_bytes)].to_vec())
    }
}

impl Ticker for MockHost {
    fn set_tick_period(&self, period: Duration) {
        self.tick_period.set(period);
    }
}

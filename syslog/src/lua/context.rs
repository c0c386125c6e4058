//! What scripts reach outside Lua: the record whose log they change.

use std::cell::{Cell, RefCell};

use gatelog_record::Timestamp;
use serde_json::{Map, Value};

use crate::kong::request_view::RequestView;
use crate::kong::serialize_value::{Key, Mode};

/// The current record. Scripts read it through functions and cannot change it.
#[derive(Debug, Default)]
pub struct ScriptContext {
    /// Kong's log of it.
    pub log: RefCell<Map<String, Value>>,
    /// Facts that the log does not hold.
    pub facts: RefCell<RequestFacts>,
    /// Microseconds since the epoch.
    now_micros: Cell<i64>,
    writes: RefCell<Vec<FieldWrite>>,
    lines: RefCell<Vec<LogLine>>,
    /// Lines of this record, including those left out.
    lines_written: Cell<usize>,
}

/// A value for the log.
#[derive(Clone, Debug)]
pub struct FieldWrite {
    /// Its key.
    pub key: Key,
    /// The value; `None` removes the existing one.
    pub value: Option<Value>,
    /// When it is written.
    pub mode: Mode,
}

/// A line for the function's log.
#[derive(Clone, Debug)]
pub struct LogLine {
    /// Kong's name of its level.
    pub level: String,
    /// Its text.
    pub text: String,
}

/// Facts of a request that scripts may ask for and its log does not hold.
#[derive(Clone, Debug, Default)]
pub struct RequestFacts {
    /// `http` or `https`.
    pub scheme: String,
    /// Host without port.
    pub host: String,
    /// Port of the gateway.
    pub port: Option<u16>,
    /// HTTP version.
    pub http_version: f64,
    /// Port of the client.
    pub client_port: Option<u16>,
    /// The gateway instance.
    pub instance: String,
    /// `service`, `exit` or `error`.
    pub source: &'static str,
}

/// Most values that a record's scripts may write with `kong.log.set_serialize_value`.
const MAX_WRITES: usize = 100;
/// Most lines that a record's scripts may write to the log.
const MAX_LINES: usize = 10;

impl ScriptContext {
    /// Makes a record the current one.
    pub fn begin(&self, log: Map<String, Value>, facts: RequestFacts, now: Timestamp) {
        *self.log.borrow_mut() = log;
        *self.facts.borrow_mut() = facts;
        self.now_micros.set(now.as_micros());
        self.writes.borrow_mut().clear();
        self.lines.borrow_mut().clear();
        self.lines_written.set(0);
    }

    /// Takes the record's log back.
    pub fn end(&self) -> Map<String, Value> {
        self.log.take()
    }

    /// The values written since the last call.
    pub fn take_writes(&self) -> Vec<FieldWrite> {
        self.writes.take()
    }

    /// Notes a value for the log; `false` when there are too many.
    pub fn write(&self, write: FieldWrite) -> bool {
        let mut writes = self.writes.borrow_mut();
        let room = writes.len() < MAX_WRITES;
        if room {
            writes.push(write);
        }
        room
    }

    /// The lines that were written since the last call.
    pub fn take_lines(&self) -> Vec<LogLine> {
        self.lines.take()
    }

    /// The number of the record's lines that were left out.
    pub fn lines_left_out(&self) -> u64 {
        self.lines_written.get().saturating_sub(MAX_LINES) as u64
    }

    /// Notes a line for the function's log, unless there are too many.
    pub fn write_line(&self, line: LogLine) {
        let written = self.lines_written.get();
        self.lines_written.set(written.saturating_add(1));
        if written < MAX_LINES {
            self.lines.borrow_mut().push(line);
        }
    }

    /// A member of the log, by its path of names; `Null` when there is none.
    pub fn member(&self, path: &[&str]) -> Value {
        let log = self.log.borrow();
        let mut names = path.iter();
        let mut value = names.next().and_then(|name| log.get(*name));
        for name in names {
            value = value.and_then(|value| value.get(name));
        }
        value.cloned().unwrap_or_default()
    }

    /// The time of ingestion, in seconds since the epoch.
    pub fn now_seconds(&self) -> f64 {
        self.now_micros.get() as f64 / 1e6
    }
}

impl RequestFacts {
    /// The facts of a request.
    pub fn from_view(view: &RequestView<'_>) -> Self {
        let tried = view.upstream.is_some_and(|upstream| upstream.host.is_some());
        Self {
            scheme: view.scheme.to_owned(),
            host: view.host.to_owned(),
            port: view.port,
            http_version: view
                .protocol
                .strip_prefix("HTTP/")
                .and_then(|text| text.parse().ok())
                .unwrap_or(1.1),
            client_port: view.client_port,
            instance: view.instance.to_owned(),
            source: match (view.is_from_upstream(), tried) {
                (true, _) => "service",
                (false, true) => "error",
                (false, false) => "exit",
            },
        }
    }
}

/// An error that a script sees.
pub fn fault(message: &str) -> omnilua::Error {
    omnilua::LuaError::runtime(format_args!("{message}")).into()
}

//! What scripts reach outside of Lua: the record at hand, and the libraries that are not the interpreter's own.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gatelog_record::Timestamp;
use omnilua::{Lua, Result, Table, Variadic};
use serde_json::{Map, Value};

use crate::exchange::Exchange;
use crate::fields::{Key, Mode};

/// The record at hand. Scripts read it through functions; they can change nothing of it.
#[derive(Debug, Default)]
pub struct Host {
    /// Kong's log of it.
    pub log: RefCell<Map<String, Value>>,
    /// What the log does not hold.
    pub facts: RefCell<Facts>,
    /// Microseconds since the epoch.
    now_micros: Cell<i64>,
    writes: RefCell<Vec<Write>>,
}

/// A value for the log.
#[derive(Clone, Debug)]
pub struct Write {
    /// Where it goes.
    pub key: Key,
    /// The value; `None` removes what is there.
    pub value: Option<Value>,
    /// When it is written.
    pub mode: Mode,
}

/// What scripts may ask of a request that its log does not hold.
#[derive(Clone, Debug, Default)]
pub struct Facts {
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

/// Most values that a record's scripts may write by `kong.log.set_serialize_value`.
const MAX_WRITES: usize = 100;

impl Host {
    /// Puts a record at hand.
    pub fn begin(&self, log: Map<String, Value>, facts: Facts, now: Timestamp) {
        *self.log.borrow_mut() = log;
        *self.facts.borrow_mut() = facts;
        self.now_micros.set(now.as_micros());
        self.writes.borrow_mut().clear();
    }

    /// Takes the record's log back.
    pub fn end(&self) -> Map<String, Value> {
        self.log.take()
    }

    /// What was written since the last call.
    pub fn take_writes(&self) -> Vec<Write> {
        self.writes.take()
    }

    /// Notes a value for the log; `false` when there are too many.
    pub fn write(&self, write: Write) -> bool {
        let mut writes = self.writes.borrow_mut();
        let room = writes.len() < MAX_WRITES;
        if room {
            writes.push(write);
        }
        room
    }

    /// A member of the log, by the names on the way to it; `Null` when there is none.
    pub fn member(&self, path: &[&str]) -> Value {
        let log = self.log.borrow();
        let mut names = path.iter();
        let mut value = names.next().and_then(|name| log.get(*name));
        for name in names {
            value = value.and_then(|value| value.get(name));
        }
        value.cloned().unwrap_or_default()
    }

    fn now_seconds(&self) -> f64 {
        self.now_micros.get() as f64 / 1e6
    }
}

impl Facts {
    /// What the exchange tells.
    pub fn of(exchange: &Exchange<'_>) -> Self {
        let tried = exchange.upstream.is_some_and(|upstream| upstream.host.is_some());
        Self {
            scheme: exchange.scheme.to_owned(),
            host: exchange.host.to_owned(),
            port: exchange.port,
            http_version: exchange
                .protocol
                .strip_prefix("HTTP/")
                .and_then(|text| text.parse().ok())
                .unwrap_or(1.1),
            client_port: exchange.client_port,
            instance: exchange.instance.to_owned(),
            source: match (exchange.from_upstream(), tried) {
                (true, _) => "service",
                (false, true) => "error",
                (false, false) => "exit",
            },
        }
    }
}

/// `os`: `clock`, `difftime` and `time`. The clock is that of the record's ingestion; times are UTC.
///
/// # Errors
///
/// From the interpreter.
pub fn os(lua: &Lua, host: &Rc<Host>) -> Result<Table> {
    let os = lua.create_table()?;
    let clock = Rc::clone(host);
    os.set("clock", lua.create_function(move |_, ()| Ok(clock.now_seconds()))?)?;
    let difftime =
        lua.create_function(|_, (end, start): (f64, Option<f64>)| Ok(end - start.unwrap_or(0.0)))?;
    os.set("difftime", difftime)?;
    let time = Rc::clone(host);
    let time = lua.create_function(move |_, parts: Option<Table>| match parts {
        None => Ok(Some(time.now_seconds().floor())),
        Some(parts) => seconds_of(&parts),
    })?;
    os.set("time", time)?;
    Ok(os)
}

/// Seconds since the epoch of a table with `year`, `month`, `day` and perhaps `hour`, `min`, `sec`. Values beyond
/// their range carry over, as in C.
fn seconds_of(parts: &Table) -> Result<Option<f64>> {
    let part = |name: &str, default: Option<i64>| -> Result<i64> {
        let given: Option<f64> = parts.raw_get(name)?;
        given
            .map(|number| number as i64)
            .or(default)
            .ok_or_else(|| fault(&format!("field '{name}' missing in date table")))
    };
    let (year, month, day) = (part("year", None)?, part("month", None)?, part("day", None)?);
    let (hour, minute, second) = (part("hour", Some(12))?, part("min", Some(0))?, part("sec", Some(0))?);
    let months = year.saturating_mul(12).saturating_add(month.saturating_sub(1));
    let year = i16::try_from(months.div_euclid(12)).ok();
    let month = i8::try_from(months.rem_euclid(12) + 1).ok();
    let first = year.zip(month).and_then(|(year, month)| jiff::civil::Date::new(year, month, 1).ok());
    let first = first.and_then(|first| {
        jiff::tz::Offset::UTC.to_timestamp(first.to_datetime(jiff::civil::Time::midnight())).ok()
    });
    Ok(first.map(|first| {
        let days = (day - 1) as f64;
        first.as_second() as f64
            + days * 86_400.0
            + hour as f64 * 3_600.0
            + minute as f64 * 60.0
            + second as f64
    }))
}

/// `bit`: LuaJIT's operations on 32 bits.
///
/// # Errors
///
/// From the interpreter.
pub fn bit(lua: &Lua) -> Result<Table> {
    let bit = lua.create_table()?;
    let one = |name: &str, operation: fn(i32) -> i32| -> Result<()> {
        bit.set(name, lua.create_function(move |_, number: f64| Ok(operation(bits(number))))?)
    };
    one("tobit", |number| number)?;
    one("bnot", |number| !number)?;
    one("bswap", i32::swap_bytes)?;
    let many = |name: &str, operation: fn(i32, i32) -> i32| -> Result<()> {
        let function = lua.create_function(move |_, (first, others): (f64, Variadic<f64>)| {
            Ok(others.into_vec().into_iter().fold(bits(first), |left, right| operation(left, bits(right))))
        })?;
        bit.set(name, function)
    };
    many("band", |left, right| left & right)?;
    many("bor", |left, right| left | right)?;
    many("bxor", |left, right| left ^ right)?;
    let shift = |name: &str, operation: fn(i32, u32) -> i32| -> Result<()> {
        let function = lua.create_function(move |_, (number, by): (f64, f64)| {
            Ok(operation(bits(number), bits(by).cast_unsigned() & 31))
        })?;
        bit.set(name, function)
    };
    shift("lshift", |number, by| number.wrapping_shl(by))?;
    shift("rshift", |number, by| number.cast_unsigned().wrapping_shr(by).cast_signed())?;
    shift("arshift", |number, by| number.wrapping_shr(by))?;
    shift("rol", |number, by| number.rotate_left(by))?;
    shift("ror", |number, by| number.rotate_right(by))?;
    let tohex = lua.create_function(|_, (number, digits): (f64, Option<f64>)| {
        let digits = digits.unwrap_or(8.0);
        let text = format!("{:08x}", bits(number));
        let start = text.len().saturating_sub((digits.abs() as usize).min(8));
        let text = text.get(start..).unwrap_or_default();
        Ok(if digits < 0.0 { text.to_uppercase() } else { text.to_owned() })
    })?;
    bit.set("tohex", tohex)?;
    Ok(bit)
}

/// The lowest 32 bits of a number of Lua, rounded to a whole one.
fn bits(number: f64) -> i32 {
    const WRAP: f64 = 4_294_967_296.0;
    (number.round_ties_even().rem_euclid(WRAP) as u32).cast_signed()
}

/// An error that a script sees.
pub fn fault(message: &str) -> omnilua::Error {
    omnilua::LuaError::runtime(format_args!("{message}")).into()
}

//! The libraries that the interpreter does not provide: `os` and `bit`.

use std::rc::Rc;

use omnilua::{Lua, Result, Table, Variadic};

use super::context::{ScriptContext, fault};

/// `os`: `clock`, `difftime` and `time`. The clock shows the time of the record's ingestion; times are UTC.
///
/// # Errors
///
/// From the interpreter.
pub fn os(lua: &Lua, context: &Rc<ScriptContext>) -> Result<Table> {
    let os = lua.create_table()?;
    let clock = Rc::clone(context);
    os.set("clock", lua.create_function(move |_, ()| Ok(clock.now_seconds()))?)?;
    let difftime =
        lua.create_function(|_, (end, start): (f64, Option<f64>)| Ok(end - start.unwrap_or(0.0)))?;
    os.set("difftime", difftime)?;
    let time = Rc::clone(context);
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

/// The lowest 32 bits of a Lua number, rounded to a whole number.
fn bits(number: f64) -> i32 {
    const WRAP: f64 = 4_294_967_296.0;
    (number.round_ties_even().rem_euclid(WRAP) as u32).cast_signed()
}

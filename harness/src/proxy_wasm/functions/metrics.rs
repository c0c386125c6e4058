//! Host functions on metrics.

use super::super::guest::{Fault, Guest, Span};

pub(in super::super) fn define(guest: &mut Guest<'_>, kind: u32, name: Span, out: u32) -> Result<(), Fault> {
    let (memory, gateway) = guest.split()?;
    let id = gateway.metrics.define(kind, memory.read(name)?)?;
    guest.write_u32(out, id)
}

pub(in super::super) fn increment(guest: &mut Guest<'_>, metric: u32, offset: i64) -> Result<(), Fault> {
    Ok(guest.gateway().metrics.increment(metric, offset)?)
}

pub(in super::super) fn record(guest: &mut Guest<'_>, metric: u32, value: u64) -> Result<(), Fault> {
    Ok(guest.gateway().metrics.record(metric, value)?)
}

pub(in super::super) fn get(guest: &mut Guest<'_>, metric: u32, out: u32) -> Result<(), Fault> {
    let value = guest.gateway().metrics.get(metric)?;
    guest.write_u64(out, value)
}

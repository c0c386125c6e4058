//! Host functions for metrics.

use crate::guest::{Fault, Guest, Span};

pub(crate) fn define(guest: &mut Guest<'_>, kind: u32, name: Span, out: u32) -> Result<(), Fault> {
    let (memory, gateway) = guest.split()?;
    let id = gateway.metrics.define(kind, memory.read(name)?)?;
    guest.write_u32(out, id)
}

pub(crate) fn increment(guest: &mut Guest<'_>, metric: u32, offset: i64) -> Result<(), Fault> {
    Ok(guest.gateway().metrics.increment(metric, offset)?)
}

pub(crate) fn record(guest: &mut Guest<'_>, metric: u32, value: u64) -> Result<(), Fault> {
    Ok(guest.gateway().metrics.record(metric, value)?)
}

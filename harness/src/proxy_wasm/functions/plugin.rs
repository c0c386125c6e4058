//! Host functions of a plugin as a whole: log, time, ticks, contexts, attributes.

use super::super::abi::{Level, Status};
use super::super::attributes;
use super::super::guest::{Fault, Guest, Out, Span};
use super::super::logs::LogLine;

const NS_PER_MS: u64 = 1_000_000;

pub(in super::super) fn log(guest: &mut Guest<'_>, level: u32, text: Span) -> Result<(), Fault> {
    let level = Level::parse(level)?;
    let (memory, gateway) = guest.split()?;
    let text = memory.read(text)?;
    if level >= gateway.settings.log_level {
        let text = String::from_utf8_lossy(text).into_owned();
        gateway.logs.0.push(LogLine { level, context: gateway.context(), text });
    }
    Ok(())
}

pub(in super::super) fn log_level(guest: &mut Guest<'_>, out: u32) -> Result<(), Fault> {
    let level = guest.gateway().settings.log_level;
    guest.write_u32(out, level as u32)
}

pub(in super::super) fn time(guest: &mut Guest<'_>, out: u32) -> Result<(), Fault> {
    let now_ns = guest.gateway().now_ns;
    guest.write_u64(out, now_ns)
}

pub(in super::super) fn set_tick_period(guest: &mut Guest<'_>, period_ms: u32) -> Result<(), Fault> {
    let gateway = guest.gateway();
    let now_ns = gateway.now_ns;
    if let Some(root) = gateway.current_root_mut() {
        root.tick_period_ns = u64::from(period_ms) * NS_PER_MS;
        root.tick_due_ns = (period_ms > 0).then(|| now_ns.saturating_add(root.tick_period_ns));
    }
    Ok(())
}

pub(in super::super) fn set_effective_context(guest: &mut Guest<'_>, context: u32) -> Result<(), Fault> {
    let gateway = guest.gateway();
    if !gateway.has_context(context) {
        return Err(Status::BadArgument.into());
    }
    gateway.effective = context;
    Ok(())
}

pub(in super::super) fn done(guest: &mut Guest<'_>) -> Result<(), Fault> {
    let root = guest.gateway().current_root_mut().filter(|root| root.draining && !root.done);
    root.ok_or(Status::NotFound)?.done = true;
    Ok(())
}

pub(in super::super) fn status(guest: &mut Guest<'_>, code: u32, text: Out) -> Result<(), Fault> {
    let (number, message) = guest.gateway().current_root().map(|root| root.status).unwrap_or_default();
    guest.write_u32(code, number)?;
    guest.give(message.as_bytes(), text)
}

pub(in super::super) fn foreign(guest: &mut Guest<'_>, name: Span, argument: Span) -> Result<(), Fault> {
    let (memory, _) = guest.split()?;
    memory.read(name)?;
    memory.read(argument)?;
    Err(Status::NotFound.into())
}

pub(in super::super) fn property(guest: &mut Guest<'_>, path: Span, out: Out) -> Result<(), Fault> {
    let (memory, gateway) = guest.split()?;
    let value = attributes::read(gateway, memory.read(path)?)?;
    guest.give(&value, out)
}

pub(in super::super) fn set_property(guest: &mut Guest<'_>, path: Span, value: Span) -> Result<(), Fault> {
    let (memory, gateway) = guest.split()?;
    Ok(attributes::write(gateway, memory.read(path)?, memory.read(value)?)?)
}

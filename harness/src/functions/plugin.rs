//! Host functions for the plugin as a whole: log, time, ticks, shutdown.

use crate::abi::{Level, Status};
use crate::guest::{Fault, Guest, Span};
use crate::logs::LogLine;

const NS_PER_MS: u64 = 1_000_000;

pub(crate) fn log(guest: &mut Guest<'_>, level: u32, text: Span) -> Result<(), Fault> {
    let level = Level::parse(level)?;
    let (memory, gateway) = guest.split()?;
    let text = memory.read(text)?;
    if level >= gateway.settings.log_level {
        let text = String::from_utf8_lossy(text).into_owned();
        gateway.logs.0.push(LogLine { level, context: gateway.current, text });
    }
    Ok(())
}

pub(crate) fn time(guest: &mut Guest<'_>, out: u32) -> Result<(), Fault> {
    let wall_ns = guest.gateway().wall_ns();
    guest.write_u64(out, wall_ns)
}

pub(crate) fn set_tick_period(guest: &mut Guest<'_>, period_ms: u32) -> Result<(), Fault> {
    let gateway = guest.gateway();
    let now_ns = gateway.now_ns;
    if let Some(root) = gateway.current_root_mut() {
        root.tick_period_ns = u64::from(period_ms) * NS_PER_MS;
        root.tick_due_ns = (period_ms > 0).then(|| now_ns.saturating_add(root.tick_period_ns));
    }
    Ok(())
}

pub(crate) fn done(guest: &mut Guest<'_>) -> Result<(), Fault> {
    let root = guest.gateway().current_root_mut().filter(|root| root.draining && !root.done);
    root.ok_or(Status::NotFound)?.done = true;
    Ok(())
}

pub(crate) fn foreign(guest: &mut Guest<'_>, name: Span, argument: Span) -> Result<(), Fault> {
    let (memory, _) = guest.split()?;
    memory.read(name)?;
    memory.read(argument)?;
    Err(Status::NotFound.into())
}

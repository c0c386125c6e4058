//! The functions of WASI preview 1 that filters call: clock, random bytes, and output of an SDK that panics.

use wasmtime::Linker;

use crate::abi::{Level, Status};
use crate::gateway::Gateway;
use crate::guest::{Fault, Guest, Span};
use crate::logs::LogLine;

/// Most bytes that `random_get` fills at once, as in Envoy.
const MAX_RANDOM_BYTES: u32 = 64 * 1024;

/// The clocks of preview 1.
const WALL_CLOCK: u32 = 0;
const MONOTONIC_CLOCK: u32 = 1;

/// The error numbers of preview 1 that are returned here.
#[derive(Debug, Clone, Copy)]
#[repr(u32)]
enum Errno {
    BadDescriptor = 8,
    Fault = 21,
    Invalid = 28,
    NotSupported = 58,
}

impl From<Errno> for Fault {
    fn from(errno: Errno) -> Self {
        Self::Code(errno as u32)
    }
}

/// A pointer outside the memory is `EFAULT` here.
fn memory_fault(fault: impl Into<Fault>) -> Fault {
    match fault.into() {
        Fault::Code(code) if code == Status::InvalidMemoryAccess as u32 => Errno::Fault.into(),
        fault => fault,
    }
}

pub(crate) fn fd_write(
    guest: &mut Guest<'_>,
    fd: u32,
    parts: u32,
    count: u32,
    out: u32,
) -> Result<(), Fault> {
    let level = match fd {
        1 => Level::Info,
        2 => Level::Error,
        _ => return Err(Errno::BadDescriptor.into()),
    };
    let (memory, gateway) = guest.split()?;
    let mut text = Vec::new();
    for part in 0..count {
        let at = part.checked_mul(8).and_then(|offset| parts.checked_add(offset)).ok_or(Errno::Fault)?;
        let size_at = at.checked_add(4).ok_or(Errno::Fault)?;
        let span =
            Span(memory.read_u32(at).map_err(memory_fault)?, memory.read_u32(size_at).map_err(memory_fault)?);
        text.extend_from_slice(memory.read(span).map_err(memory_fault)?);
    }
    let written = u32::try_from(text.len()).map_err(|_| Errno::Fault)?;
    let line = text.strip_suffix(b"\n").unwrap_or(&text);
    if written > 0 && level >= gateway.settings.log_level {
        let text = String::from_utf8_lossy(line).into_owned();
        gateway.logs.0.push(LogLine { level, context: gateway.current, text });
    }
    guest.write_u32(out, written).map_err(memory_fault)
}

pub(crate) fn environ_sizes_get(guest: &mut Guest<'_>, count: u32, size: u32) -> Result<(), Fault> {
    guest.write_u32(count, 0).map_err(memory_fault)?;
    guest.write_u32(size, 0).map_err(memory_fault)
}

pub(crate) fn clock_time_get(guest: &mut Guest<'_>, clock: u32, out: u32) -> Result<(), Fault> {
    let now_ns = match clock {
        WALL_CLOCK => guest.gateway().wall_ns(),
        MONOTONIC_CLOCK => guest.gateway().now_ns,
        _ => return Err(Errno::NotSupported.into()),
    };
    guest.write_u64(out, now_ns).map_err(memory_fault)
}

pub(crate) fn random_get(guest: &mut Guest<'_>, span: Span) -> Result<(), Fault> {
    if span.1 > MAX_RANDOM_BYTES {
        return Err(Errno::Invalid.into());
    }
    let mut bytes = vec![0; usize::try_from(span.1).unwrap_or_default()];
    guest.gateway().fill_random(&mut bytes);
    guest.split()?.0.write(span.0, &bytes).map_err(memory_fault)
}

#[expect(clippy::unnecessary_wraps, reason = "the table calls every function alike")]
pub(crate) fn nothing(_: &mut Guest<'_>) -> Result<(), Fault> {
    Ok(())
}

/// Defines `proc_exit`, which never returns: the guest traps, as in Envoy. `index` is its index in the counts.
pub(crate) fn register_exit(linker: &mut Linker<Gateway>, index: usize) -> wasmtime::Result<()> {
    linker.func_wrap(
        "wasi_snapshot_preview1",
        "proc_exit",
        move |mut caller: wasmtime::Caller<'_, Gateway>, code: u32| -> wasmtime::Result<()> {
            caller.data_mut().host_calls.count(index);
            wasmtime::bail!("the guest exited with code {code}")
        },
    )?;
    Ok(())
}

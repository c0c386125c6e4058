//! WASI preview 1 as far as Envoy gives it to a plugin: logs, clock, random bytes, environment; no files, no sockets.

use wasmtime::Linker;

use super::abi::{Level, Status};
use super::gateway::Gateway;
use super::guest::{Fault, Guest, Span};
use super::logs::LogLine;
use super::table;

/// Most bytes that `random_get` fills at once, as in Envoy.
const MAX_RANDOM_BYTES: u32 = 64 * 1024;
/// `fd_write` among the rights of a descriptor.
const RIGHT_TO_WRITE: u64 = 64;

/// The error numbers of preview 1 that are answered here.
#[derive(Debug, Clone, Copy)]
#[repr(u32)]
enum Errno {
    BadDescriptor = 8,
    Exists = 20,
    Fault = 21,
    Invalid = 28,
    NoEntry = 44,
    NoSystemCall = 52,
    NotSupported = 58,
}

impl From<Errno> for Fault {
    fn from(errno: Errno) -> Self {
        Self::Code(errno as u32)
    }
}

/// A pointer that leaves the memory is `EFAULT` here.
fn memory_fault(fault: impl Into<Fault>) -> Fault {
    match fault.into() {
        Fault::Code(code) if code == Status::InvalidMemoryAccess as u32 => Errno::Fault.into(),
        fault => fault,
    }
}

pub(super) fn fd_write(
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
        gateway.logs.0.push(LogLine { level, context: gateway.context(), text });
    }
    guest.write_u32(out, written).map_err(memory_fault)
}

pub(super) fn fd_fdstat_get(guest: &mut Guest<'_>, fd: u32, out: u32) -> Result<(), Fault> {
    if fd != 1 && fd != 2 {
        return Err(Errno::BadDescriptor.into());
    }
    let mut stat = [0; 24];
    for (byte, right) in stat.iter_mut().skip(8).zip(RIGHT_TO_WRITE.to_le_bytes()) {
        *byte = right;
    }
    guest.split()?.0.write(out, &stat).map_err(memory_fault)
}

pub(super) fn environ_get(guest: &mut Guest<'_>, list: u32, text: u32) -> Result<(), Fault> {
    let (mut memory, gateway) = guest.split()?;
    let (mut list, mut text) = (list, text);
    for variable in &gateway.settings.environment {
        memory.write(list, &text.to_le_bytes()).map_err(memory_fault)?;
        memory.write(text, &[variable.as_bytes(), b"\0"].concat()).map_err(memory_fault)?;
        list = list.checked_add(4).ok_or(Errno::Fault)?;
        let size = u32::try_from(variable.len() + 1).map_err(|_| Errno::Fault)?;
        text = text.checked_add(size).ok_or(Errno::Fault)?;
    }
    Ok(())
}

pub(super) fn environ_sizes_get(guest: &mut Guest<'_>, count: u32, size: u32) -> Result<(), Fault> {
    let environment = &guest.gateway().settings.environment;
    let (variables, bytes) =
        (environment.len(), environment.iter().map(|variable| variable.len() + 1).sum::<usize>());
    guest.write_u32(count, u32::try_from(variables).map_err(|_| Errno::Fault)?).map_err(memory_fault)?;
    guest.write_u32(size, u32::try_from(bytes).map_err(|_| Errno::Fault)?).map_err(memory_fault)
}

pub(super) fn args_sizes_get(guest: &mut Guest<'_>, count: u32, size: u32) -> Result<(), Fault> {
    guest.write_u32(count, 0).map_err(memory_fault)?;
    guest.write_u32(size, 0).map_err(memory_fault)
}

pub(super) fn clock_time_get(guest: &mut Guest<'_>, clock: u32, out: u32) -> Result<(), Fault> {
    if clock > 1 {
        return Err(Errno::NotSupported.into());
    }
    let now_ns = guest.gateway().now_ns;
    guest.write_u64(out, now_ns).map_err(memory_fault)
}

pub(super) fn random_get(guest: &mut Guest<'_>, span: Span) -> Result<(), Fault> {
    if span.1 > MAX_RANDOM_BYTES {
        return Err(Errno::Invalid.into());
    }
    let mut bytes = vec![0; usize::try_from(span.1).unwrap_or_default()];
    guest.gateway().fill_random(&mut bytes);
    guest.split()?.0.write(span.0, &bytes).map_err(memory_fault)
}

#[expect(clippy::unnecessary_wraps, reason = "the table calls every function alike")]
pub(super) fn nothing(_: &mut Guest<'_>) -> Result<(), Fault> {
    Ok(())
}

pub(super) fn no_descriptor(_: &mut Guest<'_>) -> Result<(), Fault> {
    Err(Errno::BadDescriptor.into())
}

pub(super) fn no_file(_: &mut Guest<'_>) -> Result<(), Fault> {
    Err(Errno::NoEntry.into())
}

/// Defines `proc_exit`, which never returns: the guest traps, as it does in Envoy after the call comes back.
pub(super) fn register_exit(linker: &mut Linker<Gateway>) -> wasmtime::Result<()> {
    linker.func_wrap(
        "wasi_snapshot_preview1",
        "proc_exit",
        |mut caller: wasmtime::Caller<'_, Gateway>, code: u32| -> wasmtime::Result<()> {
            caller.data_mut().host_calls.count(table::EXIT);
            wasmtime::bail!("the guest ended itself with exit code {code}")
        },
    )?;
    Ok(())
}

/// What the rest of preview 1 answers without doing anything, as Envoy 1.40 was seen to; `None` for what Envoy refuses to
/// link.
pub(super) fn unsupported(name: &str) -> Option<i32> {
    let errno = match name {
        "clock_res_get" | "fd_advise" | "fd_allocate" | "fd_datasync" | "fd_fdstat_set_rights" => {
            return Some(0);
        }
        "fd_filestat_set_size" | "fd_filestat_set_times" | "fd_sync" | "fd_tell" | "poll_oneoff" => {
            return Some(0);
        }
        "fd_filestat_get" | "fd_renumber" => Errno::BadDescriptor,
        "fd_readdir" => Errno::Exists,
        "fd_fdstat_set_flags" | "fd_pread" | "fd_prestat_dir_name" | "fd_pwrite" | "fd_read" => {
            Errno::NoSystemCall
        }
        "path_create_directory" | "path_filestat_get" | "path_filestat_set_times" | "path_link" => {
            Errno::NotSupported
        }
        "path_readlink" | "path_remove_directory" | "path_rename" | "path_symlink" => Errno::NotSupported,
        "path_unlink_file" | "sock_accept" | "sock_recv" | "sock_send" | "sock_shutdown" => {
            Errno::NotSupported
        }
        _ => return None,
    };
    Some(errno as i32)
}

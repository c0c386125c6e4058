//! Host functions on shared data and shared queues.

use super::super::abi::Status;
use super::super::guest::{Fault, Guest, Out, Span};

pub(in super::super) fn get(guest: &mut Guest<'_>, key: Span, out: Out, cas: u32) -> Result<(), Fault> {
    let (memory, gateway) = guest.split()?;
    let (value, change) = gateway.shared_data.get(memory.read(key)?)?;
    guest.give(&value, out)?;
    guest.write_u32(cas, change)
}

pub(in super::super) fn set(guest: &mut Guest<'_>, key: Span, value: Span, cas: u32) -> Result<(), Fault> {
    let (memory, gateway) = guest.split()?;
    Ok(gateway.shared_data.set(memory.read(key)?, memory.read(value)?, cas)?)
}

pub(in super::super) fn register(guest: &mut Guest<'_>, name: Span, out: u32) -> Result<(), Fault> {
    let (memory, gateway) = guest.split()?;
    let owner = gateway.current_root_id();
    let token = gateway.queues.register(memory.read(name)?, owner);
    guest.write_u32(out, token)
}

pub(in super::super) fn resolve(guest: &mut Guest<'_>, vm: Span, name: Span, out: u32) -> Result<(), Fault> {
    let (memory, gateway) = guest.split()?;
    let vm = memory.read(vm)?;
    if !vm.is_empty() && vm != gateway.settings.vm_id.as_bytes() {
        return Err(Status::NotFound.into());
    }
    let token = gateway.queues.resolve(memory.read(name)?)?;
    guest.write_u32(out, token)
}

pub(in super::super) fn enqueue(guest: &mut Guest<'_>, token: u32, item: Span) -> Result<(), Fault> {
    let (memory, gateway) = guest.split()?;
    Ok(gateway.queues.enqueue(token, memory.read(item)?)?)
}

pub(in super::super) fn dequeue(guest: &mut Guest<'_>, token: u32, out: Out) -> Result<(), Fault> {
    let item = guest.gateway().queues.dequeue(token)?;
    guest.give(&item, out)
}

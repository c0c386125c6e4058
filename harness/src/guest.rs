//! A host call's view of the guest: its memory, its allocator, and the gateway. Every pointer is checked here.

use wasmtime::Caller;

use super::abi::Status;
use super::gateway::Gateway;

/// Bytes of the guest's memory: address and size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span(pub(super) u32, pub(super) u32);

/// Where the guest expects the address and size of a result.
#[derive(Debug, Clone, Copy)]
pub(super) struct Out(pub(super) u32, pub(super) u32);

/// Why a host function does not return `Ok`.
#[derive(Debug)]
pub(super) enum Fault {
    /// A status or errno for the guest.
    Code(u32),
    /// The guest cannot continue.
    Trap(wasmtime::Error),
}

impl From<Status> for Fault {
    fn from(status: Status) -> Self {
        Self::Code(status as u32)
    }
}

impl From<wasmtime::Error> for Fault {
    fn from(error: wasmtime::Error) -> Self {
        Self::Trap(error)
    }
}

/// The guest's memory during a host call.
pub(super) struct Bytes<'m>(&'m mut [u8]);

impl Bytes<'_> {
    /// Reads a span; `InvalidMemoryAccess` when it is outside the memory.
    pub(super) fn read(&self, span: Span) -> Result<&[u8], Status> {
        let (at, size) = place(span.0, span.1)?;
        self.0.get(at..at + size).ok_or(Status::InvalidMemoryAccess)
    }

    /// Writes bytes; `InvalidMemoryAccess` when they are outside the memory.
    pub(super) fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Status> {
        let (at, _) = place(at, 0)?;
        let target = self.0.get_mut(at..).and_then(|rest| rest.get_mut(..bytes.len()));
        target.ok_or(Status::InvalidMemoryAccess)?.copy_from_slice(bytes);
        Ok(())
    }

    /// Reads a number of 4 bytes, little endian.
    pub(super) fn read_u32(&self, at: u32) -> Result<u32, Status> {
        let bytes = self.read(Span(at, 4))?;
        Ok(bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes)).unwrap_or_default())
    }
}

fn place(at: u32, size: u32) -> Result<(usize, usize), Status> {
    let checked = |number: u32| usize::try_from(number).map_err(|_| Status::InvalidMemoryAccess);
    Ok((checked(at)?, checked(size)?))
}

/// A host call in progress.
pub(super) struct Guest<'c> {
    caller: Caller<'c, Gateway>,
}

impl<'c> Guest<'c> {
    pub(super) fn new(caller: Caller<'c, Gateway>) -> Self {
        Self { caller }
    }

    pub(super) fn gateway(&mut self) -> &mut Gateway {
        self.caller.data_mut()
    }

    /// Mutable access to both the memory and the gateway.
    pub(super) fn split(&mut self) -> Result<(Bytes<'_>, &mut Gateway), Fault> {
        let guest = self.caller.data().guest.as_ref();
        let memory = guest.map(|guest| guest.memory);
        let memory =
            memory.ok_or_else(|| wasmtime::format_err!("the guest called out before it was instantiated"))?;
        let (bytes, gateway) = memory.data_and_store_mut(&mut self.caller);
        Ok((Bytes(bytes), gateway))
    }

    /// Writes a number of 4 bytes.
    pub(super) fn write_u32(&mut self, at: u32, number: u32) -> Result<(), Fault> {
        Ok(self.split()?.0.write(at, &number.to_le_bytes())?)
    }

    /// Writes a number of 8 bytes.
    pub(super) fn write_u64(&mut self, at: u32, number: u64) -> Result<(), Fault> {
        Ok(self.split()?.0.write(at, &number.to_le_bytes())?)
    }

    /// Returns bytes: allocates them in the guest, then writes their address and size. Empty bytes have
    /// address 0.
    pub(super) fn give(&mut self, bytes: &[u8], out: Out) -> Result<(), Fault> {
        let size = u32::try_from(bytes.len()).map_err(|_| Status::InvalidMemoryAccess)?;
        let address = if size == 0 { 0 } else { self.allocate(size)? };
        let (mut memory, _) = self.split()?;
        memory.write(address, bytes)?;
        memory.write(out.0, &address.to_le_bytes())?;
        memory.write(out.1, &size.to_le_bytes())?;
        Ok(())
    }

    fn allocate(&mut self, size: u32) -> Result<u32, Fault> {
        let guest = self.caller.data().guest.clone();
        let guest =
            guest.ok_or_else(|| wasmtime::format_err!("the guest called out before it was instantiated"))?;
        let outer = self.gateway().restricted.replace("while the gateway allocates in the guest");
        let address = guest.allocate.call(&mut self.caller, size);
        self.gateway().restricted = outer;
        match address? {
            0 => Err(Status::InvalidMemoryAccess.into()),
            address => Ok(address),
        }
    }
}

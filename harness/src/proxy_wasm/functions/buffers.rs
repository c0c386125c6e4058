//! Host functions on buffers: body chunks, callout bodies, configurations.

use super::super::abi::{BufferType, Status};
use super::super::gateway::Gateway;
use super::super::guest::{Fault, Guest, Out, Span};

pub(in super::super) fn bytes(
    guest: &mut Guest<'_>,
    buffer: u32,
    start: u32,
    length: u32,
    out: Out,
) -> Result<(), Fault> {
    let buffer = read(guest.gateway(), BufferType::parse(buffer)?)?;
    let part = buffer.get(size(start)..).unwrap_or_default();
    let part = part.get(..size(length)).unwrap_or(part).to_vec();
    // As in Envoy, nothing to answer leaves the guest's two words alone.
    if part.is_empty() { Ok(()) } else { guest.give(&part, out) }
}

pub(in super::super) fn status(
    guest: &mut Guest<'_>,
    buffer: u32,
    length: u32,
    flags: u32,
) -> Result<(), Fault> {
    let size = read(guest.gateway(), BufferType::parse(buffer)?)?.len();
    guest.write_u32(length, u32::try_from(size).unwrap_or(u32::MAX))?;
    guest.write_u32(flags, 0)
}

pub(in super::super) fn set_bytes(
    guest: &mut Guest<'_>,
    buffer: u32,
    start: u32,
    length: u32,
    bytes: Span,
) -> Result<(), Fault> {
    let buffer = BufferType::parse(buffer)?;
    let (memory, gateway) = guest.split()?;
    let bytes = memory.read(bytes)?;
    let stream = gateway.current_stream_mut().ok_or(Status::BadArgument)?;
    let body = match buffer {
        BufferType::RequestBody => &mut stream.request_body.bytes,
        BufferType::ResponseBody => &mut stream.response_body.bytes,
        _ => return Err(Status::BadArgument.into()),
    };
    if start == 0 {
        let replaced = size(length).min(body.len());
        body.splice(..replaced, bytes.iter().copied());
    } else if size(start) >= body.len() {
        body.extend_from_slice(bytes);
    } else {
        return Err(Status::BadArgument.into());
    }
    Ok(())
}

fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn read(gateway: &Gateway, buffer: BufferType) -> Result<&[u8], Status> {
    let stream = gateway.current_stream();
    match buffer {
        BufferType::RequestBody => Ok(stream.map_or(&[], |stream| &stream.request_body.bytes)),
        BufferType::ResponseBody => Ok(stream.map_or(&[], |stream| &stream.response_body.bytes)),
        BufferType::Unused => Ok(&[]),
        BufferType::VmConfiguration => Ok(&gateway.settings.vm_configuration),
        BufferType::PluginConfiguration => {
            let root = gateway.current_root().filter(|root| root.configuring);
            root.map(|root| root.configuration.as_slice()).ok_or(Status::NotFound)
        }
        BufferType::CalloutBody => {
            let reply = gateway.current_root().and_then(|root| root.reply.as_ref());
            reply.map(|reply| reply.body.as_slice()).ok_or(Status::NotFound)
        }
    }
}

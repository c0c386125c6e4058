//! The host function for buffers: body chunks, callout bodies, configurations.

use crate::abi::{BufferType, Status};
use crate::gateway::Gateway;
use crate::guest::{Fault, Guest, Out};

pub(crate) fn bytes(
    guest: &mut Guest<'_>,
    buffer: u32,
    start: u32,
    length: u32,
    out: Out,
) -> Result<(), Fault> {
    let buffer = read(guest.gateway(), BufferType::parse(buffer)?)?;
    let part = buffer.get(size(start)..).unwrap_or_default();
    let part = part.get(..size(length)).unwrap_or(part).to_vec();
    // As in Envoy, an empty result leaves the guest's two words unchanged.
    if part.is_empty() { Ok(()) } else { guest.give(&part, out) }
}

fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn read(gateway: &Gateway, buffer: BufferType) -> Result<&[u8], Status> {
    let stream = gateway.current_stream();
    match buffer {
        BufferType::RequestBody => Ok(stream.map_or(&[], |stream| &stream.request_body)),
        BufferType::ResponseBody => Ok(stream.map_or(&[], |stream| &stream.response_body)),
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

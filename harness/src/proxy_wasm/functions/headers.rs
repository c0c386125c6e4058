//! Host functions on header maps.

use super::super::abi::{MapType, Status};
use super::super::gateway::Gateway;
use super::super::guest::{Fault, Guest, Out, Span};
use super::super::headers::Headers;

pub(in super::super) fn value(guest: &mut Guest<'_>, map: u32, name: Span, out: Out) -> Result<(), Fault> {
    let map = MapType::parse(map)?;
    let (memory, gateway) = guest.split()?;
    let name = memory.read(name)?;
    let value = match readable(gateway, map) {
        Some(headers) => headers.get(name).ok_or(Status::NotFound)?.to_vec(),
        // While a stream is logged a missing map is an empty one; at any other time asking for it is a mistake.
        None if gateway.current_stream().is_some_and(|stream| stream.logging) => {
            return Err(Status::NotFound.into());
        }
        None => return Err(Status::BadArgument.into()),
    };
    guest.give(&value, out)
}

pub(in super::super) fn pairs(guest: &mut Guest<'_>, map: u32, out: Out) -> Result<(), Fault> {
    let map = MapType::parse(map)?;
    let headers = readable(guest.gateway(), map).filter(|headers| !headers.is_empty());
    let bytes = headers.map(Headers::encode).unwrap_or_default();
    guest.give(&bytes, out)
}

pub(in super::super) fn size(guest: &mut Guest<'_>, map: u32, out: u32) -> Result<(), Fault> {
    let size = writable(guest.gateway(), MapType::parse(map)?)?.byte_size();
    guest.write_u32(out, u32::try_from(size).unwrap_or(u32::MAX))
}

pub(in super::super) fn add(guest: &mut Guest<'_>, map: u32, name: Span, value: Span) -> Result<(), Fault> {
    let map = MapType::parse(map)?;
    let (memory, gateway) = guest.split()?;
    let (name, value) = (memory.read(name)?, memory.read(value)?);
    writable(gateway, map)?.push(name, value);
    Ok(())
}

pub(in super::super) fn replace(
    guest: &mut Guest<'_>,
    map: u32,
    name: Span,
    value: Span,
) -> Result<(), Fault> {
    let map = MapType::parse(map)?;
    let (memory, gateway) = guest.split()?;
    let (name, value) = (memory.read(name)?, memory.read(value)?);
    writable(gateway, map)?.set(name, value);
    Ok(())
}

pub(in super::super) fn remove(guest: &mut Guest<'_>, map: u32, name: Span) -> Result<(), Fault> {
    let map = MapType::parse(map)?;
    let (memory, gateway) = guest.split()?;
    let name = memory.read(name)?;
    writable(gateway, map)?.remove(name);
    Ok(())
}

pub(in super::super) fn set_pairs(guest: &mut Guest<'_>, map: u32, pairs: Span) -> Result<(), Fault> {
    let map = MapType::parse(map)?;
    let (memory, gateway) = guest.split()?;
    let pairs = Headers::decode(memory.read(pairs)?);
    *writable(gateway, map)? = pairs;
    Ok(())
}

fn readable(gateway: &Gateway, map: MapType) -> Option<&Headers> {
    let reply = || gateway.current_root().and_then(|root| root.reply.as_ref());
    match map {
        MapType::CalloutHeaders => reply().map(|reply| &reply.headers),
        MapType::CalloutTrailers => reply().and_then(|reply| reply.trailers.as_ref()),
        MapType::Grpc => None,
        _ => gateway.current_stream().and_then(|stream| stream.readable(map)),
    }
}

fn writable(gateway: &mut Gateway, map: MapType) -> Result<&mut Headers, Status> {
    gateway.current_stream_mut().ok_or(Status::BadArgument)?.writable(map)
}

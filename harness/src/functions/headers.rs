//! Host functions for header maps.

use crate::abi::{MapType, Status};
use crate::gateway::Gateway;
use crate::guest::{Fault, Guest, Out, Span};
use crate::headers::Headers;

pub(crate) fn value(guest: &mut Guest<'_>, map: u32, name: Span, out: Out) -> Result<(), Fault> {
    let map = MapType::parse(map)?;
    let (memory, gateway) = guest.split()?;
    let name = memory.read(name)?;
    let value = match readable(gateway, map) {
        Some(headers) => headers.get(name).ok_or(Status::NotFound)?.to_vec(),
        // While a stream is logged, a missing map counts as empty; at any other time, requesting it is an
        // error.
        None if gateway.current_stream().is_some_and(|stream| stream.logging) => {
            return Err(Status::NotFound.into());
        }
        None => return Err(Status::BadArgument.into()),
    };
    guest.give(&value, out)
}

pub(crate) fn pairs(guest: &mut Guest<'_>, map: u32, out: Out) -> Result<(), Fault> {
    let map = MapType::parse(map)?;
    let headers = readable(guest.gateway(), map).filter(|headers| !headers.is_empty());
    let bytes = headers.map(Headers::encode).unwrap_or_default();
    guest.give(&bytes, out)
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

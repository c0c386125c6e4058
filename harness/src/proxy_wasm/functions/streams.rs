//! Host functions that steer a stream. The host only records what the guest asked.

use super::super::abi::Status;
use super::super::guest::{Fault, Guest, Span};
use super::super::headers::Headers;
use super::super::streams::LocalResponse;

/// Stream types: request, response, downstream and upstream connection.
const STREAM_TYPES: u32 = 4;
const DOWNSTREAM: u32 = 2;
const UPSTREAM: u32 = 3;

pub(in super::super) fn go_on(guest: &mut Guest<'_>, kind: u32) -> Result<(), Fault> {
    match kind {
        UPSTREAM => Err(Status::Unimplemented.into()),
        STREAM_TYPES.. => Err(Status::BadArgument.into()),
        kind => {
            if let Some(stream) = guest.gateway().current_stream_mut() {
                stream.continued.push(kind);
                if kind < DOWNSTREAM {
                    // Envoy forgets the request's map here, whichever side goes on.
                    stream.request_headers.live = false;
                    stream.request_trailers.live = false;
                    stream.request_body = Default::default();
                }
            }
            Ok(())
        }
    }
}

pub(in super::super) fn close(guest: &mut Guest<'_>, kind: u32) -> Result<(), Fault> {
    if kind >= STREAM_TYPES {
        return Err(Status::BadArgument.into());
    }
    if let Some(stream) = guest.gateway().current_stream_mut() {
        stream.closed.push(kind);
    }
    Ok(())
}

pub(in super::super) fn local_response(
    guest: &mut Guest<'_>,
    status: u32,
    details: Span,
    body: Span,
    headers: Span,
    grpc_status: i32,
) -> Result<(), Fault> {
    let (memory, gateway) = guest.split()?;
    let response = LocalResponse {
        status,
        details: memory.read(details)?.to_vec(),
        body: memory.read(body)?.to_vec(),
        headers: Headers::decode(memory.read(headers)?),
        grpc_status,
    };
    if let Some(stream) = gateway.current_stream_mut() {
        stream.local_response = Some(response);
    }
    Ok(())
}

//! The host function that calls other services.

use std::time::Duration;

use crate::abi::Status;
use crate::callouts::Callout;
use crate::guest::{Fault, Guest, Span};
use crate::headers::Headers;

pub(crate) fn call(
    guest: &mut Guest<'_>,
    cluster: Span,
    headers: Span,
    body: Span,
    trailers: Span,
    timeout_ms: u32,
    out: u32,
) -> Result<(), Fault> {
    let (memory, gateway) = guest.split()?;
    let callout = Callout {
        id: 0,
        root_context: gateway.current_root_id(),
        context: gateway.current,
        cluster: String::from_utf8_lossy(memory.read(cluster)?).into_owned(),
        headers: Headers::decode(memory.read(headers)?),
        body: memory.read(body)?.to_vec(),
        trailers: Headers::decode(memory.read(trailers)?),
        timeout: (timeout_ms > 0).then(|| Duration::from_millis(timeout_ms.into())),
        sent_at_ns: gateway.now_ns,
    };
    // The token is written first, so that a call with a bad pointer is not made.
    guest.write_u32(out, 0)?;
    if i32::try_from(timeout_ms).is_err() {
        return Err(Status::BadArgument.into());
    }
    let id = guest.gateway().callouts.dispatch(callout)?;
    guest.write_u32(out, id)
}

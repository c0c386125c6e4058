//! Reading a request's body, never beyond its limit.

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;

use crate::Failure;

/// A body that has not been read yet.
#[expect(async_fn_in_trait, reason = "futures need not be Send: components are single-threaded")]
pub trait BodySource {
    /// Reads all of it.
    ///
    /// # Errors
    ///
    /// [`Failure::TooLarge`] as soon as more than `max_bytes` have come, [`Failure::BadRequest`] when it breaks off.
    async fn read(self, max_bytes: usize) -> Result<Bytes, Failure>;

    /// Reads and forgets the rest, but no more than `max_bytes`. A client that is still sending when the answer comes
    /// often sees a broken connection instead of the answer, so a body that is refused for its size is taken in first.
    async fn discard(self, max_bytes: usize);
}

impl BodySource for Bytes {
    async fn read(self, max_bytes: usize) -> Result<Bytes, Failure> {
        if self.len() > max_bytes { Err(too_large(max_bytes)) } else { Ok(self) }
    }

    async fn discard(self, _max_bytes: usize) {}
}

/// Refuses a body that says itself that it is over the limit, before any of it is read.
///
/// # Errors
///
/// [`Failure::TooLarge`].
pub fn check_declared_length(headers: &HeaderMap, max_bytes: usize) -> Result<(), Failure> {
    let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match declared {
        Some(bytes) if usize::try_from(bytes).map_or(true, |bytes| bytes > max_bytes) => {
            Err(too_large(max_bytes))
        }
        _ => Ok(()),
    }
}

/// The failure of a body over the limit.
pub fn too_large(max_bytes: usize) -> Failure {
    Failure::TooLarge { message: format!("the body is larger than {max_bytes} bytes: send smaller batches") }
}

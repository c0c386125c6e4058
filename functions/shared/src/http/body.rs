//! Reads a request's body within limits of size and time.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures::future::{Either, select};
use http::HeaderMap;
use http::header::CONTENT_LENGTH;

use super::Failure;
use crate::Environment;

/// A body that has not been read yet.
#[expect(async_fn_in_trait, reason = "futures need not be Send: components are single-threaded")]
pub trait BodySource {
    /// Reads the whole body.
    ///
    /// # Errors
    ///
    /// [`Failure::TooLarge`] as soon as more than `max_bytes` have arrived, [`Failure::BadRequest`] when the body is
    /// cut off.
    async fn read(self, max_bytes: usize) -> Result<Bytes, Failure>;

    /// Reads and discards the rest, but no more than `max_bytes`. A client that is still sending when the response
    /// arrives often sees a broken connection instead of the response, so a body that is refused for its size is read
    /// first.
    async fn discard(self, max_bytes: usize);
}

impl BodySource for Bytes {
    async fn read(self, max_bytes: usize) -> Result<Bytes, Failure> {
        if self.len() > max_bytes { Err(too_large(max_bytes)) } else { Ok(self) }
    }

    async fn discard(self, _max_bytes: usize) {}
}

/// The limits of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyLimits {
    /// Most bytes.
    pub max_bytes: usize,
    /// Time limit for the whole body to arrive.
    pub timeout: Duration,
}

/// How long a body that declares itself too large is read before the response.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(1);

/// Reads a body within its limits. A body that declares itself too large is refused without being kept.
///
/// # Errors
///
/// [`Failure::TooLarge`], [`Failure::TooSlow`], [`Failure::BadRequest`].
pub async fn read(
    body: impl BodySource,
    headers: &HeaderMap,
    limits: BodyLimits,
    host: &impl Environment,
) -> Result<Bytes, Failure> {
    let BodyLimits { max_bytes, timeout } = limits;
    let read = pin!(async {
        if let Err(failure) = check_declared_length(headers, max_bytes) {
            let discarded = pin!(body.discard(max_bytes.saturating_mul(2)));
            select(discarded, pin!(host.sleep(DISCARD_TIMEOUT))).await;
            return Err(failure);
        }
        body.read(max_bytes).await
    });
    match select(read, pin!(host.sleep(timeout))).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right(_) => Err(Failure::TooSlow {
            message: format!(
                "the body did not arrive within {} ms: send it faster, or less",
                timeout.as_millis()
            ),
        }),
    }
}

/// Refuses a body that declares itself over the limit, before any of it is read.
fn check_declared_length(headers: &HeaderMap, max_bytes: usize) -> Result<(), Failure> {
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::pending;

    use gatelog_record::Timestamp;

    use super::*;

    /// A body whose last byte never comes.
    struct Endless<'c> {
        discarded: &'c Cell<bool>,
    }

    impl BodySource for Endless<'_> {
        async fn read(self, _: usize) -> Result<Bytes, Failure> {
            pending().await
        }

        async fn discard(self, _: usize) {
            self.discarded.set(true);
            pending().await
        }
    }

    /// A host whose waits end at once, and that records the length of the last one.
    #[derive(Default)]
    struct Impatient(Cell<Duration>);

    impl Environment for Impatient {
        fn now(&self) -> Timestamp {
            Timestamp::MIN
        }

        fn ticks(&self) -> Duration {
            Duration::ZERO
        }

        fn fill_random(&self, _: &mut [u8]) {}

        async fn sleep(&self, duration: Duration) {
            self.0.set(duration);
        }
    }

    const LIMITS: BodyLimits = BodyLimits { max_bytes: 10, timeout: Duration::from_millis(700) };

    #[tokio::test(flavor = "current_thread")]
    async fn a_body_that_does_not_end_is_refused_when_its_time_is_over() {
        let cases =
            [("5", 408, "within 700 ms", LIMITS.timeout), ("11", 413, "larger than 10", DISCARD_TIMEOUT)];
        for (declared, status, message, waited) in cases {
            let was_discarded = Cell::new(false);
            let host = Impatient::default();
            let headers = HeaderMap::from_iter([(CONTENT_LENGTH, declared.parse().unwrap())]);
            let failure =
                read(Endless { discarded: &was_discarded }, &headers, LIMITS, &host).await.unwrap_err();
            assert_eq!(failure.status(), status);
            assert!(failure.public_message().contains(message), "{failure}");
            assert_eq!((host.0.get(), was_discarded.get()), (waited, status == 413));
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_body_that_has_arrived_needs_no_time() {
        let body = Bytes::from("0123456789");
        let read = read(body.clone(), &HeaderMap::new(), LIMITS, &Impatient::default()).await;
        assert_eq!(read.unwrap(), body);
    }
}

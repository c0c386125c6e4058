//! The clocks and random bytes of Spin's host, and work after a response.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gatelog_record::Timestamp;
use spin_sdk::wasip3;
use spin_sdk::wasip3::clocks::monotonic_clock;

use crate::Environment;

/// The clocks and random bytes of the host.
#[derive(Clone, Copy, Debug)]
pub struct SpinEnvironment;

impl Environment for SpinEnvironment {
    fn now(&self) -> Timestamp {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_nanos(u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX))
    }

    fn ticks(&self) -> Duration {
        Duration::from_nanos(monotonic_clock::now())
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        let random = wasip3::random::random::get_random_bytes(bytes.len() as u64);
        for (byte, random) in bytes.iter_mut().zip(random) {
            *byte = random;
        }
    }

    async fn sleep(&self, duration: Duration) {
        monotonic_clock::wait_for(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)).await;
    }
}

/// Work that continues after the current response. The instance lives until it is done.
pub fn spawn(work: impl Future<Output = ()> + 'static) {
    wasip3::spawn(work);
}

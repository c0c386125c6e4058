//! The two clocks of the core.

use std::sync::LazyLock;
use std::time::{Instant as SystemInstant, SystemTime, UNIX_EPOCH};

use gatelog_filter::host::{Instant, Time};

/// What the monotonic clock shows when the module begins. It is far from zero, so that what began before the module did has
/// a time as well.
const BEGIN: u64 = 1 << 62;

static BEGUN: LazyLock<SystemInstant> = LazyLock::new(SystemInstant::now);

/// The time of day.
pub fn wall_time() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

/// The monotonic clock.
pub fn monotonic() -> Instant {
    Instant(BEGIN).plus(BEGUN.elapsed())
}

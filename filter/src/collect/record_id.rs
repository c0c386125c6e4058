//! Record ids: UUIDs of version 7 (RFC 9562), ordered by time and unique over all VMs and restarts.
//!
//! Within one millisecond the 12 bits after the time count up (RFC 9562, section 6.2, method 1), so ids of one VM
//! are strictly increasing; the other 62 bits are random.

use uuid::Builder;
use uuid::fmt::Hyphenated;

use crate::host::Time;
use crate::rng::Rng;

/// Generates record ids.
#[derive(Debug, Default)]
pub struct RecordIds {
    millis: u64,
    counter: u16,
}

/// Largest value of the counter.
const MAX_COUNTER: u16 = 0x0fff;

impl RecordIds {
    /// The next id.
    pub fn next(&mut self, now: Time, rng: &mut Rng) -> String {
        let millis = now.0 / 1_000_000;
        if millis > self.millis {
            self.millis = millis;
            self.counter = 0;
        } else if self.counter < MAX_COUNTER {
            self.counter += 1;
        } else {
            // More than 4096 ids in a millisecond, or a clock that was set back: borrow from the next millisecond.
            self.millis += 1;
            self.counter = 0;
        }
        let [high, low] = self.counter.to_be_bytes();
        let [a, b, c, d, e, f, g, h] = rng.next_u64().to_be_bytes();
        let id = Builder::from_unix_timestamp_millis(self.millis, &[high, low, a, b, c, d, e, f, g, h])
            .into_uuid();
        id.hyphenated().encode_lower(&mut [0; Hyphenated::LENGTH]).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::mock::MockHost;

    #[test]
    fn ids_are_of_version_7_and_strictly_increase_even_when_the_clock_stands_or_goes_back() {
        let (mut ids, mut rng) = (RecordIds::default(), Rng::seeded(1));
        let times = std::iter::repeat_n(MockHost::START, 5_000).chain([Time(MockHost::START.0 - 5_000_000)]);
        let made: Vec<String> = times.map(|now| ids.next(now, &mut rng)).collect();
        assert!(made.is_sorted() && made.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(made[0].starts_with("019c13ec-9e00-7000-"), "{}", made[0]);
        assert_eq!(made[0].chars().nth(14), Some('7'));
        assert!(made[0].chars().nth(19).is_some_and(|variant| "89ab".contains(variant)));
    }

    #[test]
    fn two_vms_make_different_ids_in_the_same_millisecond() {
        let one = RecordIds::default().next(MockHost::START, &mut Rng::seeded(1));
        let other = RecordIds::default().next(MockHost::START, &mut Rng::seeded(2));
        assert_ne!(one, other);
    }
}

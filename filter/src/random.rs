//! Random numbers that cost one keyed hash each: the key comes from the gateway's random source once a VM.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// A source of random numbers, different in every VM and after every restart.
#[derive(Debug, Default)]
pub struct Random {
    // The standard library keys this with 128 bits from the system (`random_get` in a VM).
    keyed: RandomState,
    next: u64,
}

impl Random {
    /// The next number, uniform over all 64-bit numbers.
    pub fn number(&mut self) -> u64 {
        self.next = self.next.wrapping_add(1);
        self.keyed.hash_one(self.next)
    }

    /// Between half and all of `whole`, by chance.
    pub fn at_least_half(&mut self, whole: Duration) -> Duration {
        let parts = u32::from_le_bytes(*self.number().to_le_bytes().first_chunk().unwrap_or(&[0; 4])) >> 16;
        whole / 2 + whole / 2 * parts / 0xffff
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sources_differ_and_delays_stay_in_range() {
        let (mut one, mut other) = (Random::default(), Random::default());
        assert_ne!(one.number(), other.number());
        assert_ne!(one.number(), one.number());
        let (half, whole) = (Duration::from_secs(30), Duration::from_secs(60));
        let delays: Vec<Duration> = (0..1_000).map(|_| one.at_least_half(whole)).collect();
        assert!(delays.iter().all(|delay| (half..=whole).contains(delay)));
        assert!(delays.iter().max() > delays.iter().min());
    }
}

//! Random numbers from a seed. The gateway's random source gives the seed, once for each VM, because a call of the
//! gateway for each number is expensive.

use std::time::Duration;

/// A source of random numbers: different for each seed.
#[derive(Debug)]
pub struct Rng(fastrand::Rng);

impl Rng {
    /// The generator for a seed, which must be unique.
    pub fn seeded(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// The next number, uniform over all 64-bit numbers.
    pub fn next_u64(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// A random time between half of `whole` and `whole`.
    pub fn equal_jitter(&mut self, whole: Duration) -> Duration {
        let parts = u32::from_le_bytes(*self.next_u64().to_le_bytes().first_chunk().unwrap_or(&[0; 4])) >> 16;
        whole / 2 + whole / 2 * parts / 0xffff
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sources_differ_and_delays_stay_in_range() {
        let (mut one, mut other) = (Rng::seeded(1), Rng::seeded(2));
        assert_ne!(one.next_u64(), other.next_u64());
        assert_ne!(one.next_u64(), one.next_u64());
        let (half, whole) = (Duration::from_secs(30), Duration::from_secs(60));
        let delays: Vec<Duration> = (0..1_000).map(|_| one.equal_jitter(whole)).collect();
        assert!(delays.iter().all(|delay| (half..=whole).contains(delay)));
        assert!(delays.iter().max() > delays.iter().min());
    }
}

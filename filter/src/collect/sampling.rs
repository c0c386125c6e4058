//! Decides which streams are recorded: a share of all, the same ones on every gateway, and all errors and slow
//! streams.

use std::time::Duration;

use crate::config::settings::Sampling;
use crate::rng::Rng;

/// The input of the sampling decision.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// `x-request-id`, otherwise the trace id.
    pub id: Option<&'a [u8]>,
    /// Status; 0 for none.
    pub status: i64,
    /// Response flags.
    pub flags: i64,
    /// From start to end.
    pub duration: Duration,
}

/// True when the stream is recorded. All gateways make the same decision for streams with the same id; for a stream without an
/// id, a random number decides.
pub fn keeps(sampling: &Sampling, candidate: &Candidate<'_>, rng: &mut Rng) -> bool {
    if sampling.rate >= 1.0
        || candidate.status == 0
        || candidate.flags != 0
        || candidate.status >= sampling.keep_status_from
        || sampling.keep_slower_than.is_some_and(|slow| candidate.duration > slow)
    {
        return true;
    }
    let number = candidate.id.map_or_else(|| rng.next_u64(), hash);
    // 53 bits, which a float holds exactly.
    #[expect(clippy::cast_precision_loss, reason = "at most 53 bits")]
    let share = (number >> 11) as f64 / (1_u64 << 53) as f64;
    share < sampling.rate
}

/// The digit of a UUID into which Envoy writes its tracing decision, which may differ from one gateway to the next.
const TRACE_DIGIT: usize = 14;
/// Length of a UUID.
const UUID_LENGTH: usize = 36;

/// A hash uniform over all 64-bit numbers: FNV-1a, with the finalizer of MurmurHash3 because its high bits are weak.
fn hash(id: &[u8]) -> u64 {
    let is_uuid = id.len() == UUID_LENGTH;
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for (index, byte) in id.iter().enumerate() {
        if !(is_uuid && index == TRACE_DIGIT) {
            hash = (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3);
        }
    }
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        hash = (hash ^ hash >> 33).wrapping_mul(factor);
    }
    hash ^ hash >> 33
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: Candidate<'_> =
        Candidate { id: Some(b"a"), status: 200, flags: 0, duration: Duration::from_millis(5) };

    fn sampling(rate: f64) -> Sampling {
        Sampling { rate, ..Sampling::default() }
    }

    #[test]
    fn errors_and_slow_exchanges_are_always_kept() {
        let slow = Duration::from_millis(1_001);
        for (name, candidate, expected) in [
            ("fine", OK, false),
            ("client error", Candidate { status: 404, ..OK }, true),
            ("server error", Candidate { status: 503, ..OK }, true),
            ("no status", Candidate { status: 0, ..OK }, true),
            ("hung up", Candidate { flags: 1 << 14, ..OK }, true),
            ("slow", Candidate { duration: slow, ..OK }, true),
            ("redirect", Candidate { status: 301, ..OK }, false),
            ("no id", Candidate { id: None, ..OK }, false),
        ] {
            assert_eq!(keeps(&sampling(0.0), &candidate, &mut Rng::seeded(1)), expected, "{name}");
            assert!(keeps(&sampling(1.0), &candidate, &mut Rng::seeded(1)), "{name}");
        }
        let only_5xx = Sampling { rate: 0.0, keep_status_from: 500, keep_slower_than: None };
        let rng = &mut Rng::seeded(1);
        assert!(!keeps(&only_5xx, &Candidate { status: 404, duration: slow, ..OK }, rng));
        assert!(keeps(&only_5xx, &Candidate { status: 500, ..OK }, rng));
    }

    #[test]
    fn the_share_is_met_and_a_higher_rate_keeps_what_a_lower_one_does() {
        let ids: Vec<String> =
            (0..20_000_u32).map(|number| format!("6b0ff6ce-0000-4000-8000-{number:012x}")).collect();
        let kept = |rate: f64| -> Vec<bool> {
            let keep = |id: &String| {
                let candidate = Candidate { id: Some(id.as_bytes()), ..OK };
                keeps(&sampling(rate), &candidate, &mut Rng::seeded(1))
            };
            ids.iter().map(keep).collect()
        };
        let (tenth, half) = (kept(0.1), kept(0.5));
        let count = |kept: &[bool]| kept.iter().filter(|kept| **kept).count();
        assert!((1_800..2_200).contains(&count(&tenth)), "{}", count(&tenth));
        assert!((9_700..10_300).contains(&count(&half)), "{}", count(&half));
        assert!(tenth.iter().zip(&half).all(|(tenth, half)| !tenth || *half));
    }

    #[test]
    fn the_decision_is_the_same_on_every_gateway_whatever_its_tracing_decision() {
        // Fixed values: another version must decide the same.
        assert_eq!(hash(b""), 0xefd0_1f60_ba99_2926);
        let with = |digit: char| hash(format!("6b0ff6ce-0000-{digit}000-8000-000000000001").as_bytes());
        assert!(['4', '9', 'a', 'b'].into_iter().all(|digit| with(digit) == with('4')));
        assert_eq!(hash(b"ABC"), hash(b"abc"));
        assert_ne!(hash(b"abc"), hash(b"abd"));
    }
}

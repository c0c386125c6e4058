//! Envoy's response flags: the names of the bits of `response.flags`.
//!
//! The attribute is a 64-bit mask in which bit n stands for the n-th core flag (Envoy's
//! `source/common/stream_info/utility.h`). As in access logs, the text is the short names joined with commas, or `-`
//! for none.

use std::borrow::Cow;

/// The short names, by bit.
const NAMES: [&str; 30] = [
    "LH", "UH", "UT", "LR", "UR", "UF", "UC", "UO", "NR", "DI", "FI", "RL", "UAEX", "RLSE", "DC", "URX",
    "SI", "IH", "DPE", "UMSDR", "RFCF", "NFCF", "DT", "UPE", "NC", "OM", "DF", "DO", "DR", "UDO",
];

/// The text of a mask: `UF,URX`, or `-` when no known bit is set.
pub fn text(mask: i64) -> Cow<'static, str> {
    let mut names = NAMES.iter().enumerate().filter(|(bit, _)| (mask >> bit) & 1 == 1).map(|(_, name)| *name);
    let Some(first) = names.next() else { return Cow::Borrowed("-") };
    let Some(second) = names.next() else { return Cow::Borrowed(first) };
    let mut text = format!("{first},{second}");
    for name in names {
        text.push(',');
        text.push_str(name);
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bit_has_its_name() {
        // Short names as documented for %RESPONSE_FLAGS%, with the position in CoreResponseFlag.
        for (bit, name) in [
            (0, "LH"),
            (1, "UH"),
            (2, "UT"),
            (3, "LR"),
            (4, "UR"),
            (5, "UF"),
            (6, "UC"),
            (7, "UO"),
            (8, "NR"),
            (9, "DI"),
            (10, "FI"),
            (11, "RL"),
            (12, "UAEX"),
            (13, "RLSE"),
            (14, "DC"),
            (15, "URX"),
            (16, "SI"),
            (17, "IH"),
            (18, "DPE"),
            (19, "UMSDR"),
            (20, "RFCF"),
            (21, "NFCF"),
            (22, "DT"),
            (23, "UPE"),
            (24, "NC"),
            (25, "OM"),
            (26, "DF"),
            (27, "DO"),
            (28, "DR"),
            (29, "UDO"),
        ] {
            assert_eq!(text(1 << bit), name);
        }
    }

    #[test]
    fn several_are_joined_and_none_is_a_dash() {
        assert_eq!(text(0), "-");
        assert_eq!(text(1 << 5 | 1 << 15), "UF,URX");
        assert_eq!(text(0b111), "LH,UH,UT");
        assert_eq!(text(1 << 40), "-");
        assert_eq!(text(-1).split(',').count(), 30);
    }
}

//! As much of protobuf's encoding as it takes to count the entries of a message: `https://protobuf.dev/programming-guides/encoding`.

/// How many messages there are at `path`, the numbers of the fields from the outermost to the one that is counted. What
/// cannot be read counts nothing.
pub fn count(message: &[u8], path: &[u64]) -> u64 {
    let Some((field, inner)) = path.split_first() else { return 1 };
    let mut rest = message;
    let mut sum = 0;
    while let Some((each, after)) = next_field(rest) {
        if each.number == *field {
            sum += each.bytes.map_or(0, |bytes| count(bytes, inner));
        }
        rest = after;
    }
    sum
}

struct Field<'a> {
    number: u64,
    /// None for a number.
    bytes: Option<&'a [u8]>,
}

/// The next field, and what follows it.
fn next_field(bytes: &[u8]) -> Option<(Field<'_>, &[u8])> {
    let (tag, rest) = varint(bytes)?;
    let (bytes, rest) = match tag & 7 {
        0 => (None, varint(rest)?.1),
        1 => (None, rest.get(8..)?),
        2 => {
            let (length, rest) = varint(rest)?;
            let (value, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            (Some(value), rest)
        }
        5 => (None, rest.get(4..)?),
        _ => return None,
    };
    Some((Field { number: tag >> 3, bytes }, rest))
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(index + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_counted_through_the_fields_around_them() {
        // 1: {2: "a", 2: "bc", 3: 150}, 1: {2: ""}, 4: fixed32
        let message = [10, 10, 18, 1, b'a', 18, 2, b'b', b'c', 24, 0x96, 1, 10, 2, 18, 0, 37, 0, 0, 0, 0];
        assert_eq!(count(&message, &[1, 2]), 3);
        assert_eq!(count(&message, &[1]), 2);
        assert_eq!(count(&message, &[7]), 0);
        assert_eq!(count(&message[..5], &[1, 2]), 0);
    }
}

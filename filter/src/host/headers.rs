//! A header map in the gateway's own encoding, read in place: one allocation for any number of headers.
//!
//! # Format
//!
//! proxy-wasm's pairs: the number of pairs, then for each pair the lengths of name and value, all 32 bits little
//! endian; then for each pair the name, a NUL, the value, a NUL. Values may hold any byte.

/// A header map. Names are lower case; a name may occur more than once.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    raw: Vec<u8>,
}

impl Headers {
    /// A map from the gateway's encoding. It ends where the encoding cannot be read.
    pub fn from_raw(raw: Vec<u8>) -> Self {
        Self { raw }
    }

    /// The map in the gateway's encoding. An empty map may be no bytes at all.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// True without any pair.
    pub fn is_empty(&self) -> bool {
        read_u32(&self.raw, 0).unwrap_or(0) == 0
    }

    /// The pairs in their order.
    pub fn iter(&self) -> Iter<'_> {
        let count = read_u32(&self.raw, 0).unwrap_or(0);
        let data = count.checked_mul(8).and_then(|sizes| sizes.checked_add(4)).unwrap_or(usize::MAX);
        Iter { raw: &self.raw, sizes: 4, data, left: count }
    }

    /// The first value of a header.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(key, _)| *key == name.as_bytes()).map(|(_, value)| value)
    }

    /// The bytes of all names and values together, as the gateway counts them.
    pub fn byte_size(&self) -> usize {
        self.iter().map(|(name, value)| name.len() + value.len()).sum()
    }
}

impl<'a> FromIterator<(&'a str, &'a [u8])> for Headers {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a [u8])>>(pairs: I) -> Self {
        let pairs: Vec<_> = pairs.into_iter().collect();
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
        let mut raw = Vec::new();
        raw.extend(u32::try_from(pairs.len()).unwrap_or(u32::MAX).to_le_bytes());
        for (name, value) in &pairs {
            raw.extend(length(name.as_bytes()));
            raw.extend(length(value));
        }
        for (name, value) in &pairs {
            raw.extend_from_slice(name.as_bytes());
            raw.push(0);
            raw.extend_from_slice(value);
            raw.push(0);
        }
        Self { raw }
    }
}

/// The pairs of [`Headers`].
#[derive(Debug)]
pub struct Iter<'a> {
    raw: &'a [u8],
    sizes: usize,
    data: usize,
    left: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        let name_len = read_u32(self.raw, self.sizes)?;
        let value_len = read_u32(self.raw, self.sizes + 4)?;
        self.sizes += 8;
        let name = self.raw.get(self.data..)?.get(..name_len)?;
        self.data += name_len + 1;
        let value = self.raw.get(self.data..)?.get(..value_len)?;
        self.data += value_len + 1;
        Some((name, value))
    }
}

fn read_u32(raw: &[u8], at: usize) -> Option<usize> {
    let bytes = raw.get(at..)?.first_chunk::<4>()?;
    usize::try_from(u32::from_le_bytes(*bytes)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_the_gateway_sends_is_read() {
        let headers: Headers =
            [(":method", &b"GET"[..]), ("x-a", b""), ("x-b", b"\xff\0")].into_iter().collect();
        let pairs: Vec<_> = headers.iter().collect();
        assert_eq!(pairs, [(&b":method"[..], &b"GET"[..]), (b"x-a", b""), (b"x-b", b"\xff\0")]);
        assert_eq!(headers.get("x-b"), Some(&b"\xff\0"[..]));
        assert_eq!(headers.get("x-c"), None);
        assert_eq!(headers.byte_size(), 10 + 3 + 5);
    }

    #[test]
    fn an_empty_answer_is_an_empty_map() {
        assert_eq!(Headers::default().iter().count(), 0);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(raw in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = Headers::from_raw(raw).iter().count();
        }
    }
}

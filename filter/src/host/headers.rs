//! A header map, read in place: in the gateway's own encoding, one allocation for any number of headers; or lent by a
//! gateway whose memory the filter can read.
//!
//! # Format
//!
//! proxy-wasm's pairs: the number of pairs, then for each pair the lengths of name and value, all 32 bits little
//! endian; then for each pair the name, a NUL, the value, a NUL. Values may hold any byte.

use std::slice;

/// A header map. Names are lower case; a name may occur more than once.
#[derive(Clone, Debug)]
pub struct Headers<'a> {
    form: Form<'a>,
}

#[derive(Clone, Debug)]
enum Form<'a> {
    Encoded(Vec<u8>),
    Lent(Vec<(&'a [u8], &'a [u8])>),
}

impl Default for Headers<'_> {
    fn default() -> Self {
        Self::from_raw(Vec::new())
    }
}

impl<'a> Headers<'a> {
    /// A map from the gateway's encoding. It ends where the encoding cannot be read. An empty map may be no bytes at all.
    pub fn from_raw(raw: Vec<u8>) -> Self {
        Self { form: Form::Encoded(raw) }
    }

    /// A map whose names and values are where the gateway has them.
    pub fn lent(pairs: Vec<(&'a [u8], &'a [u8])>) -> Self {
        Self { form: Form::Lent(pairs) }
    }

    /// Bytes of the map in the gateway's encoding.
    pub fn encoded_size(&self) -> usize {
        match &self.form {
            Form::Encoded(raw) => raw.len(),
            Form::Lent(pairs) => 4 + self.byte_size() + 10 * pairs.len(),
        }
    }

    /// The map in the gateway's encoding, copied where it was lent.
    pub fn into_encoded(self) -> Headers<'static> {
        match self.form {
            Form::Encoded(raw) => Headers::from_raw(raw),
            Form::Lent(pairs) => Headers::encode(&pairs),
        }
    }

    /// The map's encoding; nothing of a map that is lent.
    pub fn encoding(&self) -> &[u8] {
        match &self.form {
            Form::Encoded(raw) => raw,
            Form::Lent(_) => &[],
        }
    }

    /// True without any pair.
    pub fn is_empty(&self) -> bool {
        match &self.form {
            Form::Encoded(raw) => read_u32(raw, 0).unwrap_or(0) == 0,
            Form::Lent(pairs) => pairs.is_empty(),
        }
    }

    /// The pairs in their order.
    pub fn iter(&self) -> Iter<'_> {
        match &self.form {
            Form::Encoded(raw) => {
                let count = read_u32(raw, 0).unwrap_or(0);
                let data = count.checked_mul(8).and_then(|sizes| sizes.checked_add(4)).unwrap_or(usize::MAX);
                Iter::Encoded(EncodedIter { raw, sizes: 4, data, left: count })
            }
            Form::Lent(pairs) => Iter::Lent(pairs.iter()),
        }
    }

    /// The first value of a header.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(key, _)| *key == name.as_bytes()).map(|(_, value)| value)
    }

    /// The bytes of all names and values together, as the gateway counts them.
    pub fn byte_size(&self) -> usize {
        self.iter().map(|(name, value)| name.len() + value.len()).sum()
    }

    fn encode(pairs: &[(&[u8], &[u8])]) -> Headers<'static> {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
        let mut raw = Vec::new();
        raw.extend(u32::try_from(pairs.len()).unwrap_or(u32::MAX).to_le_bytes());
        for (name, value) in pairs {
            raw.extend(length(name));
            raw.extend(length(value));
        }
        for (name, value) in pairs {
            raw.extend_from_slice(name);
            raw.push(0);
            raw.extend_from_slice(value);
            raw.push(0);
        }
        Headers::from_raw(raw)
    }
}

impl<'p> FromIterator<(&'p str, &'p [u8])> for Headers<'static> {
    fn from_iter<I: IntoIterator<Item = (&'p str, &'p [u8])>>(pairs: I) -> Self {
        let pairs: Vec<_> = pairs.into_iter().map(|(name, value)| (name.as_bytes(), value)).collect();
        Headers::encode(&pairs)
    }
}

/// The pairs of [`Headers`].
#[derive(Debug)]
pub enum Iter<'a> {
    /// Of a map in the gateway's encoding.
    Encoded(EncodedIter<'a>),
    /// Of a map that is lent.
    Lent(slice::Iter<'a, (&'a [u8], &'a [u8])>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Encoded(pairs) => pairs.next(),
            Self::Lent(pairs) => pairs.next().copied(),
        }
    }
}

/// The pairs of a map in the gateway's encoding.
#[derive(Debug)]
pub struct EncodedIter<'a> {
    raw: &'a [u8],
    sizes: usize,
    data: usize,
    left: usize,
}

impl<'a> Iterator for EncodedIter<'a> {
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
        let headers: Headers<'_> =
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

    #[test]
    fn a_map_that_is_lent_is_the_same_map() {
        let pairs = [(&b":method"[..], &b"GET"[..]), (b"x-a", b""), (b"x-b", b"\xff\0")];
        let lent = Headers::lent(pairs.to_vec());
        assert!(lent.iter().eq(pairs) && !lent.is_empty());
        assert_eq!((lent.get("x-b"), lent.byte_size()), (Some(&b"\xff\0"[..]), 18));
        let size = lent.encoded_size();
        let encoded = lent.into_encoded();
        assert!(encoded.iter().eq(pairs));
        assert_eq!((encoded.encoding().len(), encoded.encoded_size()), (size, size));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(raw in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = Headers::from_raw(raw).iter().count();
        }
    }
}

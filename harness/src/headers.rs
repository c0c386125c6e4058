//! Header maps as a gateway holds them, and their byte layout for passing them to a guest.

/// Most pairs in one map from a guest; Envoy reads a larger one as empty.
const MAX_PAIRS: usize = 1024;
/// Most bytes of one encoded map from a guest; Envoy reads a larger one as empty.
const MAX_PAIR_BYTES: usize = 1024 * 1024;

/// An ordered header map: names are lower case, pseudo-headers come first, values are arbitrary bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(Vec<u8>, Vec<u8>)>);

impl Headers {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a header; a pseudo-header is inserted after the other pseudo-headers.
    pub fn push(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        let pair = (name.as_ref().to_ascii_lowercase(), value.as_ref().to_vec());
        if pair.0.starts_with(b":") {
            let pseudo = self.0.iter().take_while(|(name, _)| name.starts_with(b":")).count();
            self.0.insert(pseudo, pair);
        } else {
            self.0.push(pair);
        }
    }

    /// The same map with one more header.
    pub fn with(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.push(name, value);
        self
    }

    /// The first value of a header. A missing `host` is taken from `:authority`, as in Envoy.
    pub fn get(&self, name: impl AsRef<[u8]>) -> Option<&[u8]> {
        let find = |name: &[u8]| self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        let alias = || name.as_ref().eq_ignore_ascii_case(b"host").then(|| find(b":authority")).flatten();
        find(name.as_ref()).or_else(alias).map(|(_, value)| value.as_slice())
    }

    /// Every value of a header, in order.
    pub fn values<'h>(&'h self, name: &'h [u8]) -> impl Iterator<Item = &'h [u8]> {
        self.0.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_slice())
    }

    /// The first value of a header, with bytes that are not UTF-8 replaced.
    pub fn text(&self, name: impl AsRef<[u8]>) -> Option<String> {
        self.get(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// The pairs, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_slice(), value.as_slice()))
    }

    /// The number of pairs.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the map is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes of all names and values.
    pub fn byte_size(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.len()).sum()
    }

    /// The ABI's layout: the number of pairs, the two lengths of each, then names and values, each terminated by a
    /// NUL; every number is 4 bytes, little endian.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(4 + self.0.len() * 10 + self.byte_size());
        bytes.extend(length(self.0.len()));
        for (name, value) in &self.0 {
            bytes.extend(length(name.len()));
            bytes.extend(length(value.len()));
        }
        for (name, value) in &self.0 {
            bytes.extend_from_slice(name);
            bytes.push(0);
            bytes.extend_from_slice(value);
            bytes.push(0);
        }
        bytes
    }

    /// Reads the ABI's layout. As in Envoy, an invalid layout is read as an empty map.
    pub(super) fn decode(bytes: &[u8]) -> Self {
        if bytes.len() > MAX_PAIR_BYTES { Self::new() } else { decode(bytes).unwrap_or_default() }
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut headers = Self::new();
        for (name, value) in pairs {
            headers.push(name, value);
        }
        headers
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>, const COUNT: usize> From<[(N, V); COUNT]> for Headers {
    fn from(pairs: [(N, V); COUNT]) -> Self {
        pairs.into_iter().collect()
    }
}

fn length(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes()
}

fn decode(bytes: &[u8]) -> Option<Headers> {
    let (count, mut sizes) = number(bytes)?;
    if count > MAX_PAIRS || sizes.len() < count * 8 {
        return None;
    }
    let (_, mut text) = sizes.split_at_checked(count * 8)?;
    let mut headers = Headers::new();
    for _ in 0..count {
        let (name_size, rest) = number(sizes)?;
        let (value_size, rest) = number(rest)?;
        sizes = rest;
        let (name, rest) = closed(text, name_size)?;
        let (value, rest) = closed(rest, value_size)?;
        text = rest;
        headers.push(name, value);
    }
    text.is_empty().then_some(headers)
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((usize::try_from(u32::from_le_bytes(*number)).ok()?, rest))
}

fn closed(bytes: &[u8], size: usize) -> Option<(&[u8], &[u8])> {
    let (text, rest) = bytes.split_at_checked(size)?;
    Some((text, rest.strip_prefix(b"\0")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_survives_its_encoding_with_any_bytes() {
        let headers = Headers::from([(&b":path"[..], &b"/\xff"[..]), (b"x-a", b""), (b"x-a", b"2\0")]);
        assert_eq!(Headers::decode(&headers.encode()), headers);
    }

    #[test]
    fn a_broken_encoding_is_an_empty_map() {
        let good = Headers::from([("a", "b")]).encode();
        for cut in 0..good.len() {
            assert!(Headers::decode(&good[..cut]).is_empty(), "cut at {cut}");
        }
        assert!(Headers::decode(&[0xff; 64]).is_empty());
        assert!(Headers::decode(&[good, vec![0]].concat()).is_empty());
    }

    #[test]
    fn pseudo_headers_come_before_the_others() {
        let headers = Headers::from([("a", "1"), (":path", "/"), (":method", "GET")]);
        let names: Vec<_> = headers.iter().map(|(name, _)| name).collect();
        assert_eq!(names, [&b":path"[..], b":method", b"a"]);
    }
}

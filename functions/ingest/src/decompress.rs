//! Compressed bodies: gzip, zlib (`deflate`) and Zstandard, as senders compress batches of logs.
//!
//! What a body becomes is bounded: decoding stops as soon as there is more, so a body of a few kilobytes that becomes
//! gigabytes costs no more memory than the bound. A Zstandard frame states how much of its content a decoder must keep; one
//! that asks for more than the bound is refused before anything is allocated.

use std::io::Read;

use bytes::Bytes;
use flate2::bufread::GzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use gatelog_functions_shared::Failure;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use ruzstd::decoding::StreamingDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};

/// Longest part of a header that an error shows, in characters.
const SHOWN: usize = 64;
/// The smallest window that every Zstandard decoder should support (RFC 8878, 3.1.1.1.2).
const MIN_WINDOW: usize = 8 << 20;
/// Most members of a gzip body, or frames of a Zstandard one. A compressor that writes blocks of 64 KiB makes fewer of the
/// largest body, and each costs time even if it is empty.
const MAX_MEMBERS: usize = 4_096;
/// How much is decoded between two looks at the bound, in bytes.
const STEP: usize = 16 << 10;

/// A content encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// The body as it is.
    Identity,
    /// `gzip`.
    Gzip,
    /// `deflate`, which is zlib.
    Deflate,
    /// `zstd`.
    Zstd,
}

impl Coding {
    /// The encoding that a request's headers name, before its body is read.
    ///
    /// # Errors
    ///
    /// [`Failure::UnsupportedMediaType`], which says what is supported.
    pub fn of(headers: &HeaderMap) -> Result<Self, Failure> {
        let header = headers.get(CONTENT_ENCODING).map_or("", |value| value.to_str().unwrap_or("?")).trim();
        let is = |name: &str| header.eq_ignore_ascii_case(name);
        match () {
            () if header.is_empty() || is("identity") => Ok(Self::Identity),
            () if is("gzip") || is("x-gzip") => Ok(Self::Gzip),
            () if is("deflate") => Ok(Self::Deflate),
            () if is("zstd") => Ok(Self::Zstd),
            () => {
                let shown: String = header.chars().take(SHOWN).collect();
                let message = format!(
                    "content-encoding \"{shown}\" is not read: send gzip, zstd, deflate or the body as it is"
                );
                Err(Failure::UnsupportedMediaType { message })
            }
        }
    }

    /// The content of `body`.
    ///
    /// # Errors
    ///
    /// [`Failure::TooLarge`] when it is more than `max_bytes`, [`Failure::BadRequest`] when it is not in this encoding.
    pub fn decode(self, body: Bytes, max_bytes: usize) -> Result<Bytes, Failure> {
        let content = match self {
            Self::Identity => return Ok(body),
            Self::Gzip => gzip(&body, max_bytes),
            Self::Deflate => zlib(&body, max_bytes),
            Self::Zstd => frames(&body, max_bytes),
        };
        content.map(Bytes::from).map_err(|problem| match problem {
            Problem::TooLarge => Failure::TooLarge {
                message: format!(
                    "the body decompresses to more than {max_bytes} bytes: send smaller batches"
                ),
            },
            Problem::Window => Failure::TooLarge {
                message: format!(
                    "the body's zstd window is larger than {} bytes: compress at a lower level",
                    max_bytes.max(MIN_WINDOW)
                ),
            },
            Problem::Damaged(error) => {
                let error: String = error.chars().take(200).collect();
                Failure::BadRequest { message: format!("the body is not valid {}: {error}", self.name()) }
            }
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Zstd => "zstd",
        }
    }
}

/// Why a body has no content.
#[derive(Debug)]
enum Problem {
    TooLarge,
    Window,
    Damaged(String),
}

/// The content of gzip members, one after another.
fn gzip(body: &[u8], max_bytes: usize) -> Result<Vec<u8>, Problem> {
    let (mut content, mut rest) = (Vec::new(), body);
    for _ in 0..MAX_MEMBERS {
        let mut member = GzDecoder::new(rest);
        append_all(&mut content, &mut member, max_bytes)?;
        rest = member.into_inner();
        if rest.is_empty() {
            return Ok(content);
        }
    }
    Err(too_many())
}

fn too_many() -> Problem {
    Problem::Damaged(format!("it has more than {MAX_MEMBERS} parts"))
}

/// The content of a zlib stream.
fn zlib(mut body: &[u8], max_bytes: usize) -> Result<Vec<u8>, Problem> {
    let mut inflate = Decompress::new(true);
    let (mut content, mut step) = (Vec::new(), [0; STEP]);
    loop {
        let (read, written) = (inflate.total_in(), inflate.total_out());
        let status = inflate.decompress(body, &mut step, FlushDecompress::None);
        let status = status.map_err(|error| Problem::Damaged(error.to_string()))?;
        let count = |now: u64, before: u64| usize::try_from(now - before).unwrap_or_default();
        let (read, written) = (count(inflate.total_in(), read), count(inflate.total_out(), written));
        append(&mut content, step.get(..written).unwrap_or_default(), max_bytes)?;
        if status == Status::StreamEnd {
            return Ok(content);
        }
        if read + written == 0 {
            return Err(Problem::Damaged("it is cut off".to_owned()));
        }
        body = body.get(read..).unwrap_or_default();
    }
}

/// Appends everything that `decoder` reads.
fn append_all(content: &mut Vec<u8>, mut decoder: impl Read, max_bytes: usize) -> Result<(), Problem> {
    let mut step = [0; STEP];
    loop {
        let count = decoder.read(&mut step).map_err(|error| Problem::Damaged(error.to_string()))?;
        let Some(read) = step.get(..count).filter(|read| !read.is_empty()) else { return Ok(()) };
        append(content, read, max_bytes)?;
    }
}

fn append(content: &mut Vec<u8>, more: &[u8], max_bytes: usize) -> Result<(), Problem> {
    if more.len() > max_bytes.saturating_sub(content.len()) {
        return Err(Problem::TooLarge);
    }
    content.extend_from_slice(more);
    Ok(())
}

/// The content of Zstandard frames, one after another, as a compressor with several threads writes them.
fn frames(mut body: &[u8], max_bytes: usize) -> Result<Vec<u8>, Problem> {
    let mut content = Vec::new();
    let window = u64::try_from(max_bytes.max(MIN_WINDOW)).unwrap_or(u64::MAX);
    let mut count = 0;
    while !body.is_empty() {
        count += 1;
        if count > MAX_MEMBERS {
            return Err(too_many());
        }
        match StreamingDecoder::new_with_max_window_size(&mut body, window) {
            Ok(decoder) => append_all(&mut content, decoder, max_bytes)?,
            Err(FrameDecoderError::WindowSizeTooBig { .. }) => return Err(Problem::Window),
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length, ..
            })) => {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                body = body.get(length..).ok_or_else(|| Problem::Damaged("a frame is cut off".to_owned()))?;
            }
            Err(error) => return Err(Problem::Damaged(error.to_string())),
        }
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};
    use proptest::prelude::*;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    const LIMIT: usize = 100_000;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(content: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(content: &[u8]) -> Vec<u8> {
        compress_to_vec(content, CompressionLevel::Fastest)
    }

    type Encode = fn(&[u8]) -> Vec<u8>;

    /// Each coding with a compressor for it.
    const CODINGS: [(Coding, Encode); 3] =
        [(Coding::Gzip, gzip), (Coding::Deflate, zlib), (Coding::Zstd, zstd)];

    fn decode(coding: Coding, body: Vec<u8>) -> Result<Bytes, Failure> {
        coding.decode(Bytes::from(body), LIMIT)
    }

    #[test]
    fn a_body_is_read_up_to_the_bound_and_refused_above_it() {
        for (coding, compress) in CODINGS {
            let content = vec![b'a'; LIMIT];
            assert_eq!(decode(coding, compress(&content)).unwrap(), content, "{coding:?}");
            let bomb = compress(&vec![b'a'; 64 * LIMIT]);
            assert!(bomb.len() < LIMIT);
            let failure = decode(coding, bomb).unwrap_err();
            assert!(
                matches!(&failure, Failure::TooLarge { message } if message.contains("more than 100000 bytes"))
            );
        }
    }

    #[test]
    fn parts_that_follow_each_other_are_one_body() {
        for (coding, compress) in [CODINGS[0], CODINGS[2]] {
            let body = [compress(b"one "), compress(b""), compress(b"two")].concat();
            assert_eq!(decode(coding, body).unwrap(), "one two", "{coding:?}");
        }
        // A frame that decoders skip.
        let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..], &zstd(b"x")].concat();
        assert_eq!(decode(Coding::Zstd, skipped).unwrap(), "x");
    }

    #[test]
    fn a_body_that_is_cut_off_or_no_such_body_says_so() {
        for (coding, compress) in CODINGS {
            let whole = compress(b"some content that is not short");
            let cut = whole[..whole.len() / 2].to_vec();
            for body in [cut, b"{\"method\":\"GET\"}".to_vec(), vec![]] {
                if body.is_empty() && coding == Coding::Zstd {
                    continue;
                }
                let failure = decode(coding, body).unwrap_err();
                assert!(matches!(&failure, Failure::BadRequest { message } if message.contains("not valid")));
            }
        }
        let cut = vec![0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff];
        assert!(matches!(decode(Coding::Zstd, cut), Err(Failure::BadRequest { .. })));
    }

    #[test]
    fn a_body_of_more_parts_than_a_compressor_makes_is_refused() {
        for (coding, compress) in [CODINGS[0], CODINGS[2]] {
            let body = |parts: usize| compress(b"").repeat(parts);
            assert_eq!(decode(coding, body(MAX_MEMBERS)).unwrap(), "", "{coding:?}");
            let failure = decode(coding, body(MAX_MEMBERS + 1)).unwrap_err();
            assert!(
                matches!(&failure, Failure::BadRequest { message } if message.contains("more than 4096 parts"))
            );
        }
    }

    #[test]
    fn a_window_over_the_bound_is_refused_before_it_is_allocated() {
        // A frame of an unknown size with a window of 2^41 bytes, and one of 1 GiB.
        for window in [0xf8, 0xa0] {
            let body = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, window, 0x01, 0x00, 0x00];
            let failure = decode(Coding::Zstd, body).unwrap_err();
            assert!(
                matches!(&failure, Failure::TooLarge { message } if message.contains("window")),
                "{failure}"
            );
        }
    }

    #[test]
    fn an_encoding_is_known_in_any_case_and_another_is_refused_with_those_that_are() {
        let of =
            |value: &str| Coding::of(&HeaderMap::from_iter([(CONTENT_ENCODING, value.parse().unwrap())]));
        for (value, coding) in [
            ("", Coding::Identity),
            ("identity", Coding::Identity),
            ("GZip", Coding::Gzip),
            ("zstd", Coding::Zstd),
        ] {
            assert_eq!(of(value).unwrap(), coding);
        }
        for value in ["br", "gzip, gzip", "snappy"] {
            assert!(of(value).unwrap_err().to_string().contains("send gzip, zstd, deflate"), "{value}");
        }
    }

    proptest! {
        #[test]
        fn what_is_compressed_is_read_and_damage_is_no_panic(
            content in proptest::collection::vec(any::<u8>(), 0..2_000),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            for (coding, compress) in CODINGS {
                let mut body = compress(&content);
                prop_assert_eq!(&decode(coding, body.clone()).unwrap()[..], &content[..]);
                let at = at.index(body.len());
                body[at] = byte;
                let _ = decode(coding, body);
            }
        }

        #[test]
        fn no_bytes_make_a_decoder_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            for (coding, _) in CODINGS {
                let _ = decode(coding, body.clone());
                let magic = [&[0x28, 0xb5, 0x2f, 0xfd][..], &body].concat();
                let _ = decode(coding, magic);
            }
        }
    }
}

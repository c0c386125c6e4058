//! Content codings as servers apply them: a body is flushed after each part, so that a client gets the part at once.

use std::io::{self, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// `gzip`
    Gzip,
    /// `zstd`
    Zstd,
    /// `br`
    Brotli,
}

impl Coding {
    /// Every coding.
    pub const ALL: [Self; 3] = [Self::Gzip, Self::Zstd, Self::Brotli];

    /// The name in `content-encoding`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Brotli => "br",
        }
    }

    /// The coding with this name.
    pub fn named(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|coding| coding.name().as_bytes() == name)
    }
}

/// Encodes one body.
pub struct Encoder(Inner);

enum Inner {
    Gzip(GzEncoder<Vec<u8>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
    Brotli(Box<brotli::CompressorWriter<Vec<u8>>>),
}

/// Brotli's encoder: buffer size in bytes, quality and window size in bits.
const BROTLI: (usize, u32, u32) = (4_096, 5, 20);

impl Encoder {
    /// An encoder with typical server settings.
    ///
    /// # Errors
    ///
    /// When libzstd has no memory.
    pub fn new(coding: Coding) -> io::Result<Self> {
        Ok(Self(match coding {
            Coding::Gzip => Inner::Gzip(GzEncoder::new(Vec::new(), Compression::new(6))),
            Coding::Zstd => Inner::Zstd(zstd::stream::write::Encoder::new(Vec::new(), 3)?),
            Coding::Brotli => {
                let (buffer, quality, window) = BROTLI;
                Inner::Brotli(Box::new(brotli::CompressorWriter::new(Vec::new(), buffer, quality, window)))
            }
        }))
    }

    /// The next part, encoded as far as a client needs to decode all of it.
    ///
    /// # Errors
    ///
    /// When libzstd fails.
    pub fn part(&mut self, part: &[u8]) -> io::Result<Vec<u8>> {
        Ok(std::mem::take(match &mut self.0 {
            Inner::Gzip(encoder) => {
                encoder.write_all(part)?;
                encoder.flush()?;
                encoder.get_mut()
            }
            Inner::Zstd(encoder) => {
                encoder.write_all(part)?;
                encoder.flush()?;
                encoder.get_mut()
            }
            Inner::Brotli(encoder) => {
                encoder.write_all(part)?;
                encoder.flush()?;
                encoder.get_mut()
            }
        }))
    }

    /// The end of the body.
    ///
    /// # Errors
    ///
    /// When libzstd fails.
    pub fn finish(self) -> io::Result<Vec<u8>> {
        match self.0 {
            Inner::Gzip(encoder) => encoder.finish(),
            Inner::Zstd(encoder) => encoder.finish(),
            Inner::Brotli(encoder) => Ok(encoder.into_inner()),
        }
    }
}

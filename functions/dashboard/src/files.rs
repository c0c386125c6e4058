//! The page's files, each in every coding that it is served in. `build.rs` generates them.

use crate::coding::Coding;

/// One file.
#[derive(Debug)]
pub struct File {
    /// Path below the hashed folder: `vendor/preact.mjs`.
    pub path: &'static str,
    identity: &'static [u8],
    gzip: &'static [u8],
    brotli: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/files.rs"));

impl File {
    /// The file's bytes in this coding.
    pub fn content(&self, coding: Coding) -> &'static [u8] {
        match coding {
            Coding::Identity => self.identity,
            Coding::Gzip => self.gzip,
            Coding::Brotli => self.brotli,
        }
    }

    /// Its content type, by its extension.
    pub fn content_type(&self) -> &'static str {
        match self.path.rsplit('.').next() {
            Some("html") => "text/html; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => "text/javascript; charset=utf-8",
        }
    }
}

/// The file at a path below the hashed folder.
pub fn find(path: &str) -> Option<&'static File> {
    let position = FILES.binary_search_by(|file| file.path.cmp(path)).ok()?;
    FILES.get(position)
}

//! The layers of an image. The same content always makes the same bytes: no times, no names of users, one order.

use std::io::Write;

use anyhow::Result;
use flate2::{Compression, GzBuilder};

use super::digest::digest;

/// The type of a compressed archive, the only one that all readers accept for the wasm file.
const ARCHIVE: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// The byte of gzip's header for "unknown operating system". The default is that of the building machine.
const NO_SYSTEM: u8 = 255;

/// One layer.
pub struct Layer {
    /// What the layer is of.
    pub media_type: String,
    /// The name of the file in it.
    pub title: String,
    /// The bytes that are stored.
    pub content: Vec<u8>,
    /// The digest of the bytes before compression.
    pub diff_id: String,
}

impl Layer {
    /// A document, stored as it is.
    pub fn document(title: &str, media_type: &str, content: Vec<u8>) -> Self {
        let diff_id = digest(&content);
        Self { media_type: media_type.to_owned(), title: title.to_owned(), content, diff_id }
    }

    /// A compressed archive that holds one file.
    ///
    /// # Errors
    /// Fails when the file is too large for an archive.
    pub fn archive(title: &str, file: &[u8]) -> Result<Self> {
        let tar = tar(title, file)?;
        let mut gzip =
            GzBuilder::new().mtime(0).operating_system(NO_SYSTEM).write(Vec::new(), Compression::best());
        gzip.write_all(&tar)?;
        Ok(Self {
            media_type: ARCHIVE.to_owned(),
            title: title.to_owned(),
            content: gzip.finish()?,
            diff_id: digest(&tar),
        })
    }
}

fn tar(name: &str, file: &[u8]) -> Result<Vec<u8>> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name)?;
    header.set_size(u64::try_from(file.len())?);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    let mut archive = tar::Builder::new(Vec::new());
    archive.append(&header, file)?;
    Ok(archive.into_inner()?)
}

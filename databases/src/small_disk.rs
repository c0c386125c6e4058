//! A small file system that can be filled up and emptied.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use tempfile::TempDir;

/// A file system in memory; gone when dropped.
#[derive(Debug)]
pub struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// A file system with room for `mib` MiB.
    ///
    /// # Errors
    ///
    /// When it cannot be mounted, which only root may do.
    pub fn new(mib: u32) -> anyhow::Result<Self> {
        let folder = TempDir::with_prefix("gatelog-disk-")?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={mib}m,mode=0777"), "gatelog-disk"])
            .arg(folder.path())
            .output()
            .context("`mount` does not start")?;
        anyhow::ensure!(
            mounted.status.success(),
            "a small file system cannot be mounted, for which this test has to run as root: {}",
            String::from_utf8_lossy(&mounted.stderr)
        );
        Ok(Self { folder })
    }

    /// The mount point.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file until the disk is full.
    ///
    /// # Errors
    ///
    /// When the file cannot be created.
    pub fn fill(&self) -> anyhow::Result<()> {
        let mut file = File::create(self.filler())?;
        let zeros = [0; 4_096];
        while file.write_all(&zeros).is_ok() {}
        Ok(())
    }

    /// Removes that file.
    ///
    /// # Errors
    ///
    /// When the file does not exist.
    pub fn empty(&self) -> anyhow::Result<()> {
        Ok(std::fs::remove_file(self.filler())?)
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily, because a server that was just killed may still use it.
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

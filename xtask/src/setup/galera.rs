//! Galera, which makes a cluster of MariaDBs: its library, and the scripts by which a node copies its data to another.
//! The scripts are in the package of MariaDB's service, so the packages are unpacked, not installed: no service starts.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::{cache, debian};
use crate::process;

/// The packages with the library and the scripts.
const PACKAGES: [&str; 2] = ["galera-4", "mariadb-server"];
/// What is needed of them.
const FILES: [&str; 3] =
    ["usr/lib/galera/libgalera_smm.so", "usr/bin/wsrep_sst_rsync", "usr/bin/wsrep_sst_common"];
const BY_HAND: &str = "install Galera (Debian: galera-4 and mariadb-server), or name the folder into which the packages \
                       are unpacked in GATELOG_GALERA";

/// The root folder of Galera's files: the one that `GATELOG_GALERA` names, otherwise the system's, otherwise the unpacked
/// packages, fetched once. The scripts need `rsync`.
///
/// # Errors
/// Fails with what to do when there is none and it cannot be fetched.
pub fn galera() -> Result<PathBuf> {
    debian::ensure_command("rsync", "rsync")?;
    if let Some(named) = env::var_os("GATELOG_GALERA").map(PathBuf::from) {
        return Ok(named);
    }
    if is_complete(Path::new("/")) {
        return Ok(PathBuf::from("/"));
    }
    ensure!(debian::is_debian(), "there is no Galera: {BY_HAND}");
    cache::get_or_make(&format!("galera-{}", env::consts::ARCH), |dir| {
        process::with_progress("fetching Galera (once)", || fetch(dir))
            .with_context(|| format!("cannot fetch Galera: {BY_HAND}"))
    })
}

fn is_complete(root: &Path) -> bool {
    FILES.iter().all(|file| root.join(file).is_file())
}

fn fetch(folder: &Path) -> Result<()> {
    debian::unpack(&PACKAGES, folder)?;
    ensure!(is_complete(folder), "the packages {} hold no {}", PACKAGES.join(" and "), FILES.join(", "));
    Ok(())
}

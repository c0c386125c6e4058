//! Folders of the cache, created once per user; each appears complete or not at all.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::workspace;

/// The folder `name` of the cache, if it exists.
///
/// # Errors
/// Fails when no cache folder can be named.
pub fn get(name: &str) -> Result<Option<PathBuf>> {
    let folder = workspace::cache_dir()?.join(name);
    Ok(folder.is_dir().then_some(folder))
}

/// The folder `name` of the cache. When it does not exist, `make` fills a temporary folder that is then renamed.
///
/// When several runs need it at once, one creates it and the others wait. The next run removes the remains of an
/// interrupted one.
///
/// # Errors
/// Those of `make`, and those of the file system.
pub fn get_or_make(name: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    get_or_make_in(&workspace::cache_dir()?, name, make)
}

fn get_or_make_in(cache: &Path, name: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let folder = cache.join(name);
    if folder.is_dir() {
        return Ok(folder);
    }
    fs::create_dir_all(cache).with_context(|| format!("cannot create {}", cache.display()))?;
    let _lock = lock(&cache.join(format!("{name}.lock")))?;
    if folder.is_dir() {
        return Ok(folder);
    }
    let partial = cache.join(format!("{name}.partial"));
    remove(&partial)?;
    fs::create_dir(&partial).with_context(|| format!("cannot create {}", partial.display()))?;
    make(&partial)?;
    fs::rename(&partial, &folder).with_context(|| format!("cannot rename to {}", folder.display()))?;
    Ok(folder)
}

fn lock(path: &Path) -> Result<File> {
    let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    if file.try_lock().is_err() {
        eprintln!("waiting for another run that holds {} …", path.display());
        file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    }
    Ok(file)
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn an_interrupted_run_leaves_nothing_and_the_next_starts_over() {
        let cache = tempfile::tempdir().unwrap();
        let failed = get_or_make_in(cache.path(), "thing", |dir| {
            fs::write(dir.join("half"), "")?;
            anyhow::bail!("interrupted")
        });
        assert!(failed.is_err());
        let made =
            get_or_make_in(cache.path(), "thing", |dir| Ok(fs::write(dir.join("whole"), "")?)).unwrap();
        assert!(made.join("whole").exists() && !made.join("half").exists());
    }

    #[test]
    fn of_several_concurrent_runs_only_one_creates_the_folder() {
        let cache = tempfile::tempdir().unwrap();
        let made = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    get_or_make_in(cache.path(), "thing", |_| {
                        made.fetch_add(1, Ordering::Relaxed);
                        Ok(())
                    })
                    .unwrap();
                });
            }
        });
        assert_eq!(made.load(Ordering::Relaxed), 1);
    }
}

//! Which files are documents.

use std::io;
use std::path::{Path, PathBuf};

/// Folders without documents of this project.
const SKIPPED: [&str; 5] = ["target", "node_modules", "THIRD_PARTY", "assets", "testdata"];

/// The folder of the project.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The text of a file, by its path from the root.
///
/// # Errors
///
/// When it cannot be read.
pub fn text(path: &str) -> io::Result<String> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{path}: {error}"));
    std::fs::read_to_string(root().join(path)).map_err(named)
}

/// The paths of all documents from the root, in the order of their names.
///
/// # Errors
///
/// When a folder cannot be read.
pub fn all() -> io::Result<Vec<String>> {
    let mut pages = Vec::new();
    collect(&root(), "", &mut pages)?;
    pages.sort();
    Ok(pages)
}

fn collect(folder: &Path, prefix: &str, pages: &mut Vec<String>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let kind = entry.file_type()?;
        if kind.is_dir() && !name.starts_with('.') && !SKIPPED.contains(&&*name) {
            collect(&entry.path(), &format!("{prefix}{name}/"), pages)?;
        } else if kind.is_file() && name.ends_with(".md") {
            pages.push(format!("{prefix}{name}"));
        }
    }
    Ok(())
}

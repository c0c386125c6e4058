//! The project's text files: those in git, and new ones that git does not ignore.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result};

use crate::{process, workspace};

/// One text file.
pub struct File {
    /// From the root, with slashes.
    pub path: String,
    /// Its content.
    pub text: String,
}

impl File {
    /// Whether one of the path's folders has this name.
    pub fn is_in(&self, folder: &str) -> bool {
        let folders = self.path.rsplit_once('/').map_or("", |(folders, _)| folders);
        folders.split('/').any(|name| name == folder)
    }
}

/// All files.
#[derive(Default)]
pub struct Tree {
    files: Vec<File>,
    /// Files and folders, including binary files.
    paths: BTreeSet<String>,
}

impl Tree {
    /// Reads the checkout.
    ///
    /// # Errors
    /// Fails when git fails, for example outside a checkout.
    pub fn read() -> Result<Self> {
        let root = workspace::root()?;
        let mut git = process::command("git");
        git.current_dir(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let listed = process::capture(&mut git).context("tidy asks git for the project's files")?;
        let mut tree = Self::default();
        for path in listed.split('\0').filter(|path| !path.is_empty()) {
            // Git also lists a file whose deletion is not yet committed.
            let Ok(bytes) = fs::read(root.join(path)) else { continue };
            tree.add(path, String::from_utf8(bytes).ok());
        }
        Ok(tree)
    }

    /// The text files.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// The text file at a path.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether there is a file or folder at a path from the root.
    pub fn has(&self, path: &str) -> bool {
        self.paths.contains(path.trim_end_matches('/'))
    }

    /// Whether any file, in any folder, has this name.
    pub fn has_name(&self, name: &str) -> bool {
        self.paths.iter().any(|path| path.rsplit('/').next() == Some(name))
    }

    fn add(&mut self, path: &str, text: Option<String>) {
        let folders = path.match_indices('/').filter_map(|(end, _)| path.get(..end));
        self.paths.extend(folders.map(str::to_owned));
        self.paths.insert(path.to_owned());
        self.files.extend(text.map(|text| File { path: path.to_owned(), text }));
    }

    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            tree.add(path, Some((*text).to_owned()));
        }
        tree
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_known_by_the_files_in_them() {
        let tree = Tree::of(&[("record/src/fields.rs", "")]);
        assert!(tree.has("record/src/fields.rs") && tree.has("record/src") && tree.has("record/"));
        assert!(!tree.has("record/s") && tree.has_name("fields.rs") && !tree.has_name("elds.rs"));
    }

    #[test]
    fn a_files_name_is_not_one_of_its_folders() {
        let file = File { path: "a/tests/b".to_owned(), text: String::new() };
        assert!(file.is_in("tests") && file.is_in("a") && !file.is_in("b"));
    }
}

//! Files that a component may read. As in Spin, they are copied into a separate folder when the application
//! starts, so that later changes are not visible and nothing outside is reachable.

use std::path::{Component as PathPart, Path, PathBuf};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use super::manifest::{Component, Mount};

/// The folder that a component sees as `/`, removed when the application stops.
pub struct ComponentFiles {
    folder: TempDir,
}

impl ComponentFiles {
    /// Copies the files of one component; `None` if it has none.
    ///
    /// # Errors
    ///
    /// When a pattern cannot be read, a source does not exist, or a copy fails.
    pub fn gather(manifest_folder: &Path, component: &Component) -> anyhow::Result<Option<Self>> {
        if component.files.is_empty() {
            return Ok(None);
        }
        let excluded = component
            .exclude_files
            .iter()
            .map(|pattern| glob::Pattern::new(pattern).with_context(|| format!("exclude_files: {pattern:?}")))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let gathered = Self { folder: tempfile::tempdir().context("no temporary folder for files")? };
        for mount in &component.files {
            match mount {
                Mount::Pattern(pattern) => gathered.add_pattern(manifest_folder, pattern, &excluded)?,
                Mount::Placement { source, destination } => {
                    gathered.add_placement(manifest_folder, source, destination, &excluded)?;
                }
            }
        }
        Ok(Some(gathered))
    }

    /// The folder with the copies.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    fn add_pattern(&self, base: &Path, pattern: &str, excluded: &[glob::Pattern]) -> anyhow::Result<()> {
        let whole = format!("{}/{pattern}", glob::Pattern::escape(&base.to_string_lossy()));
        for found in glob::glob(&whole).with_context(|| format!("files: {pattern:?}"))? {
            let found = found.with_context(|| format!("files: {pattern:?}"))?;
            let relative = found.strip_prefix(base).unwrap_or(&found).to_owned();
            if found.is_file() && !excluded.iter().any(|skip| skip.matches_path(&relative)) {
                self.copy(&found, &relative)?;
            }
        }
        Ok(())
    }

    fn add_placement(
        &self,
        base: &Path,
        source: &str,
        destination: &str,
        excluded: &[glob::Pattern],
    ) -> anyhow::Result<()> {
        let from = base.join(source);
        let to = PathBuf::from(destination.trim_start_matches('/'));
        if from.is_file() {
            return self.copy(&from, &to);
        }
        if !from.is_dir() {
            bail!("files: {} does not exist", from.display());
        }
        let mut folders = vec![from.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).with_context(|| format!("files: {}", folder.display()))? {
                let path = entry.with_context(|| format!("files: {}", folder.display()))?.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let from_base = path.strip_prefix(base).unwrap_or(&path);
                if !excluded.iter().any(|skip| skip.matches_path(from_base)) {
                    self.copy(&path, &to.join(path.strip_prefix(&from).unwrap_or(&path)))?;
                }
            }
        }
        Ok(())
    }

    fn copy(&self, from: &Path, to: &Path) -> anyhow::Result<()> {
        if !to.components().all(|part| matches!(part, PathPart::Normal(_))) {
            bail!("files: {} would lie outside the component's files", to.display());
        }
        let target = self.folder.path().join(to);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent).with_context(|| format!("files: {}", to.display()))?;
        }
        std::fs::copy(from, &target)
            .with_context(|| format!("files: {} cannot be copied", from.display()))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn component(files: Vec<Mount>, exclude_files: &[&str]) -> Component {
        Component {
            source: PathBuf::new(),
            variables: BTreeMap::new(),
            environment: BTreeMap::new(),
            files,
            exclude_files: exclude_files.iter().map(|p| (*p).to_owned()).collect(),
            allowed_outbound_hosts: Vec::new(),
            sqlite_databases: Vec::new(),
            build_commands: Vec::new(),
        }
    }

    fn folder(names: &[&str]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, name).unwrap();
        }
        folder
    }

    #[test]
    fn patterns_keep_their_path_and_placements_change_it() {
        let base = folder(&["conf/a.json", "conf/secret.json", "conf/b.txt", "web/deep/x.html", "one.txt"]);
        let files = vec![
            Mount::Pattern("conf/*.json".to_owned()),
            Mount::Placement { source: "web".to_owned(), destination: "/www".to_owned() },
            Mount::Placement { source: "one.txt".to_owned(), destination: "/etc/one".to_owned() },
        ];
        let gathered =
            ComponentFiles::gather(base.path(), &component(files, &["**/secret*"])).unwrap().unwrap();
        for (path, there) in [
            ("conf/a.json", true),
            ("conf/secret.json", false),
            ("conf/b.txt", false),
            ("www/deep/x.html", true),
            ("etc/one", true),
        ] {
            assert_eq!(gathered.path().join(path).is_file(), there, "{path}");
        }
    }

    #[test]
    fn nothing_can_be_placed_outside() {
        let base = folder(&["a"]);
        let files = vec![Mount::Placement { source: "a".to_owned(), destination: "/../a".to_owned() }];
        assert!(ComponentFiles::gather(base.path(), &component(files, &[])).is_err());
    }

    #[test]
    fn a_missing_source_is_named() {
        let base = folder(&[]);
        let files = vec![Mount::Placement { source: "gone".to_owned(), destination: "/".to_owned() }];
        let error = ComponentFiles::gather(base.path(), &component(files, &[])).err().unwrap();
        assert!(error.to_string().contains("gone"), "{error}");
    }
}

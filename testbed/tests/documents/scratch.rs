//! A copy of the project in which commands run, with programs before the path that stand for those which cannot run here.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use gatelog_artifacts as artifacts;
use tempfile::TempDir;

/// Folders that are not copied.
const SKIPPED: [&str; 4] = ["target", "node_modules", ".git", ".spin"];

/// Programs that change the machine or another one; where they are installed, documents must not call them.
const REFUSED: [&str; 14] = [
    "apt-get",
    "cosign",
    "crane",
    "deck",
    "docker",
    "git",
    "helm",
    "kubectl",
    "kustomize",
    "podman",
    "skopeo",
    "sudo",
    "systemctl",
    "turso",
];

/// What a stand-in for a program says of a call that it does not know.
const UNKNOWN: &str = "this cannot run here: put `<!-- not run here: REASON -->` before the block";

/// The copy; removed when dropped.
#[derive(Debug)]
pub struct Scratch {
    folder: TempDir,
}

impl Scratch {
    /// Copies the project, whose built files stay where they are.
    pub fn new() -> io::Result<Self> {
        let scratch = Self { folder: TempDir::with_prefix("gatelog-documents-")? };
        copy(&artifacts::workspace(), &scratch.project())?;
        symlink(artifacts::workspace().join("target"), scratch.project().join("target"))?;
        fs::create_dir(scratch.programs())?;
        let refused = REFUSED.map(|name| (name, format!("echo '{UNKNOWN}' >&2; exit 97")));
        for (name, script) in programs(&scratch.calls()).into_iter().chain(refused) {
            let file = scratch.programs().join(name);
            fs::write(&file, format!("#!/bin/bash\n{script}\n"))?;
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
        }
        Ok(scratch)
    }

    /// Where commands run.
    pub fn project(&self) -> PathBuf {
        self.folder.path().join("gatelog")
    }

    /// The folder to put before the path.
    pub fn programs(&self) -> PathBuf {
        self.folder.path().join("programs")
    }

    /// Removes and returns the call of a server, `spin up` or `envoy`, that a block has made: the words and the
    /// environment.
    pub fn take_call(&self, program: &str) -> io::Result<Option<Call>> {
        let file = self.calls().with_extension(program);
        let Ok(text) = fs::read_to_string(&file) else { return Ok(None) };
        fs::remove_file(&file)?;
        let (words, environment) = text.split_once("\0\0").unwrap_or((&text, ""));
        let split =
            |text: &str| text.split('\0').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        Ok(Some(Call { words: split(words), environment: split(environment) }))
    }

    fn calls(&self) -> PathBuf {
        self.folder.path().join("call")
    }
}

/// A call of a server.
#[derive(Debug)]
pub struct Call {
    /// What follows the program's name.
    pub words: Vec<String>,
    /// `NAME=VALUE`.
    pub environment: Vec<String>,
}

/// The scripts that stand for programs, by name. The servers only note that they were called: they must outlive the block.
fn programs(calls: &Path) -> [(&'static str, String); 4] {
    let calls = calls.display();
    let noted =
        |program: &str| format!("{{ printf '%s\\0' \"$@\"; printf '\\0'; env -0; }} > {calls}.{program}");
    [
        // The words of a task are checked beside the program itself; the wasm files were built before this test.
        ("cargo", format!("case $1 in xtask) ;; *) echo '{UNKNOWN}' >&2; exit 97 ;; esac")),
        ("spin", format!("case $1 in build) ;; up) {} ;; *) echo '{UNKNOWN}' >&2; exit 97 ;; esac", noted("spin"))),
        ("envoy", noted("envoy")),
        // Without this a refused request is no error.
        ("curl", "for file in $(type -ap curl); do [ \"$file\" -ef \"$0\" ] || exec \"$file\" --fail-with-body -sS \"$@\"; done\necho 'install curl' >&2; exit 97".to_owned()),
    ]
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let kind = entry.file_type()?;
        if kind.is_dir() && !SKIPPED.iter().any(|skipped| name == *skipped) {
            copy(&entry.path(), &to.join(&name))?;
        } else if kind.is_file() {
            fs::copy(entry.path(), to.join(&name))?;
        }
    }
    Ok(())
}

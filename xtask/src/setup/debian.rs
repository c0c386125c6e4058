//! Debian packages, installed when a command that the project needs is missing.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

use crate::{process, workspace};

/// Folders of daemons, which are not on the path of ordinary users.
const SYSTEM_FOLDERS: &[&str] = &["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Whether this is Debian or one of its derivatives.
pub fn is_debian() -> bool {
    workspace::on_path("apt-get").is_some()
}

/// The file of the command `name`; on Debian, `package` is installed when there is none.
///
/// # Errors
/// Fails with what to install when the command is missing and cannot be installed.
pub fn ensure_command(name: &str, package: &str) -> Result<PathBuf> {
    if let Some(file) = find(name) {
        return Ok(file);
    }
    if !is_debian() {
        bail!(
            "there is no `{name}` on PATH; install it with your system's package manager (Debian: {package})"
        );
    }
    install(&[package], &format!("`{name}`"))?;
    find(name).with_context(|| format!("the package {package} is installed, but there is no `{name}`"))
}

/// Installs packages; `what` says what they are for.
///
/// # Errors
/// Fails with the command to run when this user may not install packages, and with apt-get's message when it
/// fails.
pub fn install(packages: &[&str], what: &str) -> Result<()> {
    let by_hand = format!("apt-get install --no-install-recommends {}", packages.join(" "));
    let privileges = privileges().with_context(|| {
        format!("{what} is not installed, and only root may install it; run: sudo {by_hand}")
    })?;
    update(privileges);
    process::with_progress(&format!("installing {what}: {}", packages.join(" ")), || {
        let options = ["install", "--yes", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"];
        process::capture(apt_get(privileges).args(options).args(packages))
    })
    .with_context(|| format!("cannot install {what}; by hand: {by_hand}"))?;
    Ok(())
}

/// Unpacks packages into a folder, without installing them. The folder keeps nothing else.
///
/// # Errors
/// Fails with the message of apt-get or dpkg-deb.
pub fn unpack(packages: &[&str], folder: &Path) -> Result<()> {
    let download = || {
        let mut apt = process::command("apt-get");
        // The folder belongs to the user, and apt's own user may not write there.
        apt.current_dir(folder).args(["download", "--quiet", "-o", "APT::Sandbox::User=root"]).args(packages);
        process::capture(&mut apt)
    };
    if let Err(error) = download() {
        update(privileges().ok_or(error)?);
        download()?;
    }
    for entry in std::fs::read_dir(folder)? {
        let file = entry?.path();
        if file.extension().is_some_and(|ending| ending == "deb") {
            process::capture(process::command("dpkg-deb").arg("--extract").arg(&file).arg(folder))?;
            std::fs::remove_file(&file)?;
        }
    }
    Ok(())
}

/// What to put before `apt-get`.
#[derive(Clone, Copy)]
enum Privileges {
    Root,
    Sudo,
}

fn privileges() -> Option<Privileges> {
    let id = process::capture(process::command("id").arg("-u")).ok()?;
    if id.trim() == "0" {
        return Some(Privileges::Root);
    }
    process::capture(process::command("sudo").args(["-n", "true"])).ok().map(|_| Privileges::Sudo)
}

fn apt_get(privileges: Privileges) -> Command {
    let mut command = match privileges {
        Privileges::Root => process::command("env"),
        Privileges::Sudo => {
            let mut sudo = process::command("sudo");
            sudo.args(["-n", "env"]);
            sudo
        }
    };
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    command
}

/// Fetches the package lists, once per run. A failure is only reported, because the existing lists may suffice.
fn update(privileges: Privileges) {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        let fetched = process::with_progress("fetching Debian's package lists", || {
            process::capture(apt_get(privileges).arg("update"))
        });
        if let Err(error) = fetched {
            eprintln!("  apt-get update failed; the existing lists are used: {error:#}");
        }
    });
}

/// The file of a program: on the path, or in the folders of daemons.
pub fn find(name: &str) -> Option<PathBuf> {
    let in_system_folders = || SYSTEM_FOLDERS.iter().map(|dir| Path::new(dir).join(name));
    workspace::on_path(name).or_else(|| in_system_folders().find(|file| workspace::is_program(file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_command_is_used_and_nothing_is_installed() {
        let shell = ensure_command("sh", "no-such-package").unwrap();
        assert!(shell.ends_with("sh"));
    }
}

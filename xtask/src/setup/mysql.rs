//! MySQL, which only Debian's unstable suite has. Its packages, and all their dependencies down to the C library,
//! are unpacked into one folder, from which MySQL runs on a system of any age. Nothing is installed.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{cache, debian};
use crate::process;

/// The packages with the programs.
const PACKAGES: [&str; 2] = ["mysql-server-core", "mysql-client-core"];
/// Dependencies of the packages that neither program uses.
const NOT_NEEDED: &[&str] = &["adduser", "debconf", "dpkg", "passwd", "perl", "systemd", "tar"];
/// The files of apt's sources, which name the mirror and its key.
const SOURCES: &str = "/etc/apt/sources.list.d";
const BY_HAND: &str = "install MySQL 8 or later, and name its programs in GATELOG_MYSQLD and GATELOG_MYSQL";

/// MySQL's server and client.
#[derive(Debug)]
pub struct MySql {
    /// `mysqld`.
    pub server: PathBuf,
    /// `mysql`.
    pub client: PathBuf,
}

/// MySQL: the programs that `GATELOG_MYSQLD` and `GATELOG_MYSQL` name, otherwise those on the path, otherwise
/// Debian's, fetched once.
///
/// # Errors
/// Fails with what to do when there is none and it cannot be fetched.
pub fn mysql() -> Result<MySql> {
    if let (Some(server), Some(client)) = (named("GATELOG_MYSQLD"), named("GATELOG_MYSQL")) {
        return Ok(MySql { server, client });
    }
    if let (Some(server), Some(client)) = (of_the_system("mysqld"), of_the_system("mysql")) {
        return Ok(MySql { server, client });
    }
    ensure!(debian::is_debian(), "there is no MySQL: {BY_HAND}");
    let folder = cache::get_or_make(&format!("mysql-{}", env::consts::ARCH), |dir| {
        process::with_progress("fetching MySQL from Debian's unstable suite (once)", || fetch(dir))
            .with_context(|| format!("cannot fetch MySQL: {BY_HAND}"))
    })?;
    Ok(MySql { server: folder.join("bin/mysqld"), client: folder.join("bin/mysql") })
}

fn named(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from)
}

/// The system's program, if it is MySQL's and new enough, because MariaDB has programs with the same names.
fn of_the_system(name: &str) -> Option<PathBuf> {
    let file = debian::find(name)?;
    let says = process::capture(process::command(&file).arg("--version")).ok()?;
    is_mysql_8(&says).then_some(file)
}

/// Whether this is the version line of MySQL 8 or later: `mysqld  Ver 9.7.4-2 for Linux on x86_64 (Debian)`.
fn is_mysql_8(says: &str) -> bool {
    let version = says.split_once(" Ver ").map(|(_, rest)| rest.trim_start()).unwrap_or_default();
    let major = version.split('.').next().and_then(|digits| digits.parse::<u32>().ok());
    !says.contains("MariaDB") && major.is_some_and(|major| major >= 8)
}

fn fetch(folder: &Path) -> Result<()> {
    let apt = Apt::new(&folder.join("apt"))?;
    process::capture(apt.command("apt-get").args(["update", "--quiet"]))?;
    let depends = ["depends", "--recurse", "--no-recommends", "--no-suggests", "--no-conflicts"];
    let depends = [&depends[..], &["--no-breaks", "--no-replaces", "--no-enhances"]].concat();
    let listed = process::capture(apt.command("apt-cache").args(depends).args(PACKAGES))?;
    let packages = apt.folder.join("packages");
    fs::create_dir(&packages)?;
    let mut download = apt.command("apt-get");
    download.current_dir(&packages).args(["download", "--quiet"]).args(needed(&listed));
    process::capture(&mut download)?;
    for package in fs::read_dir(&packages)? {
        process::capture(process::command("dpkg-deb").arg("--extract").arg(package?.path()).arg(folder))?;
    }
    fs::remove_dir_all(&apt.folder)?;
    let bin = folder.join("bin");
    fs::create_dir(&bin)?;
    write_program(&bin.join("mysqld"), &format!("{SCRIPT}{START_SERVER}"))?;
    write_program(&bin.join("mysql"), &format!("{SCRIPT}{START_CLIENT}"))?;
    for program in ["mysqld", "mysql"] {
        let says = process::capture(process::command(bin.join(program)).arg("--version"))?;
        ensure!(is_mysql_8(&says), "{program} says it is `{}`", says.trim());
    }
    Ok(())
}

/// The packages in the output of `apt-cache depends --recurse`: the lines that are not indented, without those in angle
/// brackets, which are only provided by other packages.
fn needed(listed: &str) -> Vec<&str> {
    let is_needed = |name: &&str| {
        name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && !NOT_NEEDED.iter().any(|not| {
                name.strip_prefix(not).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
            })
    };
    let mut names: Vec<&str> = listed.lines().filter(is_needed).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// apt with its own lists in its own folder, as if nothing were installed.
struct Apt {
    folder: PathBuf,
}

impl Apt {
    fn new(folder: &Path) -> Result<Self> {
        for part in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(part))?;
        }
        fs::write(folder.join("status"), "")?;
        let (mirror, key) = mirror()?;
        let signed = key.map(|key| format!("[signed-by={key}] ")).unwrap_or_default();
        fs::write(folder.join("sources.list"), format!("deb {signed}{mirror} sid main\n"))?;
        Ok(Self { folder: folder.to_owned() })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = process::command(program);
        let place = |name: &str| self.folder.join(name).display().to_string();
        for option in [
            format!("Dir::Etc::sourcelist={}", place("sources.list")),
            "Dir::Etc::sourceparts=-".to_owned(),
            format!("Dir::State::lists={}", place("lists")),
            format!("Dir::State::status={}", place("status")),
            format!("Dir::Cache={}", place("cache")),
            // The folder belongs to the user, and apt's own user may not write there.
            "APT::Sandbox::User=root".to_owned(),
        ] {
            command.args(["-o", &option]);
        }
        command
    }
}

/// The mirror that this system gets its packages from, and the file with its key.
fn mirror() -> Result<(String, Option<String>)> {
    let mut files: Vec<PathBuf> = fs::read_dir(SOURCES)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    files.sort();
    let texts = files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "sources"));
    let found = texts.filter_map(|file| fs::read_to_string(file).ok()).find_map(|text| debian_mirror(&text));
    found.with_context(|| format!("no file in {SOURCES} names a Debian mirror"))
}

/// The first mirror of the Debian archive itself in a file of apt's sources, and the file with its key.
fn debian_mirror(sources: &str) -> Option<(String, Option<String>)> {
    sources.split("\n\n").find_map(|stanza| {
        let value = |key: &str| {
            stanza
                .lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix(':')?.split_whitespace().next())
        };
        let mirror = value("URIs").filter(|uri| uri.trim_end_matches('/').ends_with("/debian"))?;
        Some((mirror.to_owned(), value("Signed-By").filter(|key| key.starts_with('/')).map(str::to_owned)))
    })
}

/// The launcher of both programs: it runs MySQL with the C library and all others from the folder. The given arguments
/// come first, because `--no-defaults` must.
const SCRIPT: &str = r#"#!/bin/sh
root=$(cd "$(dirname "$0")/.." && pwd)
loader=$(echo "$root"/usr/lib/*-linux-gnu*/ld-linux*.so.*)
run() { program=$1; shift; exec "$loader" --library-path "${loader%/*}" "$root/usr/$program" "$@"; }
"#;
const START_SERVER: &str = r#"run sbin/mysqld "$@" --basedir="$root/usr" --lc-messages-dir="$root/usr/share/mysql" \
    --plugin-dir="$root/usr/lib/mysql/plugin" --character-sets-dir="$root/usr/share/mysql/charsets"
"#;
const START_CLIENT: &str = r#"run bin/mysql "$@"
"#;

fn write_program(file: &Path, script: &str) -> Result<()> {
    fs::write(file, script)?;
    #[cfg(unix)]
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mariadb_with_the_same_name_and_an_old_mysql_are_not_used() {
        assert!(is_mysql_8("/x/mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))"));
        assert!(is_mysql_8("mysql  Ver 8.0.45-0ubuntu0.24.04.1 for Linux on x86_64 ((Ubuntu))"));
        assert!(!is_mysql_8("mysqld  Ver 5.7.44 for Linux on x86_64 (MySQL Community Server (GPL))"));
        assert!(!is_mysql_8(
            "mysqld  Ver 10.11.14-MariaDB-0+deb12u2 for debian-linux-gnu on x86_64 (Debian 12)"
        ));
        assert!(!is_mysql_8("mysql  Ver 15.1 Distrib 10.11.14-MariaDB, for debian-linux-gnu"));
    }

    #[test]
    fn packages_are_the_lines_that_are_not_indented_and_not_in_brackets() {
        let listed = "mysql-server-core\n  Depends: libc6\n |PreDepends: <debconf-2.0>\nlibc6\n<debconf-2.0>\n  debconf\n\
                      debconf\nperl\nperl-base\nlibperl5.42\nsystemd\nlibc6\ntarget-x\n";
        assert_eq!(needed(listed), ["libc6", "libperl5.42", "mysql-server-core", "target-x"]);
    }

    #[test]
    fn the_mirror_is_that_of_the_archive_and_not_that_of_security_updates() {
        let stanza = |uri: &str| {
            format!(
                "Types: deb\n# as of today\nURIs: {uri}\nSuites: stable\nSigned-By: /usr/share/keyrings/a.gpg\n"
            )
        };
        let file =
            format!("{}\n{}", stanza("http://a.example/debian-security"), stanza("http://b.example/debian/"));
        let expected = ("http://b.example/debian/".to_owned(), Some("/usr/share/keyrings/a.gpg".to_owned()));
        assert_eq!(debian_mirror(&file), Some(expected));
        assert_eq!(debian_mirror(&stanza("http://a.example/ubuntu")), None);
    }
}

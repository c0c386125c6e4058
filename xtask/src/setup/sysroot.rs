//! A wasm toolchain from Debian's packages, for machines where rustup cannot download: Debian's compiler, and the
//! standard library built once from Debian's copy of its source.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use rustc_build_sysroot::{BuildMode, SysrootBuilder, SysrootConfig};

use super::cache;
use crate::targets::TARGETS;
use crate::{process, workspace};

/// The required packages. Debian's security suite has the compiler.
pub const PACKAGES: &[&str] = &["rustc-web", "cargo-web", "rust-web-src", "wasi-libc", "lld-22"];

const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
const SOURCE: &str = "/usr/lib/rustlib/src/rust/library";
const LIBC: &str = "/usr/lib/wasm32-wasi";
const LLD: &str = "/usr/bin/lld-22";
const WASM_LD: &str = "/usr/bin/wasm-ld-22";

/// The oldest compiler that builds the project, `[1, minor]` of the workspace's `rust-version`.
const OLDEST_MINOR: u32 = 95;

/// A folder to pass to Debian's compiler as `--sysroot`.
#[derive(Debug, Clone)]
pub struct Sysroot(PathBuf);

impl Sysroot {
    /// The sysroot for the installed packages: the cached one, or one built now.
    ///
    /// # Errors
    /// Fails when the packages are not complete, or the build fails.
    pub fn get_or_build() -> Result<Self> {
        let compiler = Compiler::installed()?;
        let folder = cache::get_or_make(&compiler.key(), |dir| {
            process::with_progress("building the standard library for wasm (once, about two minutes)", || {
                build(dir)
            })
        })?;
        link_linkers(&folder, &compiler)?;
        Ok(Self(folder))
    }

    /// The sysroot, only if it is already built and the packages are still installed.
    pub fn cached() -> Option<Self> {
        let compiler = Compiler::installed().ok()?;
        let folder = cache::get(&compiler.key()).ok()??;
        link_linkers(&folder, &compiler).ok()?;
        Some(Self(folder))
    }

    /// Debian's cargo, set up to build for the wasm targets.
    pub fn cargo(&self) -> Command {
        let mut command = debian_cargo();
        // Not RUSTFLAGS, because the folder's name may contain a space.
        command.env("CARGO_ENCODED_RUSTFLAGS", format!("--sysroot={}", self.0.display()));
        command
    }
}

/// Whether all packages are installed, in a version that is new enough.
pub fn packages_installed() -> bool {
    Compiler::installed().is_ok()
}

struct Compiler {
    version: String,
    host: String,
}

impl Compiler {
    fn installed() -> Result<Self> {
        for file in
            [RUSTC, CARGO, LLD, WASM_LD, &format!("{SOURCE}/std/Cargo.toml"), &format!("{LIBC}/libc.a")]
        {
            if !Path::new(file).exists() {
                bail!("{file} is missing; install the packages {}", PACKAGES.join(" "));
            }
        }
        let text = process::capture(debian(RUSTC).arg("-vV"))?;
        let compiler = Self::parse(&text)?;
        if compiler.minor() < Some(OLDEST_MINOR) {
            bail!("{RUSTC} is {}, too old; install the packages {}", compiler.version, PACKAGES.join(" "));
        }
        Ok(compiler)
    }

    fn parse(text: &str) -> Result<Self> {
        let value = |key: &str| {
            let found = text.lines().find_map(|line| line.strip_prefix(key)).map(str::to_owned);
            found.with_context(|| format!("`{RUSTC} -vV` prints no line `{key}`"))
        };
        Ok(Self { version: value("release: ")?, host: value("host: ")? })
    }

    fn minor(&self) -> Option<u32> {
        self.version.split('.').nth(1)?.parse().ok()
    }

    /// The name in the cache: one sysroot for each compiler, host and list of targets.
    fn key(&self) -> String {
        format!("wasm-sysroot-{}-{}-{}", self.version, self.host, TARGETS.join("+"))
    }
}

fn build(folder: &Path) -> Result<()> {
    // The remains of an interrupted build are then removed with the unfinished folder.
    let scratch = folder.join("build");
    fs::create_dir(&scratch)?;
    tempfile::env::override_temp_dir(&scratch).ok();
    for target in TARGETS {
        let mut cargo = debian_cargo();
        cargo.env("RUSTC_BOOTSTRAP", "1");
        SysrootBuilder::new(folder, *target)
            .build_mode(BuildMode::Build)
            .sysroot_config(SysrootConfig::WithStd { std_features: Vec::new() })
            // The release profile of the project links with LTO, which needs the bitcode.
            .rustflag("-Cembed-bitcode=yes")
            .cargo(cargo)
            .build_from_source(Path::new(SOURCE))
            .with_context(|| format!("cannot build the standard library for {target}"))?;
        if target.contains("wasi") {
            symlink(Path::new(LIBC), &folder.join("lib/rustlib").join(target).join("lib/self-contained"))?;
        }
    }
    fs::remove_dir_all(&scratch)?;
    Ok(())
}

/// Links the linkers, under the names that the compiler uses, into the sysroot's tool folder, where it looks for
/// them. Debian has no `wasm-component-ld`; rustup's toolchain has. It may have been updated or removed since the
/// last run, so the links are checked each time.
fn link_linkers(folder: &Path, compiler: &Compiler) -> Result<()> {
    const COMPONENT_LD: &str = "wasm-component-ld";
    let own = Path::new("lib/rustlib").join(&compiler.host).join("bin");
    let active = process::capture(process::command("rustc").args(["--print", "sysroot"]))?;
    let rustups = Path::new(active.trim()).join(&own).join(COMPONENT_LD);
    let component_ld = workspace::is_program(&rustups).then_some(rustups);
    let component_ld = component_ld.or_else(|| workspace::on_path(COMPONENT_LD)).with_context(|| {
        format!("there is no {COMPONENT_LD}; use a rustup toolchain or run `cargo install {COMPONENT_LD}`")
    })?;
    let tools = folder.join(own);
    fs::create_dir_all(&tools)?;
    symlink(Path::new(LLD), &tools.join("rust-lld"))?;
    symlink(Path::new(WASM_LD), &tools.join("wasm-ld"))?;
    symlink(&component_ld, &tools.join(COMPONENT_LD))
}

/// Makes or replaces a link in one step, so that a build that runs at the same time always finds one.
fn symlink(original: &Path, link: &Path) -> Result<()> {
    if fs::read_link(link).is_ok_and(|present| present == original) {
        return Ok(());
    }
    let fresh = link.with_extension(format!("{}", std::process::id()));
    let made = make_symlink(original, &fresh).and_then(|()| fs::rename(&fresh, link));
    made.with_context(|| format!("cannot link {} to {}", link.display(), original.display()))
}

#[cfg(unix)]
fn make_symlink(original: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(original, link)
}

#[cfg(not(unix))]
fn make_symlink(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

fn debian_cargo() -> Command {
    let mut command = debian(CARGO);
    command.env("RUSTC", RUSTC);
    command
}

/// A program of Debian's toolchain, without the environment variables that the running cargo sets for its own.
fn debian(program: &str) -> Command {
    let mut command = process::command(program);
    for name in
        ["CARGO", "RUSTC", "RUSTDOC", "RUSTFLAGS", "RUSTC_WRAPPER", "LD_LIBRARY_PATH", "RUSTUP_TOOLCHAIN"]
    {
        command.env_remove(name);
    }
    command
}

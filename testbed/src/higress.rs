//! Adapts Higress's own plugins to a stock Envoy.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// The variable that names the folder with `NAME/VERSION/plugin.wasm`.
pub const VARIABLE: &str = "GATELOG_HIGRESS_PLUGINS";

/// The export by which Higress's Envoy recognises its own ABI.
const HIGRESS_ABI: &[u8] = b"proxy_abi_version_0_2_100";
/// The export by which a stock Envoy recognises its ABI, which also works for the plugins.
const ABI: &[u8] = b"proxy_abi_version_0_2_1";

/// The number that gives a section's size has seven bits per byte.
const LEB_BITS: u32 = 7;
/// The id of the section that lists the exports.
const EXPORTS: u8 = 7;

/// Writes the plugin with this name into `folder`, in a form that a stock Envoy loads.
///
/// # Errors
///
/// When [`VARIABLE`] does not name a folder with the plugin, or the plugin is not Higress's.
pub fn plugin(name: &str, folder: &Path) -> anyhow::Result<PathBuf> {
    let plugins = env::var_os(VARIABLE).map(PathBuf::from).with_context(|| {
        format!("{VARIABLE} is not set: run `cargo xtask test`, which fetches Higress's plugins and prints the variable")
    })?;
    let versions = plugins.join(name);
    let version = fs::read_dir(&versions)
        .with_context(|| format!("no plugin {name} in {}", plugins.display()))?
        .next()
        .with_context(|| format!("{} is empty", versions.display()))??;
    let module = fs::read(version.path().join("plugin.wasm"))?;
    let file = folder.join(format!("{name}.wasm"));
    fs::write(&file, renamed(&module)?)?;
    Ok(file)
}

/// The module with the export [`HIGRESS_ABI`] called [`ABI`].
fn renamed(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut at = b"\0asm\x01\0\0\0".len();
    while let Some(id) = module.get(at) {
        let (size, content) = number(module, at + 1).context("a section without a size")?;
        let end = content + size;
        let section = module.get(content..end).context("a truncated section")?;
        if *id != EXPORTS {
            at = end;
            continue;
        }
        let named = [&[u8::try_from(HIGRESS_ABI.len())?], HIGRESS_ABI].concat();
        let place = section.windows(named.len()).position(|bytes| bytes == named);
        let parts = place.and_then(|place| section.split_at_checked(place));
        let (before, from) = parts.context("the plugin does not export Higress's ABI")?;
        let after = from.strip_prefix(&*named).unwrap_or_default();
        let section = [before, &[u8::try_from(ABI.len())?], ABI, after].concat();
        let (head, tail) = (module.get(..=at).unwrap_or_default(), module.get(end..).unwrap_or_default());
        return Ok([head, &encoded(section.len()), &section, tail].concat());
    }
    bail!("the plugin has no exports")
}

/// The number at `at`, and the offset of what follows it.
fn number(module: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = *module.get(at)?;
        value |= usize::from(byte & 0x7f).checked_shl(shift)?;
        (at, shift) = (at + 1, shift + LEB_BITS);
        if byte < 0x80 {
            return Some((value, at));
        }
    }
}

fn encoded(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or_default();
        value >>= LEB_BITS;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_export_is_renamed_and_everything_else_is_unchanged() {
        let section = [&[1, 25], HIGRESS_ABI, &[0, 0]].concat();
        let module =
            [&b"\0asm\x01\0\0\0"[..], &[1, 1, 0], &[7, 0x80 + 29, 0], &section, &[10, 2, 1, 2]].concat();
        let expected =
            [&b"\0asm\x01\0\0\0"[..], &[1, 1, 0], &[7, 27, 1, 23], ABI, &[0, 0, 10, 2, 1, 2]].concat();
        assert_eq!(renamed(&module).unwrap(), expected);
        assert!(renamed(b"\0asm\x01\0\0\0").is_err());
    }
}

//! `cargo xtask image`: the filter as one OCI image for Higress, Istio and Envoy Gateway, as an OCI layout in a folder.
//!
//! - [`digest`](mod@digest): sums and digests.
//! - [`layer`]: the layers, each the same bytes for the same content.
//! - [`layout`]: the folder: blobs, manifest, index.
//!
//! The functions need no image from here: `spin registry push` makes theirs.

mod digest;
mod layer;
mod layout;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::{artifacts, workspace};
use digest::hex;
use layer::Layer;
use layout::Image;

/// The cargo package of the filter.
const PACKAGE: &str = "gatelog-filter";
/// What the wasm file is called beside the image.
const WASM: &str = "gatelog_filter.wasm";
/// The folder of the image in the output folder.
const IMAGE: &str = "filter";
/// What a WebAssembly module begins with.
const MAGIC: &[u8] = b"\0asm";
/// The documents of the image, and the types that Higress gives to them.
const DOCUMENTS: &[(&str, &str)] = &[
    ("spec.yaml", "application/vnd.module.wasm.spec.v1+yaml"),
    ("README.md", "application/vnd.module.wasm.doc.v1+markdown"),
    ("README_ZH.md", "application/vnd.module.wasm.doc.v1.zh+markdown"),
];
/// Where the documents are.
const DOCUMENT_FOLDER: &str = "deploy/higress/plugin";

/// Options of the task.
#[derive(Args)]
pub struct Options {
    /// The folder to write to.
    #[arg(long, default_value = "target/image")]
    output: PathBuf,
    /// A wasm file to take; without it, the filter is built.
    #[arg(long)]
    wasm: Option<PathBuf>,
}

/// Writes the image, the bare wasm file and its sum, and prints the image's digest.
///
/// # Errors
/// Fails when the filter cannot be built or read, or the folder cannot be written.
pub fn image(options: &Options) -> Result<()> {
    let file = match &options.wasm {
        Some(file) => file.clone(),
        None => artifacts::build_one(PACKAGE)?,
    };
    let wasm = fs::read(&file).with_context(|| file.display().to_string())?;
    ensure!(wasm.starts_with(MAGIC), "{} is not a WebAssembly module", file.display());
    fs::create_dir_all(&options.output).with_context(|| options.output.display().to_string())?;
    let digest = make(&wasm)?.write(&options.output.join(IMAGE))?;
    write_with_sum(&options.output, WASM, &wasm)?;
    eprintln!("{}: the image, the bare wasm file and its sum", options.output.display());
    println!("{digest}");
    Ok(())
}

/// The image of a wasm file. The wasm file is the last layer, because that is where its readers look.
fn make(wasm: &[u8]) -> Result<Image> {
    let folder = workspace::root()?.join(DOCUMENT_FOLDER);
    let mut layers = Vec::new();
    for (name, media_type) in DOCUMENTS {
        let file = folder.join(name);
        let content = fs::read(&file).with_context(|| file.display().to_string())?;
        layers.push(Layer::document(name, media_type, content));
    }
    layers.push(Layer::archive("plugin.wasm", wasm)?);
    Ok(Image { layers, version: env!("CARGO_PKG_VERSION").to_owned() })
}

/// Writes a file, and beside it its SHA-256 in the form that `sha256sum --check` reads.
fn write_with_sum(folder: &Path, name: &str, content: &[u8]) -> Result<()> {
    let write = |name: &str, content: &[u8]| {
        let file = folder.join(name);
        fs::write(&file, content).with_context(|| file.display().to_string())
    };
    write(name, content)?;
    write(&format!("{name}.sha256"), format!("{}  {name}\n", hex(content)).as_bytes())
}

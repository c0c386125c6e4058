//! An image as an OCI layout: <https://github.com/opencontainers/image-spec/blob/main/image-layout.md>.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use super::digest::{digest, hex};
use super::layer::Layer;

/// The file by which a folder is known as an OCI layout.
const MARKER: &str = "oci-layout";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const DESCRIPTION: &str =
    "Records every request that passes Envoy, Higress, Istio or Envoy Gateway, AI calls included.";

/// An image.
pub struct Image {
    /// The layers, in order.
    pub layers: Vec<Layer>,
    /// The version, which is also the tag in the layout.
    pub version: String,
}

/// Members are written in the order of these types, so the bytes do not depend on how JSON objects are kept.
type Annotations = BTreeMap<&'static str, String>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    size: usize,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: Annotations,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u8,
    media_type: &'static str,
    config: Descriptor,
    layers: Vec<Descriptor>,
    annotations: Annotations,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    schema_version: u8,
    media_type: &'static str,
    manifests: Vec<Descriptor>,
}

/// The configuration of the image. It runs nowhere by itself; tools that inspect images want a platform.
#[derive(Serialize)]
struct Config<'a> {
    architecture: &'static str,
    os: &'static str,
    rootfs: RootFs<'a>,
}

#[derive(Serialize)]
struct RootFs<'a> {
    r#type: &'static str,
    diff_ids: Vec<&'a str>,
}

impl Image {
    /// Writes the image to `folder`, in place of an older one, and returns its digest.
    ///
    /// # Errors
    /// Fails when the folder holds something else, or cannot be written.
    pub fn write(&self, folder: &Path) -> Result<String> {
        remove_older(folder)?;
        let blobs = Blobs::create(folder)?;
        let mut layers = Vec::new();
        for layer in &self.layers {
            let title = [("org.opencontainers.image.title", layer.title.clone())];
            layers.push(blobs.add(&layer.media_type, &layer.content, title)?);
        }
        let config = blobs.add(CONFIG, &serde_json::to_vec(&self.config())?, [])?;
        let manifest = Manifest {
            schema_version: 2,
            media_type: MANIFEST,
            config,
            layers,
            annotations: self.annotations(),
        };
        let tag = [("org.opencontainers.image.ref.name", self.version.clone())];
        let manifest = blobs.add(MANIFEST, &serde_json::to_vec(&manifest)?, tag)?;
        let digest = manifest.digest.clone();
        let index = Index { schema_version: 2, media_type: INDEX, manifests: vec![manifest] };
        fs::write(folder.join("index.json"), serde_json::to_vec(&index)?)?;
        fs::write(folder.join(MARKER), r#"{"imageLayoutVersion":"1.0.0"}"#)?;
        Ok(digest)
    }

    fn config(&self) -> Config<'_> {
        let diff_ids = self.layers.iter().map(|layer| layer.diff_id.as_str()).collect();
        Config { architecture: "wasm", os: "wasip1", rootfs: RootFs { r#type: "layers", diff_ids } }
    }

    fn annotations(&self) -> Annotations {
        BTreeMap::from([
            ("org.opencontainers.image.title", "gatelog filter".to_owned()),
            ("org.opencontainers.image.description", DESCRIPTION.to_owned()),
            ("org.opencontainers.image.licenses", "Apache-2.0".to_owned()),
            ("org.opencontainers.image.version", self.version.clone()),
        ])
    }
}

/// The folder of contents, each under its digest.
struct Blobs(PathBuf);

impl Blobs {
    fn create(layout: &Path) -> Result<Self> {
        let folder = layout.join("blobs/sha256");
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(Self(folder))
    }

    fn add<const COUNT: usize>(
        &self,
        media_type: &str,
        content: &[u8],
        annotations: [(&'static str, String); COUNT],
    ) -> Result<Descriptor> {
        let file = self.0.join(hex(content));
        fs::write(&file, content).with_context(|| file.display().to_string())?;
        Ok(Descriptor {
            media_type: media_type.to_owned(),
            digest: digest(content),
            size: content.len(),
            annotations: BTreeMap::from(annotations),
        })
    }
}

/// Removes an older image, and nothing else that a mistyped path may lead to.
fn remove_older(folder: &Path) -> Result<()> {
    let is_empty = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| folder.display().to_string())?.next().is_none(),
    };
    ensure!(
        is_empty || folder.join(MARKER).is_file(),
        "{} holds something other than an image; name another folder with --output",
        folder.display()
    );
    fs::remove_dir_all(folder).with_context(|| folder.display().to_string())
}

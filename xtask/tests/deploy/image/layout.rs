//! Reads an OCI layout, and checks each content against its digest and size.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

/// A manifest with its layers, as a registry would hand them out.
pub struct Layout {
    pub digest: String,
    pub media_type: String,
    pub layers: Vec<Layer>,
}

pub struct Layer {
    pub media_type: String,
    pub content: Vec<u8>,
}

impl Layout {
    /// Reads the only image of a folder.
    pub fn read(folder: &Path) -> Self {
        let version: Value = json(&fs::read(folder.join("oci-layout")).unwrap());
        assert_eq!(version["imageLayoutVersion"], "1.0.0");
        let index: Value = json(&fs::read(folder.join("index.json")).unwrap());
        assert_eq!(index["schemaVersion"], 2);
        assert_eq!(index["manifests"].as_array().unwrap().len(), 1);
        let manifest: Value = json(&blob(folder, &index["manifests"][0]));
        assert_eq!(manifest["schemaVersion"], 2);
        let config: Value = json(&blob(folder, &manifest["config"]));
        let layers: Vec<Layer> = manifest["layers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|layer| Layer { media_type: text(&layer["mediaType"]), content: blob(folder, layer) })
            .collect();
        assert_eq!(config["rootfs"]["diff_ids"].as_array().unwrap().len(), layers.len());
        Self {
            digest: text(&index["manifests"][0]["digest"]),
            media_type: text(&manifest["mediaType"]),
            layers,
        }
    }
}

fn blob(folder: &Path, descriptor: &Value) -> Vec<u8> {
    let expected = text(&descriptor["digest"]);
    let content = fs::read(folder.join("blobs").join(expected.replace(':', "/"))).unwrap();
    assert_eq!(digest(&content), expected);
    assert_eq!(descriptor["size"], content.len());
    content
}

/// The digest of a content, as manifests write it.
pub fn digest(content: &[u8]) -> String {
    let hex: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// All files of a folder by their paths in it.
pub fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn json(text: &[u8]) -> Value {
    serde_json::from_slice(text).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

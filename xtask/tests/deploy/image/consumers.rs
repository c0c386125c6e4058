//! The rules by which gateways find the wasm file in an image. Istio's are in its `pkg/wasm/imagefetcher.go`; Envoy Gateway
//! and Higress's Istio have copies of that file. Compared with Istio at 01348d90 and Envoy Gateway at d32f2829.

use std::io::Read;

use super::layout::{Layer, Layout};

const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const WASM_LAYER: &str = "application/vnd.module.wasm.content.layer.v1+wasm";

/// The wasm file that Istio takes from an image: that in the last layer, else that of an artifact with two layers.
pub fn istio(image: &Layout) -> Result<Vec<u8>, String> {
    if image.media_type == DOCKER_MANIFEST {
        return from_last_layer(image, DOCKER_LAYER);
    }
    from_last_layer(image, OCI_LAYER)
        .or_else(|standard| from_artifact(image).map_err(|artifact| format!("{standard}; {artifact}")))
}

/// A document that Higress's tools look for by its type.
pub fn document(image: &Layout, media_type: &str) -> Option<String> {
    let layer = image.layers.iter().find(|layer| layer.media_type == media_type)?;
    String::from_utf8(layer.content.clone()).ok()
}

fn from_last_layer(image: &Layout, media_type: &str) -> Result<Vec<u8>, String> {
    let layer = image.layers.last().ok_or("there is no layer")?;
    if layer.media_type != media_type {
        return Err(format!("the last layer is {}, not {media_type}", layer.media_type));
    }
    plugin_in(&layer.content)
}

/// The first file named `plugin.wasm`, in whatever folder.
fn plugin_in(archive: &[u8]) -> Result<Vec<u8>, String> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    for entry in archive.entries().map_err(|error| error.to_string())? {
        let mut entry = entry.map_err(|error| error.to_string())?;
        let is_plugin =
            entry.path().is_ok_and(|path| path.file_name().is_some_and(|name| name == "plugin.wasm"));
        if is_plugin {
            let mut content = Vec::new();
            entry.read_to_end(&mut content).map_err(|error| error.to_string())?;
            return Ok(content);
        }
    }
    Err("no plugin.wasm in the archive".to_owned())
}

fn from_artifact(image: &Layout) -> Result<Vec<u8>, String> {
    if image.layers.len() != 2 {
        return Err(format!("an artifact has two layers, this one {}", image.layers.len()));
    }
    let found = image.layers.iter().find(|layer| layer.media_type == WASM_LAYER);
    found.map(|layer| layer.content.clone()).ok_or_else(|| format!("no layer is {WASM_LAYER}"))
}

#[test]
fn the_rules_refuse_the_images_that_broke_gateways() {
    let layer = |media_type: &str| Layer { media_type: media_type.to_owned(), content: b"\0asm".to_vec() };
    let image = |layers| Layout { digest: String::new(), media_type: String::new(), layers };
    // A single layer of bare wasm, as the tools of the component model write it.
    assert!(istio(&image(vec![layer("application/wasm")])).is_err());
    assert!(istio(&image(Vec::new())).is_err());
    // Bare wasm that claims to be an archive.
    assert!(istio(&image(vec![layer(OCI_LAYER)])).is_err());
    let artifact = image(vec![layer("application/vnd.module.wasm.config.v1+json"), layer(WASM_LAYER)]);
    assert_eq!(istio(&artifact).unwrap(), b"\0asm");
}

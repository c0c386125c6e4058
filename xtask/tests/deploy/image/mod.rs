//! `cargo xtask image`, read by the rules of those who fetch it, and by skopeo.

mod consumers;
mod layout;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::run::output;
use layout::Layout;

/// Makes the image of a wasm file and returns what the task prints.
fn make(wasm: &Path, folder: &Path) -> String {
    let mut task = Command::new(env!("CARGO_BIN_EXE_xtask"));
    output(task.arg("image").arg("--wasm").arg(wasm).arg("--output").arg(folder)).trim().to_owned()
}

#[test]
fn istio_envoy_gateway_and_higress_find_the_very_filter_and_its_documents() {
    let (wasm, folder) =
        (gatelog_artifacts::artifact("gatelog-filter").unwrap(), tempfile::tempdir().unwrap());
    let digest = make(&wasm, folder.path());
    let layout = Layout::read(&folder.path().join("filter"));
    assert_eq!(layout.digest, digest);
    let wasm = fs::read(wasm).unwrap();
    assert!(consumers::istio(&layout).unwrap() == wasm, "another file than the filter");
    let spec = consumers::document(&layout, "application/vnd.module.wasm.spec.v1+yaml").unwrap();
    assert!(spec.contains("configSchema:"), "{spec}");
    let readme = consumers::document(&layout, "application/vnd.module.wasm.doc.v1+markdown").unwrap();
    assert!(readme.starts_with("# gatelog"), "{readme}");
    let chinese = consumers::document(&layout, "application/vnd.module.wasm.doc.v1.zh+markdown").unwrap();
    assert!(chinese.contains("配置说明"), "{chinese}");
}

#[test]
fn a_second_image_of_the_same_file_is_the_same_to_the_last_byte_and_replaces_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let wasm = folder.path().join("some.wasm");
    fs::write(&wasm, b"\0asm\x01\0\0\0").unwrap();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    let digest = make(&wasm, &one);
    assert_eq!(make(&wasm, &other), digest);
    assert_eq!(layout::files(&one), layout::files(&other));
    fs::write(&wasm, b"\0asm\x01\0\0\0and more").unwrap();
    assert_ne!(make(&wasm, &one), digest);
    let names = |folder| layout::files(folder).into_keys().collect::<Vec<_>>();
    assert_eq!(names(&one).len(), names(&other).len(), "blobs of the first image are left");
}

#[test]
fn the_sum_beside_the_bare_file_is_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let wasm = folder.path().join("some.wasm");
    fs::write(&wasm, b"\0asm\x01\0\0\0").unwrap();
    make(&wasm, folder.path());
    let mut check = Command::new("sha256sum");
    output(check.args(["--check", "gatelog_filter.wasm.sha256"]).current_dir(folder.path()));
}

#[test]
fn what_is_no_module_is_refused_and_a_folder_with_other_files_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |wasm: &Path, expected: &str| {
        let mut task = Command::new(env!("CARGO_BIN_EXE_xtask"));
        let output =
            task.arg("image").arg("--wasm").arg(wasm).arg("--output").arg(folder.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(expected), "{said}");
    };
    let page = folder.path().join("page.html");
    fs::write(&page, "<html>").unwrap();
    refused(&page, "is not a WebAssembly module");
    let wasm = folder.path().join("some.wasm");
    fs::write(&wasm, b"\0asm\x01\0\0\0").unwrap();
    let letter = folder.path().join("filter/letter.txt");
    fs::create_dir(letter.parent().unwrap()).unwrap();
    fs::write(&letter, "dear").unwrap();
    refused(&wasm, "holds something other than an image");
    assert!(letter.is_file());
}

#[test]
fn skopeo_inspects_the_image_and_copies_it_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let wasm = folder.path().join("some.wasm");
    fs::write(&wasm, b"\0asm\x01\0\0\0").unwrap();
    let digest = make(&wasm, folder.path());
    let source = format!("oci:{}:{}", folder.path().join("filter").display(), env!("CARGO_PKG_VERSION"));
    let said = output(Command::new("skopeo").arg("inspect").arg(&source));
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["Digest"], digest);
    assert_eq!(said["Layers"].as_array().unwrap().len(), 4);
    let place = |kind: &str| format!("{kind}:{}", folder.path().join(kind).display());
    for kind in ["dir", "oci"] {
        let copy = ["--insecure-policy", "copy", "--preserve-digests", &source, &place(kind)];
        output(Command::new("skopeo").args(copy));
    }
    assert_eq!(Layout::read(&folder.path().join("oci")).digest, digest);
    let copied = fs::read(folder.path().join("dir/manifest.json")).unwrap();
    assert_eq!(layout::digest(&copied), digest);
}

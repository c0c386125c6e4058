//! Rules about layers: which packages may depend on which, and which files may name the SDK of a wasm host.

use super::finding::Finding;
use super::metadata::{Metadata, Package};
use super::tokens::{Token, TokenKind};
use super::tree::File;

/// The packages from the lowest layer to the highest, by folder; `*` stands for any. A package may depend only on
/// packages of lower layers, so packages of one layer never depend on each other.
const LAYERS: &[&[&str]] = &[
    &[
        "record",
        "sync",
        "databases",
        "artifacts",
        "documents",
        "harness/guests/*-filter",
        "spin-host/guests/probe",
    ],
    &["redact"],
    &["forward", "storage", "prices", "filter"],
    &["syslog", "otlp"],
    &["functions/shared", "harness/guests/counted", "envoy-module"],
    &["functions/ingest", "functions/query", "functions/health", "functions/dashboard"],
    &["harness", "spin-host"],
    &["testbed"],
    &["bench"],
    &["xtask"],
];

/// The folders of code that also runs outside wasm, whose logic must not know its host. The packages above them are
/// native, and cannot name an SDK because they cannot depend on one.
const HOST_FREE: &[&str] = &[
    "record/*",
    "redact/*",
    "sync/*",
    "storage/*",
    "forward/*",
    "syslog/*",
    "otlp/*",
    "prices/*",
    "filter/*",
    "functions/*",
];

/// An SDK by its name in code, and the files that may name it. The filter implements proxy-wasm's ABI itself; only the
/// guests of the harness use the SDK.
const SHELLS: &[(&str, &[&str])] =
    &[("proxy_wasm", &["harness/guests/*"]), ("spin_sdk", SPIN_SHELLS), ("wasip3", SPIN_SHELLS)];

const SPIN_SHELLS: &[&str] = &[
    "functions/*/src/entry.rs",
    "functions/shared/src/spin/*",
    "sync/src/oneshot/spin.rs",
    "storage/src/driver/spin*",
    "syslog/src/transport/wasi*",
    "otlp/src/export/post/spin.rs",
];

/// The SDKs as packages. Native builds must not contain them.
const SDKS: &[&str] = &["proxy-wasm", "spin-sdk", "wasip3"];

/// Checks which files name an SDK.
pub fn check_names(file: &File, tokens: &[Token]) -> Vec<Finding> {
    if !HOST_FREE.iter().any(|pattern| matches(pattern, &file.path)) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (name, shells) in SHELLS {
        let named = tokens.iter().find(|token| token.kind == TokenKind::Word && token.text == *name);
        if let Some(token) = named
            && !shells.iter().any(|pattern| matches(pattern, &file.path))
        {
            let what = format!("names {name}, which only {} may", shells.join(", "));
            let fix = "put the call behind the trait that the shell implements";
            findings.push(Finding::new(&file.path, token.line, what, fix));
        }
    }
    findings
}

/// Checks that the workspace's packages depend on lower layers only, for development too.
pub fn check_dependencies(metadata: &Metadata) -> Vec<Finding> {
    let members: Vec<&Package> = metadata.members().collect();
    let mut findings = Vec::new();
    for package in &members {
        let Some(own) = layer_of(package) else {
            let fix = "give it a place in LAYERS of xtask/src/tidy/layers.rs";
            findings.push(Finding::new(&package.manifest(), 1, "the package is in no layer", fix));
            continue;
        };
        // A package may depend on itself, so that its tests can use an optional feature.
        let others = package.dependencies.iter().filter(|dependency| dependency.name != package.name);
        for dependency in others.filter(|dependency| dependency.path.is_some()) {
            let Some(other) = members.iter().find(|member| member.name == dependency.name) else { continue };
            if layer_of(other).is_some_and(|layer| layer >= own) {
                let what = format!("{} depends on {}, which is not below it", package.name, other.name);
                let fix = "move what is shared into a lower package";
                findings.push(Finding::new(&package.manifest(), 1, what, fix));
            }
        }
    }
    findings
}

/// Checks that no native build contains an SDK.
pub fn check_native_graph(native: &Metadata) -> Vec<Finding> {
    let sdks = native.foreign().filter(|package| SDKS.contains(&package.name.as_str()));
    let mut findings = Vec::new();
    for sdk in sdks {
        for dependent in native.dependents(&sdk.id) {
            let what = format!("a native build of {} contains {}", dependent.name, sdk.name);
            let fix = "list it under [target.'cfg(target_family = \"wasm\")'.dependencies]";
            findings.push(Finding::new(&dependent.manifest(), 1, what, fix));
        }
    }
    findings
}

fn layer_of(package: &Package) -> Option<usize> {
    let manifest = package.manifest();
    let folder = manifest.strip_suffix("/Cargo.toml")?;
    LAYERS.iter().position(|layer| layer.iter().any(|pattern| matches(pattern, folder)))
}

/// Whether a path matches a pattern, in which one `*` stands for any characters.
fn matches(pattern: &str, path: &str) -> bool {
    match pattern.split_once('*') {
        Some((before, after)) => path.strip_prefix(before).is_some_and(|rest| rest.ends_with(after)),
        None => pattern == path,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    fn naming(path: &str, text: &str) -> Vec<String> {
        let file = File { path: path.to_owned(), text: text.to_owned() };
        check_names(&file, &tokens(text).unwrap()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_shells_name_an_sdk() {
        let text = "//! A.\n\nuse proxy_wasm::traits;\nuse spin_sdk::http;\n";
        let found = naming("filter/src/collect/mod.rs", text);
        assert!(found[0].starts_with("filter/src/collect/mod.rs:3: names proxy_wasm"), "{found:?}");
        assert!(found[1].starts_with("filter/src/collect/mod.rs:4: names spin_sdk"), "{found:?}");
        assert_eq!(naming("filter/src/shell/abi.rs", "use proxy_wasm::traits;").len(), 1);
        assert_eq!(naming("harness/guests/noop-filter/src/lib.rs", "use proxy_wasm::traits;").len(), 0);
        assert_eq!(naming("functions/ingest/src/entry.rs", "use spin_sdk::http;").len(), 0);
        assert_eq!(naming("functions/ingest/src/handler.rs", "use spin_sdk::http;").len(), 1);
        assert_eq!(naming("storage/src/driver/spin_sqlite.rs", "use spin_sdk::sqlite;").len(), 0);
    }

    fn metadata(packages: &[(&str, &str, &[&str])], nodes: &[(&str, &[&str])]) -> Metadata {
        let root = crate::workspace::root().unwrap().display().to_string();
        let package = |(name, folder, dependencies): &(&str, &str, &[&str])| {
            let dependencies: Vec<_> =
                dependencies.iter().map(|name| serde_json::json!({"name": name, "path": "x"})).collect();
            serde_json::json!({"id": name, "name": name, "dependencies": dependencies, "manifest_path": format!("{root}/{folder}/Cargo.toml")})
        };
        let members =
            packages.iter().filter(|(_, folder, _)| !folder.starts_with("..")).map(|(name, ..)| name);
        let nodes = nodes
            .iter()
            .map(|(id, dependencies)| serde_json::json!({"id": id, "dependencies": dependencies}));
        serde_json::from_value(serde_json::json!({
            "packages": packages.iter().map(package).collect::<Vec<_>>(),
            "workspace_members": members.collect::<Vec<_>>(),
            "resolve": {"nodes": nodes.collect::<Vec<_>>()},
        }))
        .unwrap()
    }

    #[test]
    fn a_package_depends_on_lower_layers_only() {
        let good =
            [("r", "record", &[][..]), ("s", "storage", &["r"][..]), ("h", "harness", &["s", "r"][..])];
        assert!(check_dependencies(&metadata(&good, &[])).is_empty());
        let bad = [("r", "record", &["f"][..]), ("s", "storage", &[][..]), ("f", "filter", &["s"][..])];
        let found: Vec<String> =
            check_dependencies(&metadata(&bad, &[])).iter().map(ToString::to_string).collect();
        assert!(found[0].starts_with("record/Cargo.toml:1: r depends on f"), "{found:?}");
        assert!(found[1].starts_with("filter/Cargo.toml:1: f depends on s"), "{found:?}");
    }

    #[test]
    fn a_package_without_a_layer_is_found() {
        let found = check_dependencies(&metadata(&[("x", "extra", &[])], &[]));
        assert!(found[0].to_string().starts_with("extra/Cargo.toml:1: the package is in no layer"));
    }

    #[test]
    fn an_sdk_in_a_native_build_is_found() {
        let packages = [("filter", "filter", &[][..]), ("proxy-wasm", "../elsewhere", &[][..])];
        let nodes = [("filter", &["proxy-wasm"][..]), ("proxy-wasm", &[][..])];
        let found = check_native_graph(&metadata(&packages, &nodes));
        assert!(
            found[0]
                .to_string()
                .starts_with("filter/Cargo.toml:1: a native build of filter contains proxy-wasm")
        );
        assert!(check_native_graph(&metadata(&packages, &[("filter", &[])])).is_empty());
    }
}

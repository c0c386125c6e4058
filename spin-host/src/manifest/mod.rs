//! `spin.toml`: the parts of an application and the permissions of its components.
//!
//! A manifest is read in two steps: `raw` knows the keys, `check` knows their valid values. All problems of
//! the second step are reported at once, each with its key.

mod check;
mod model;
mod raw;

pub use model::{Component, HttpTrigger, Manifest, Mount, Variable};

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

impl Manifest {
    /// Reads and checks a manifest. A folder means the `spin.toml` in it.
    ///
    /// # Errors
    ///
    /// When the file is missing, is not TOML, or has mistakes: the message names the file and each key.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let path = if path.is_dir() { path.join("spin.toml") } else { path.to_owned() };
        let text = std::fs::read_to_string(&path).with_context(|| {
            format!("cannot read the manifest {}: give another with --from", path.display())
        })?;
        Self::parse(&text, &path)
    }

    /// Checks the text of a manifest that was read from `path`.
    ///
    /// # Errors
    ///
    /// Like [`Manifest::read`].
    pub fn parse(text: &str, path: &Path) -> anyhow::Result<Self> {
        let file = || format!("in the manifest {}", path.display());
        let table: toml::Table = toml::from_str(text).with_context(file)?;
        match table.get("spin_manifest_version") {
            Some(toml::Value::Integer(2)) => {}
            Some(other) => bail!("{}: spin_manifest_version is {other}, only 2 is known", path.display()),
            None => {
                bail!("{}: spin_manifest_version is missing, write spin_manifest_version = 2", path.display())
            }
        }
        let raw: raw::Manifest = toml::from_str(text).with_context(file)?;
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let folder = std::path::absolute(&folder).with_context(file)?;
        check::check(raw, path, folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "spin_manifest_version = 2\n[application]\nname = \"logs\"\n";

    fn parse(body: &str) -> anyhow::Result<Manifest> {
        Manifest::parse(&format!("{HEAD}{body}"), Path::new("app/spin.toml"))
    }

    fn message(body: &str) -> String {
        format!("{:#}", parse(body).unwrap_err())
    }

    #[test]
    fn a_complete_manifest_is_read() {
        let manifest = parse(
            r#"
            version = "1.0.0"
            description = "x"
            authors = ["a"]
            targets = ["spin-up:4.1"]
            [variables]
            store = { default = "libsql" }
            token = { required = true, secret = true, description = "y" }
            [[trigger.http]]
            route = "/ingest"
            component = "ingest"
            [[trigger.http]]
            id = "inner"
            route = { private = true }
            component = "ingest"
            executor = { type = "http" }
            [component.ingest]
            source = "target/ingest.wasm"
            allowed_outbound_hosts = ["mysql://{{ store }}:3306"]
            sqlite_databases = ["default"]
            files = ["conf/*.json", { source = "a", destination = "/b" }]
            environment = { A = "b" }
            [component.ingest.variables]
            token = "{{ token }}"
            [component.ingest.build]
            command = "cargo build"
            workdir = "."
            watch = ["src/**/*.rs"]
            [component.ingest.tool.lint]
            level = 3
            "#,
        )
        .unwrap();
        let ingest = &manifest.components["ingest"];
        assert!(ingest.source.is_absolute() && ingest.source.ends_with("app/target/ingest.wasm"));
        assert_eq!(ingest.build_commands, ["cargo build"]);
        assert_eq!(ingest.files.len(), 2);
        assert!(manifest.variables["token"].secret && manifest.variables["token"].default.is_none());
        assert_eq!(manifest.triggers[1].route, None);
    }

    #[test]
    fn an_unknown_key_is_named_with_its_file() {
        for (body, key) in [
            ("colour = \"red\"", "colour"),
            ("[components.a]\nsource = \"a.wasm\"", "components"),
            ("[[trigger.redis]]\nchannel = \"a\"", "redis"),
            ("[component.a]\nsource = \"a.wasm\"\nsqlite_database = [\"default\"]", "sqlite_database"),
            (
                "[component.a]\nsource = \"a.wasm\"\n[component.a.build]\ncommand = \"x\"\nwatches = []",
                "watches",
            ),
            ("[variables]\na = { defaults = \"x\" }", "defaults"),
            ("[[trigger.http]]\nroute = \"/a\"\ncomponent = \"a\"\npriority = 1", "priority"),
        ] {
            let message = message(body);
            assert!(message.contains("app/spin.toml") && message.contains(key), "{message}");
        }
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        let message = message(
            r#"
            [variables]
            Big = { default = "x" }
            both = { default = "x", required = true }
            none = { description = "no value" }
            [[trigger.http]]
            route = "/a"
            component = "missing"
            [component.store]
            source = "a.wasm"
            key_value_stores = ["default"]
            allowed_outbound_hosts = ["localhost:80", "http://{{ nobody }}"]
            [component.store.variables]
            url = "http://{{ host }}"
            "#,
        );
        for part in [
            "variables.Big",
            "variables.both",
            "variables.none",
            "trigger.http[0].component",
            "component.store.key_value_stores",
            "component.store.allowed_outbound_hosts[0]",
            "component.store.allowed_outbound_hosts[1]",
            "component.store.variables.url",
            "\"host\"",
        ] {
            assert!(message.contains(part), "{part} is missing in: {message}");
        }
    }

    #[test]
    fn an_outbound_rule_must_be_valid_with_the_defaults_of_its_variables() {
        let manifest = |default: &str, rule: &str| {
            format!(
                "[variables]\naddress = {{ {default} }}\nport = {{ default = \"514\" }}\n\
                 [[trigger.http]]\nroute = \"/a\"\ncomponent = \"a\"\n\
                 [component.a]\nsource = \"a.wasm\"\nallowed_outbound_hosts = [\"{rule}\"]"
            )
        };
        for (default, rule) in [
            ("default = \"\"", "tcp://{{ address }}:{{ port }}"),
            ("default = \"a b\"", "tcp://{{ address }}:{{ port }}"),
            ("default = \"x\"", "tcp://127.0.0.1:{{ address }}"),
            ("default = \"tcp\"", "{{ address }}"),
            ("default = \"\"", "mysql://{{ address }}"),
        ] {
            let message = message(&manifest(default, rule));
            assert!(
                message.contains("component.a.allowed_outbound_hosts[0]") && message.contains("defaults"),
                "{default} {rule}: {message}"
            );
        }
        for (default, rule) in [
            ("default = \"127.0.0.1\"", "tcp://{{ address }}:{{ port }}"),
            ("default = \"\"", "https://{{ address }}"),
            ("default = \"\"", "{{ address }}"),
            ("required = true", "tcp://{{ address }}:{{ port }}"),
        ] {
            parse(&manifest(default, rule)).unwrap_or_else(|error| panic!("{default} {rule}: {error:#}"));
        }
    }

    #[test]
    fn an_older_manifest_is_refused() {
        for text in ["spin_manifest_version = \"1\"\nname = \"a\"", "name = \"a\""] {
            let error = Manifest::parse(text, Path::new("spin.toml")).unwrap_err().to_string();
            assert!(error.contains("spin_manifest_version"), "{error}");
        }
    }
}

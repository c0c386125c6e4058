//! Every configuration in a document is one that its reader takes. Resources of Kubernetes are read as YAML here; the plugin's
//! configuration in them is read by the filter.

use std::collections::BTreeMap;

use gatelog_documents::{Block, block};
use gatelog_filter::config::Config;
use gatelog_prices::{configured, read};
use gatelog_spin_host::manifest::Manifest;
use gatelog_spin_host::runtime_config::Databases;
use gatelog_syslog::entries::Entries;
use serde_json::Value;

use crate::envoy_yaml;

/// Keys of which the filter's configuration has one, so that it is recognised.
const OF_THE_FILTER: [&str; 4] = ["collector_service_name", "collector_cluster", "_rules_", "capture"];

#[tokio::test(flavor = "multi_thread")]
async fn every_configuration_in_the_documents_is_one_that_its_reader_takes() {
    let (mut problems, mut counts) = (Vec::new(), BTreeMap::<String, u32>::new());
    for block in block::all().unwrap() {
        let reader = match (&block.not_run, &*block.language) {
            (Some(reason), _) => Ok(format!("not loaded: {reason}")),
            (None, "json") => json(&block),
            (None, "yaml" | "yml") => yaml(&block).await,
            (None, "toml") => toml(&block),
            // The tests beside this one take these, and a block without a language is what something prints.
            (None, "sh" | "sql" | "" | "text") => continue,
            (None, other) => Ok(format!("read by people only: {other}")),
        };
        match reader {
            Ok(reader) => *counts.entry(reader).or_default() += 1,
            Err(error) => problems.push(format!("{}: {error}", block.place())),
        }
    }
    for (reader, count) in &counts {
        println!("{count:4} {reader}");
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(counts.keys().any(|reader| reader == ENVOY), "{counts:?}");
}

const ENVOY: &str = "checked by Envoy";
const FILTER: &str = "read by the filter";
const ENTRIES: &str = "read as entries of syslog";

fn json(block: &Block) -> Result<String, String> {
    let value: Value = serde_json::from_str(&block.text).map_err(|error| error.to_string())?;
    if value.get("models").is_some() {
        read::over(configured::default_table(), &block.text).map_err(|error| error.to_string())?;
        return Ok("read as prices".to_owned());
    }
    let is_entry = |item: &Value| item.get("config").is_some();
    if value.as_array().is_some_and(|items| items.iter().any(is_entry)) {
        return syslog(&block.text);
    }
    of_filter(&value).unwrap_or_else(|| Ok("read as JSON".to_owned()))
}

async fn yaml(block: &Block) -> Result<String, String> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(&block.text).map_err(|error| error.to_string())?;
    let mut reader = "read as YAML".to_owned();
    for value in &documents {
        if let Some(bootstrap) = envoy_yaml::completed(value) {
            envoy_yaml::validate(&bootstrap).await.map_err(|error| error.to_string())?;
            reader = ENVOY.to_owned();
        } else if value.get("_format_version").is_some() {
            reader = syslog(&block.text)?;
        } else {
            // A WasmPlugin, or a piece of it.
            let spec = value.get("spec").unwrap_or(value);
            let plugin = spec.get("defaultConfig").or_else(|| spec.get("pluginConfig")).unwrap_or(spec);
            if let Some(read) = of_filter(plugin) {
                reader = read?;
            } else if value.get("kind").is_some() {
                reader = "read as YAML, a resource of Kubernetes".to_owned();
            }
        }
    }
    Ok(reader)
}

fn toml(block: &Block) -> Result<String, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = folder.path().join("block.toml");
    std::fs::write(&file, &block.text).map_err(|error| error.to_string())?;
    let table: toml::Table = block.text.parse().map_err(|error: toml::de::Error| error.to_string())?;
    if table.contains_key("spin_manifest_version") {
        Manifest::parse(&block.text, &file).map_err(|error| format!("{error:#}"))?;
        return Ok("read as Spin's manifest".to_owned());
    }
    if table.contains_key("sqlite_database") {
        // The local host speaks no TLS to a server, which is not what is wrong with a document.
        std::fs::write(&file, block.text.replace("https://", "http://"))
            .map_err(|error| error.to_string())?;
        let databases = Databases::new(folder.path().to_owned());
        databases.read(&file).map_err(|error| format!("{error:#}"))?;
        return Ok("read as Spin's runtime configuration".to_owned());
    }
    Ok("read as TOML".to_owned())
}

/// What the filter says to an object that looks like its configuration.
fn of_filter(value: &Value) -> Option<Result<String, String>> {
    let is_one = OF_THE_FILTER.iter().any(|key| value.get(*key).is_some());
    is_one.then(|| match Config::parse(value.to_string().as_bytes()) {
        Ok(_) => Ok(FILTER.to_owned()),
        Err(error) => Err(error.to_string()),
    })
}

fn syslog(text: &str) -> Result<String, String> {
    Entries::from_text(text).map_err(|error| error.to_string())?;
    Ok(ENTRIES.to_owned())
}

//! `cargo xtask prices`: makes the default price table from published ones.
//!
//! - [`genai`]: the table of genai-prices. [`litellm`]: that of LiteLLM.
//! - [`clauses`]: how genai-prices says which models it means. [`selection`]: whose models are taken.
//! - [`source`](mod@source): what is read of either.

mod clauses;
mod genai;
mod litellm;
mod selection;
mod source;

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use gatelog_prices::configured::DEFAULT;
use gatelog_prices::line::{Line, MAX_ID_CHARS};
use gatelog_record::Timestamp;
use serde_json::Value;

use self::source::Read;
use crate::{process, workspace};

/// Where the table is.
const TABLE: &str = "prices/data/default.json";
/// The largest table, in bytes: ingest and query carry it.
const MAX_BYTES: usize = 80_000;

/// Options of the task.
#[derive(clap::Args)]
pub struct Options {
    /// A table: `genai-prices` for that of the crate which the tests use, or a file, of genai-prices or of LiteLLM
    /// (`model_prices_and_context_window.json`). Given more than once, each adds what those before do not have.
    #[arg(long, required = true)]
    from: Vec<String>,
    /// The table's version; today when not given.
    #[arg(long)]
    version: Option<String>,
}

/// Makes the table.
///
/// # Errors
/// Fails when a source cannot be read, or the table is too large or wrong.
pub fn prices(options: &Options) -> Result<()> {
    let version = options.version.clone().map_or_else(today, Ok)?;
    let mut table = Read::default();
    let mut sources = Vec::new();
    for from in &options.from {
        let (file, name) = find(from)?;
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let value: Value = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
        let shared = Arc::from(version.as_str());
        let (read, name) = match &value {
            Value::Array(providers) => {
                (genai::read(providers, &shared), name.unwrap_or("genai-prices".to_owned()))
            }
            Value::Object(models) => (litellm::read(models, &shared), name.unwrap_or("LiteLLM".to_owned())),
            _ => bail!("{} is neither a table of genai-prices nor one of LiteLLM", file.display()),
        };
        println!("{name}: {} models", read.models.len());
        sources.push(name);
        table.models.extend(read.models);
        table.left_out.extend(read.left_out);
    }
    let lines = fitting(table.models, &mut table.left_out);
    for entry in &table.left_out {
        println!("left out: {entry}");
    }
    let text = text(&version, &sources.join(", "), &lines)?;
    gatelog_prices::read::table(&text).context("the table that was made is wrong")?;
    println!("{} lines, {} bytes (before: {} bytes)", lines.len(), text.len(), DEFAULT.len());
    let file = workspace::root()?.join(TABLE);
    fs::write(&file, &text).with_context(|| file.display().to_string())?;
    if text.len() > MAX_BYTES {
        bail!("the table has more than {MAX_BYTES} bytes: take less in xtask/src/prices/selection.rs");
    }
    Ok(())
}

/// The lines that a table can have: with an id that is not too long, and for the same calls only those of the first model.
fn fitting(models: Vec<Vec<Line>>, left_out: &mut Vec<String>) -> Vec<Line> {
    let mut seen = HashSet::new();
    let mut lines = Vec::new();
    for model in models {
        let key = |line: &Line| (line.price_id().to_ascii_lowercase(), line.provider.clone());
        let keys: Vec<_> = model.iter().map(key).collect();
        for (line, (id, _)) in model.into_iter().zip(&keys).filter(|(_, key)| !seen.contains(*key)) {
            if id.chars().count() <= MAX_ID_CHARS {
                lines.push(line);
            } else {
                left_out.push(format!("{id}: the id is too long"));
            }
        }
        seen.extend(keys);
    }
    lines
}

fn text(version: &str, source: &str, lines: &[Line]) -> Result<String> {
    let header = serde_json::json!({ "version": version, "currency": "USD", "source": source }).to_string();
    let mut text = header.trim_end_matches('}').to_owned();
    text.push_str(",\"models\":[\n");
    let same_but_for_the_name =
        |one: &Line, other: &Line| *one == Line { pattern: one.pattern.clone(), ..other.clone() };
    for (index, entry) in lines.chunk_by(same_but_for_the_name).enumerate() {
        let Some((first, others)) = entry.split_first() else { continue };
        let mut line = serde_json::to_string(first)?;
        if !others.is_empty() {
            let names: Vec<&str> = others.iter().map(|line| line.pattern.as_str()).collect();
            let head = serde_json::to_string(first.pattern.as_str())?;
            let also = serde_json::to_string(&names)?;
            line = line.replacen(&head, &format!("{head},\"also\":{also}"), 1);
        }
        write!(text, "{}{line}", if index == 0 { "" } else { ",\n" })?;
    }
    text.push_str("\n]}\n");
    Ok(text)
}

/// The file of a source, and its name where that is known.
fn find(from: &str) -> Result<(PathBuf, Option<String>)> {
    if from != "genai-prices" {
        return Ok((PathBuf::from(from), None));
    }
    let mut cargo = workspace::cargo()?;
    let metadata: Value =
        serde_json::from_str(&process::capture(cargo.args(["metadata", "--format-version", "1"]))?)?;
    let packages =
        metadata.get("packages").and_then(Value::as_array).context("cargo metadata has no packages")?;
    let package =
        packages.iter().find(|package| package.get("name").is_some_and(|name| name == "genai-prices"));
    let member = |key| package.and_then(|package| package.get(key)).and_then(Value::as_str);
    let manifest = member("manifest_path").context("the workspace does not depend on genai-prices")?;
    let folder = Path::new(manifest).parent().context("genai-prices has no folder")?;
    let name = format!("genai-prices {}", member("version").unwrap_or_default());
    Ok((folder.join("data/prices.json"), Some(name)))
}

fn today() -> Result<String> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let now = Timestamp::from_nanos(u64::try_from(since.as_nanos())?).to_rfc3339();
    let day = now.get(..10).context("no date")?;
    Ok(String::from_utf8(day.to_vec())?)
}

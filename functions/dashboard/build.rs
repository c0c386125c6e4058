//! Makes the page's files ready to be served: own scripts in one, own styles in one, both without their comments; every
//! file compressed; all of them in a folder named by the hash of everything, which `index.html` refers to. Writes
//! `files.rs`, a table that `src/files.rs` includes.

#[path = "build/bundle.rs"]
mod bundle;

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use sha2::{Digest as _, Sha256};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What `index.html` has in place of the name of the hashed folder.
const VERSION_MARK: &str = "{{version}}";
/// Digits of the hash that name the folder: 64 bits.
const VERSION_DIGITS: usize = 16;

/// The vendored files that are served, beside the style of the chart, which goes before the own ones.
const VENDORED: &[&str] =
    &["vendor/htm.mjs", "vendor/preact-hooks.mjs", "vendor/preact.mjs", "vendor/uPlot.iife.min.js"];
const VENDORED_STYLE: &str = "vendor/uPlot.min.css";

/// A file under the path that the browser asks for.
struct Asset {
    path: &'static str,
    content: String,
}

fn main() -> Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=build");
    println!("cargo:rerun-if-changed=assets");
    let source = Path::new("assets");
    let read = |path: &str| fs::read_to_string(source.join(path));
    let modules = texts(source, "app")?.into_iter().map(|(path, text)| (path, shorten(&text))).collect();
    let styles: String = texts(source, "style")?.iter().map(|(_, text)| shorten(text)).collect();
    let mut assets = vec![
        Asset { path: "app.js", content: bundle::bundle(&modules, "app/main.js")? },
        Asset { path: "icon.svg", content: read("icon.svg")? },
        Asset { path: "style.css", content: read(VENDORED_STYLE)? + "\n" + &styles },
    ];
    for path in VENDORED {
        assets.push(Asset { path, content: vendored(&read(path)?) });
    }
    let page = read("index.html")?;
    let version = version(&page, &assets);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut table = format!(
        "/// Name of the folder of all files but the index.\npub const VERSION: &str = {version:?};\n"
    );
    write!(table, "/// The page itself.\npub static INDEX: File = ")?;
    entry(&mut table, &out, "index.html", &page.replace(VERSION_MARK, &version))?;
    writeln!(table, ";\n/// The files in the folder, sorted by path.\npub static FILES: &[File] = &[")?;
    for asset in &assets {
        entry(&mut table, &out, asset.path, &asset.content)?;
        writeln!(table, ",")?;
    }
    writeln!(table, "];")?;
    fs::write(out.join("files.rs"), table)?;
    Ok(())
}

/// The files in a folder and those in it, by path, sorted.
fn texts(source: &Path, folder: &str) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(source.join(folder))? {
        let entry = entry?;
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            found.extend(texts(source, &path)?);
        } else {
            found.push((path, fs::read_to_string(entry.path())?));
        }
    }
    found.sort();
    Ok(found)
}

/// A vendored file with the module that it names `preact` where the page has it, and without the link to a source map that
/// is not served.
fn vendored(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with("//# sourceMappingURL="));
    lines.collect::<Vec<_>>().join("\n").replace("from\"preact\"", "from\"./preact.mjs\"")
}

/// A script or style without indentation, empty lines, and lines that are comments from end to end. The sources keep to
/// this: no such line is in a text.
fn shorten(text: &str) -> String {
    let mut short = String::new();
    for line in text.lines().map(str::trim) {
        let is_comment = line.starts_with("//") || line.starts_with("/*") && line.ends_with("*/");
        if !line.is_empty() && !is_comment {
            short.push_str(line);
            short.push('\n');
        }
    }
    short
}

fn version(page: &str, assets: &[Asset]) -> String {
    let mut hash = Sha256::new();
    hash.update(page);
    for asset in assets {
        hash.update(asset.path.len().to_le_bytes());
        hash.update(asset.path);
        hash.update(asset.content.len().to_le_bytes());
        hash.update(&asset.content);
    }
    let digits = hash.finalize().iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
    digits.chars().take(VERSION_DIGITS).collect()
}

/// Writes a file's forms, and its line of the table.
fn entry(table: &mut String, out: &Path, path: &str, content: &str) -> Result<()> {
    let name = path.replace('/', "-");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(content.as_bytes())?;
    let mut brotli = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams::default();
    brotli::BrotliCompress(&mut content.as_bytes(), &mut brotli, &parameters)?;
    fs::write(out.join(&name), content)?;
    fs::write(out.join(format!("{name}.gz")), gzip.finish()?)?;
    fs::write(out.join(format!("{name}.br")), brotli)?;
    let included = |end: &str| format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}{end}\"))");
    write!(
        table,
        "File {{ path: {path:?}, identity: {}, gzip: {}, brotli: {} }}",
        included(""),
        included(".gz"),
        included(".br")
    )?;
    Ok(())
}

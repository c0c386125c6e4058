//! The rule that every Rust file belongs to a program or library. The compiler does not report a file that no module
//! names, and its tests would never run.

use super::finding::Finding;
use super::tree::{File, Tree};

const FIX: &str = "declare it there with `mod`, or delete it";

/// Finds files beside or below a crate's root that their parent does not declare.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.files().iter().filter_map(|file| check_file(tree, file)).collect()
}

fn check_file(tree: &Tree, file: &File) -> Option<Finding> {
    let (folder, name) = file.path.strip_suffix(".rs")?.rsplit_once('/')?;
    let is_root = matches!(name, "lib" | "main" | "build");
    let (folder, name) = if name == "mod" { folder.rsplit_once('/')? } else { (folder, name) };
    if is_root || is_folder_of_roots(tree, folder) {
        return None;
    }
    let own = format!("{folder}.rs");
    let parents = ["mod", "lib", "main"].map(|parent| format!("{folder}/{parent}.rs"));
    let parent = parents.iter().chain([&own]).find_map(|path| tree.file(path))?;
    if declares(&parent.text, name) {
        return None;
    }
    let what = format!("not part of the crate: {} does not declare it", parent.path);
    Some(Finding::new(&file.path, 1, what, FIX))
}

/// Whether cargo treats each file of a folder as a separate program.
fn is_folder_of_roots(tree: &Tree, folder: &str) -> bool {
    match folder.rsplit('/').next() {
        Some("bin" | "benches" | "examples" | "fuzz_targets") => true,
        Some("tests") => !folder.contains("/src/") && !tree.has(&format!("{folder}/main.rs")),
        _ => false,
    }
}

fn declares(text: &str, module: &str) -> bool {
    let declaration = format!("mod {module};");
    text.lines().any(|line| line.trim_start().ends_with(&declaration))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unreached(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_test_file_that_the_test_program_does_not_name_is_found() {
        let found = unreached(&[
            ("storage/tests/main.rs", "mod golden;\nmod stories;\n"),
            ("storage/tests/golden.rs", ""),
            ("storage/tests/stories/mod.rs", "pub mod pages;"),
            ("storage/tests/stories/pages.rs", ""),
            ("storage/tests/stories/texts.rs", ""),
            ("storage/tests/upgrade.rs", ""),
        ]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("storage/tests/stories/texts.rs:1: not part of the crate"), "{found:?}");
        assert!(found[1].contains("storage/tests/main.rs does not declare it"), "{found:?}");
    }

    #[test]
    fn separate_programs_are_reached() {
        let found = unreached(&[
            ("record/tests/bounds.rs", ""),
            ("bench/benches/filter.rs", ""),
            ("bench/src/bin/gatelog-bench.rs", ""),
            ("bench/src/lib.rs", ""),
            ("filter/src/lib.rs", "#[cfg(test)]\nmod tests;\npub(crate) mod host;"),
            ("filter/src/host.rs", "pub mod mock;"),
            ("filter/src/host/mock.rs", ""),
            ("filter/src/tests/mod.rs", ""),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }
}

//! Rules for every text file: no white space at line ends, no paths of one machine.

use super::finding::Finding;
use super::tree::File;

/// Top-level folders that are specific to one machine, and whether the folder alone is already wrong. (The others are
/// common first parts of request paths, so something must follow.)
const MACHINE_FOLDERS: &[(&str, bool)] = &[("root", true), ("work", true), ("home", false), ("tmp", false)];

/// Checks one file.
pub fn check(file: &File) -> Vec<Finding> {
    // Generated, and checked by the rules for manifests.
    if file.path.ends_with("Cargo.lock") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (line, text) in (1..).zip(file.text.lines()) {
        if text.ends_with([' ', '\t']) && !file.is_in("testdata") {
            findings.push(Finding::new(&file.path, line, "white space at the end of the line", "remove it"));
        }
        if let Some(folder) = machine_path(text) {
            findings.push(Finding::new(
                &file.path,
                line,
                format!("names the folder /{folder} of one machine"),
                "make the path relative, an argument, or a temporary folder made at run time",
            ));
        }
    }
    findings
}

fn machine_path(line: &str) -> Option<&'static str> {
    for &(folder, alone) in MACHINE_FOLDERS {
        let pattern = format!("/{folder}");
        for (start, found) in line.match_indices(&pattern) {
            let before = line.get(..start).and_then(|text| text.chars().next_back());
            let after = line.get(start + found.len()..).unwrap_or_default();
            let begins_a_path = before.is_none_or(|c| {
                !c.is_alphanumeric() && !matches!(c, '_' | '.' | '-' | '~' | '}' | '/' | '*')
            });
            let ends_the_name =
                after.chars().next().is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.'));
            let goes_on =
                after.strip_prefix('/').is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric()));
            if begins_a_path && (goes_on || (alone && ends_the_name)) {
                return Some(folder);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<(usize, String)> {
        let file = File { path: path.to_owned(), text: text.to_owned() };
        check(&file).into_iter().map(|finding| (finding.line, finding.what)).collect()
    }

    #[test]
    fn white_space_at_a_line_end_is_found_except_in_test_data() {
        assert_eq!(findings("a.md", "one\ntwo \n"), [(2, "white space at the end of the line".to_owned())]);
        assert!(findings("record/testdata/a.json", "one \n").is_empty());
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        for folder in ["root", "work", "home/someone", "tmp/x.sock"] {
            assert_eq!(findings("a.sh", &format!("cd /{folder}\n")).len(), 1, "{folder}");
            assert_eq!(findings("a.sh", &format!("\"file:/{folder}\"\n")).len(), 1, "{folder}");
        }
    }

    #[test]
    fn request_paths_and_longer_names_are_not_machine_paths() {
        for text in ["GET /home", "a/work/b", "/workspace/x", "./tmp/x", "/rootless", "{dir}/tmp/x", "/tmp"] {
            assert!(findings("a.md", text).is_empty(), "{text}");
        }
    }
}

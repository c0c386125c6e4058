//! The values of a JSON text that matter, by path: tables with a line for each path, and the tree that the compiler builds
//! from a table for the scanner.
//!
//! A path is the keys of the enclosing objects and the value's own key, joined with dots; `*` stands for each element of an
//! array.

mod ai_log;
mod answer;
mod line;
mod request;
mod tree;

pub use ai_log::AI_LOG;
pub use answer::ANSWER;
pub use line::{COUNTS, Count, Line, LogText, Meaning};
pub use request::REQUEST;
pub use tree::{LONGEST, Node, ROOT, Tree};

/// The JSON-RPC method that calls a tool of an MCP server.
pub const TOOLS_CALL: &str = "tools/call";

/// Response headers with counts: those of Bedrock's invoke, where some models have no counts in the body.
pub const HEADERS: [(&str, Count); 4] = [
    ("x-amzn-bedrock-input-token-count", Count::InputFresh),
    ("x-amzn-bedrock-output-token-count", Count::Output),
    ("x-amzn-bedrock-cache-read-input-token-count", Count::CachedApart),
    ("x-amzn-bedrock-cache-write-input-token-count", Count::CacheWriteApart),
];

/// Builds a table and its tree: `NAME { "provider" "path" => meaning, }`.
macro_rules! table {
    ($(#[$doc:meta])* $name:ident { $( $provider:literal $path:literal => $meaning:expr, )+ }) => {
        $(#[$doc])*
        pub static $name: $crate::ai::usage::keys::Tree = {
            use $crate::ai::usage::keys::{Line, tree};
            const LINES: &[Line] = &[ $( Line { provider: $provider, path: $path, meaning: $meaning }, )+ ];
            const NODES: usize = tree::size(LINES);
            static TREE: [$crate::ai::usage::keys::Node; NODES] = tree::build(LINES);
            $crate::ai::usage::keys::Tree { nodes: &TREE, lines: LINES }
        };
    };
}
use table;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_every_table_is_found_by_its_path() {
        for tree in [&ANSWER, &REQUEST, &AI_LOG] {
            for line in tree.lines {
                let node = line
                    .path
                    .split('.')
                    .try_fold(ROOT, |node, key| tree.child(tree.inside(node), key.as_bytes()));
                let node = node.unwrap_or_else(|| panic!("{}", line.path));
                if !matches!(line.meaning, Meaning::Same(_)) {
                    assert_eq!(tree.meaning(node), Some(line.meaning), "{}", line.path);
                }
            }
        }
    }

    #[test]
    fn no_path_is_in_a_table_twice_and_no_key_exceeds_the_kept_length() {
        for tree in [&ANSWER, &REQUEST, &AI_LOG] {
            let mut seen = std::collections::HashSet::new();
            for line in tree.lines {
                let is_same = matches!(line.meaning, Meaning::Same(_));
                assert!(seen.insert((line.path, is_same)), "{}", line.path);
                assert!(line.path.split('.').all(|key| key.len() <= LONGEST), "{}", line.path);
            }
        }
    }
}

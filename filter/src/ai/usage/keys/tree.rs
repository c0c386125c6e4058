//! The tree of a table's paths. The compiler builds it, so a starting VM has nothing to do.
//!
//! A node is a key; its children form a chain through the nodes, so that a key is compared only with possible siblings.

#![expect(
    clippy::indexing_slicing,
    reason = "only the compiler indexes here, and it says when an index is beyond the end"
)]

use super::line::{Line, Meaning};

/// The node of a whole JSON text. It is never a child, so its number also means that there is no child or no next node.
pub const ROOT: u16 = 0;

/// Longest key of a table, in bytes.
pub const LONGEST: usize = 40;

/// No line.
const NONE: u16 = u16::MAX;

/// A key at its place in the tree.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    key: &'static [u8],
    first_child: u16,
    next: u16,
    /// The node whose children are the members of an object here: this one, or another with the same members.
    inside: u16,
    line: u16,
    provider: &'static str,
}

/// The paths of a table.
#[derive(Debug)]
pub struct Tree {
    pub(super) nodes: &'static [Node],
    pub(super) lines: &'static [Line],
}

impl Tree {
    /// The paths of the table.
    #[cfg(test)]
    pub fn paths(&self) -> impl Iterator<Item = &'static str> {
        self.lines.iter().map(|line| line.path)
    }

    /// The child of a node with this key.
    pub fn child(&self, node: u16, key: &[u8]) -> Option<u16> {
        let mut at = self.node(node)?.first_child;
        while at != ROOT {
            let child = self.node(at)?;
            if child.key == key {
                return Some(at);
            }
            at = child.next;
        }
        None
    }

    /// The node whose children are the members of an object or array under this one.
    pub fn inside(&self, node: u16) -> u16 {
        self.node(node).map_or(node, |node| node.inside)
    }

    /// True when an object or array under this node may contain values that matter.
    pub fn has_children(&self, node: u16) -> bool {
        self.node(self.inside(node)).is_some_and(|node| node.first_child != ROOT)
    }

    /// The meaning of a node's value; `None` when only its contents matter.
    pub fn meaning(&self, node: u16) -> Option<Meaning> {
        let line = self.node(node)?.line;
        self.lines.get(usize::from(line)).map(|line| line.meaning)
    }

    /// The only provider with this path; empty when several have it.
    pub fn provider(&self, node: u16) -> &'static str {
        self.node(node).map_or("", |node| node.provider)
    }

    fn node(&self, node: u16) -> Option<&Node> {
        self.nodes.get(usize::from(node))
    }
}

/// Nodes of the largest tree.
const MOST: usize = 1_024;

/// Number of nodes of a table's tree.
pub(super) const fn size(lines: &[Line]) -> usize {
    grow::<MOST>(lines).1
}

/// The tree of a table that has `SIZE` nodes.
pub(super) const fn build<const SIZE: usize>(lines: &[Line]) -> [Node; SIZE] {
    grow::<SIZE>(lines).0
}

/// The nodes, and how many of them are used.
const fn grow<const SIZE: usize>(lines: &[Line]) -> ([Node; SIZE], usize) {
    let empty = Node { key: b"", first_child: ROOT, next: ROOT, inside: ROOT, line: NONE, provider: "" };
    let (mut nodes, mut used) = ([empty; SIZE], 1);
    let mut index = 0;
    while index < lines.len() {
        let node;
        (nodes, used, node) = plant(nodes, used, lines[index].path.as_bytes());
        nodes[node].line = match lines[index].meaning {
            Meaning::Same(_) => nodes[node].line,
            _ => index as u16,
        };
        if !lines[index].provider.is_empty() {
            nodes[node].provider = lines[index].provider;
        }
        index += 1;
    }
    // The contents are known when every path has its node.
    let mut index = 0;
    while index < lines.len() {
        if let Meaning::Same(other) = lines[index].meaning {
            let (_, before, node) = plant(nodes, used, lines[index].path.as_bytes());
            assert!(nodes[node].first_child == ROOT, "what is the same as another has no paths of its own");
            let (_, after, other) = plant(nodes, used, other.as_bytes());
            assert!(before == used && after == used, "what it is the same as is in the table");
            nodes[node].inside = other as u16;
        }
        index += 1;
    }
    (nodes, used)
}

/// The node of a path, created if it is missing.
const fn plant<const SIZE: usize>(
    mut nodes: [Node; SIZE],
    mut used: usize,
    path: &'static [u8],
) -> ([Node; SIZE], usize, usize) {
    let (mut node, mut rest) = (0, path);
    while !rest.is_empty() {
        let (key, after) = first_key(rest);
        rest = after;
        let mut child = nodes[node].first_child as usize;
        let mut last = 0;
        while child != 0 && !is_same(nodes[child].key, key) {
            last = child;
            child = nodes[child].next as usize;
        }
        if child == 0 {
            child = used;
            used += 1;
            nodes[child].key = key;
            nodes[child].inside = child as u16;
            if last == 0 {
                nodes[node].first_child = child as u16;
            } else {
                nodes[last].next = child as u16;
            }
        }
        node = child;
    }
    (nodes, used, node)
}

/// The first key of a path, and the rest after its dot.
const fn first_key(path: &'static [u8]) -> (&'static [u8], &'static [u8]) {
    let mut end = 0;
    while end < path.len() && path[end] != b'.' {
        end += 1;
    }
    let (key, rest) = path.split_at(end);
    match rest {
        [_, after @ ..] => (key, after),
        [] => (key, rest),
    }
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut index = 0;
    while index < one.len() {
        if one[index] != other[index] {
            return false;
        }
        index += 1;
    }
    true
}

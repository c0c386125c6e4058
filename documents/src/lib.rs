//! Reads the project's documents, for the tests that compare them with the code and run what they say.
//!
//! - [`pages`]: which files are documents, and their texts.
//! - [`block`]: fenced blocks, with the remarks before them that say how they are checked.

pub mod block;
pub mod pages;

pub use block::Block;

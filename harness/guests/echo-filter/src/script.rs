//! The configuration's script: operations by callback.

use crate::{ops, raw};

/// Lines of `CALLBACK: OPERATION`.
#[derive(Clone, Default)]
pub(crate) struct Script(Vec<(String, String)>);

impl Script {
    /// Reads the script from one of the gateway's buffers.
    pub(crate) fn read(buffer: u32) -> Self {
        let bytes = raw::buffer(buffer, 0, u32::MAX).1;
        let text = String::from_utf8_lossy(&bytes);
        let lines = text.lines().filter_map(|line| line.split_once(':'));
        Self(lines.map(|(callback, op)| (callback.trim().to_owned(), op.trim().to_owned())).collect())
    }

    /// Runs the operations of a callback; returns whether `mark` (such as `pause`) is among them.
    pub(crate) fn run(&self, callback: &str, mark: &str) -> bool {
        let mut marked = false;
        for (_, op) in self.0.iter().filter(|(name, _)| name == callback) {
            if op == mark {
                marked = true;
            } else {
                let answer = ops::perform(op);
                raw::log(2, &format!("{callback}: {op} = {answer}"));
            }
        }
        marked
    }
}

//! What the operator should read of scripts, kept until it is taken to the function's log.

use std::cell::{Cell, RefCell};

/// Notes since they were last taken.
#[derive(Debug, Default)]
pub struct Notes {
    warnings: RefCell<Vec<String>>,
    lines: RefCell<Vec<ScriptLine>>,
    left_out: Cell<u64>,
}

/// A line that a script wrote by `kong.log`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptLine {
    /// How much it matters.
    pub level: LineLevel,
    /// Its script, and what that wrote.
    pub text: String,
}

/// How much a line matters. Kong's eight levels are of these three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineLevel {
    /// `emerg`, `alert`, `crit`, `err`.
    Error,
    /// `warn`.
    Warn,
    /// `notice`, `info`, `debug`.
    Info,
}

/// Most lines that are kept; those of one request share them.
pub const MAX_LINES: usize = 20;

impl LineLevel {
    /// The level that Kong calls so; an unknown one is the lowest.
    pub fn of_kong(name: &str) -> Self {
        match name {
            "emerg" | "alert" | "crit" | "err" => Self::Error,
            "warn" => Self::Warn,
            _ => Self::Info,
        }
    }
}

impl Notes {
    /// Notes a script that failed for the first time.
    pub fn warn(&self, warning: String) {
        self.warnings.borrow_mut().push(warning);
    }

    /// Notes what a script wrote, unless there is too much already.
    pub fn write(&self, line: ScriptLine) {
        let mut lines = self.lines.borrow_mut();
        if lines.len() < MAX_LINES { lines.push(line) } else { self.leave_out(1) }
    }

    /// Counts lines that were not noted.
    pub fn leave_out(&self, lines: u64) {
        self.left_out.set(self.left_out.get().saturating_add(lines));
    }

    /// One line for each script that failed for the first time.
    pub fn take_warnings(&self) -> Vec<String> {
        self.warnings.take()
    }

    /// What scripts wrote, and how many lines more they wrote that were left out.
    pub fn take_lines(&self) -> (Vec<ScriptLine>, u64) {
        (self.lines.take(), self.left_out.take())
    }
}

//! Messages from and about scripts for the operator, kept until they are written to the function's log.

use std::cell::{Cell, RefCell};

/// Notes since the last take.
#[derive(Debug, Default)]
pub struct Notes {
    warnings: RefCell<Vec<String>>,
    lines: RefCell<Vec<ScriptLine>>,
    left_out: Cell<u64>,
}

/// A line that a script wrote with `kong.log`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptLine {
    /// Its level.
    pub level: LineLevel,
    /// The script's name and its text.
    pub text: String,
}

/// The level of a line. Kong's eight levels map to these three.
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
    /// The level for Kong's name; an unknown name gives the lowest.
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

    /// Notes what a script wrote, unless there are too many lines already.
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

    /// The lines that scripts wrote, and the number of lines that were left out.
    pub fn take_lines(&self) -> (Vec<ScriptLine>, u64) {
        (self.lines.take(), self.left_out.take())
    }
}

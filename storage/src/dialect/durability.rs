//! What commits to a SQLite file survive.

/// What becomes of the last commits to a SQLite file when the machine loses power. A crash of the process costs none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// They are there: every commit waits until the disk has it.
    #[default]
    Full,
    /// Those since the last checkpoint may be lost; the database stays whole.
    Normal,
}

pub(super) const FULL: &str = "PRAGMA synchronous=FULL";

impl Durability {
    /// The statement that asks a connection for it.
    pub fn pragma(self) -> &'static str {
        match self {
            Self::Full => FULL,
            Self::Normal => "PRAGMA synchronous=NORMAL",
        }
    }
}

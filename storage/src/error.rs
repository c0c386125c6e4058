//! What can go wrong between a function and its database.

use thiserror::Error;

/// A failed statement or connection.
///
/// The texts are for the log: they may hold SQL, hosts and paths, which a client must not see.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The database cannot be reached, is locked, or broke off. Trying again later may help.
    #[error("the database is unavailable: {reason}")]
    Unavailable {
        /// What the database or its host said.
        reason: String,
    },
    /// The connection broke, perhaps while nobody used it. A new one may do.
    #[error("the connection to the database broke: {reason}")]
    Disconnected {
        /// What the host said.
        reason: String,
    },
    /// The function may not use the database, or the database is not configured.
    #[error("the database cannot be used: {reason}")]
    Misconfigured {
        /// What the database or its host said, and what to check.
        reason: String,
    },
    /// The database has no room left.
    #[error("the database is full: {reason}. Free space or shorten the retention")]
    Full {
        /// What the database or its host said.
        reason: String,
    },
    /// The database does not accept a value of the statement: a constraint, a type, a length. The same values never will be.
    #[error("the database refuses a value: {reason}")]
    Refused {
        /// What the database said.
        reason: String,
    },
    /// An answer of the database has another shape than the statement asked for.
    #[error("the database answered \"{statement}\" unexpectedly: {reason}")]
    UnexpectedAnswer {
        /// The statement, in words.
        statement: &'static str,
        /// What is wrong with the answer.
        reason: String,
    },
}

impl StorageError {
    /// The failure that SQLite's text means.
    pub fn of_sqlite(reason: String) -> Self {
        let says = |words: &[&str]| words.iter().any(|words| reason.contains(words));
        if says(&["database or disk is full"]) {
            Self::Full { reason }
        } else if says(&["constraint failed", "datatype mismatch", "string or blob too big"]) {
            Self::Refused { reason }
        } else {
            Self::Unavailable { reason }
        }
    }

    /// One word for the kind of failure, fit for clients and metrics.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } | Self::Disconnected { .. } => "database_unavailable",
            Self::Misconfigured { .. } => "database_misconfigured",
            Self::Full { .. } => "database_full",
            Self::Refused { .. } => "database_refused",
            Self::UnexpectedAnswer { .. } => "database_unexpected_answer",
        }
    }
}

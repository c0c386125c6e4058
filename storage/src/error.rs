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
    /// The database undid the statement because it and others waited for each other's locks. The same statement, run
    /// again, is likely to succeed.
    #[error("the database rolled the statement back: {reason}")]
    RolledBack {
        /// What the database said.
        reason: String,
    },
    /// The connection broke, perhaps while it was idle. A new one may work.
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
    /// The database does not accept a value of the statement: a constraint, a type, a length. It never will.
    #[error("the database refuses a value: {reason}")]
    Refused {
        /// What the database said.
        reason: String,
    },
    /// The statement, or a value in it, is larger than the database takes. A part of the batch may be accepted.
    #[error("the statement is too large for the database: {reason}")]
    TooLarge {
        /// What the database said.
        reason: String,
    },
    /// An answer of the database has another shape than the statement asked for, or it does not understand the
    /// statement: its tables are not those that this version makes.
    #[error("the database answered \"{statement}\" unexpectedly: {reason}")]
    UnexpectedAnswer {
        /// The statement, in words.
        statement: &'static str,
        /// What is wrong with the answer.
        reason: String,
    },
}

impl StorageError {
    /// The failure that SQLite's text describes.
    pub fn from_sqlite(reason: String) -> Self {
        let says = |words: &[&str]| words.iter().any(|words| reason.contains(words));
        if says(&["database or disk is full"]) {
            Self::Full { reason }
        } else if says(&["string or blob too big", "SQLITE_TOOBIG", "too many SQL variables"]) {
            Self::TooLarge { reason }
        } else if says(&["constraint failed", "datatype mismatch"]) {
            Self::Refused { reason }
        } else if says(&["no such table", "no such column", "has no column named", "syntax error"]) {
            Self::UnexpectedAnswer { statement: "a statement", reason }
        } else {
            Self::Unavailable { reason }
        }
    }

    /// Whether only the statement's values are at fault.
    pub fn is_caused_by_values(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::TooLarge { .. })
    }

    /// Whether the connection and the tables remain usable.
    pub fn leaves_the_connection_usable(&self) -> bool {
        self.is_caused_by_values() || matches!(self, Self::RolledBack { .. })
    }

    /// One word for the kind of failure, fit for clients and metrics.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } | Self::RolledBack { .. } | Self::Disconnected { .. } => {
                "database_unavailable"
            }
            Self::Misconfigured { .. } => "database_misconfigured",
            Self::Full { .. } => "database_full",
            Self::Refused { .. } | Self::TooLarge { .. } => "database_refused",
            Self::UnexpectedAnswer { .. } => "database_unexpected_answer",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sqlite_says_is_told_apart_by_what_helps() {
        for (text, class) in [
            ("database or disk is full", "database_full"),
            ("NOT NULL constraint failed: access_logs.start_time", "database_refused"),
            ("string or blob too big", "database_refused"),
            ("SQLITE_UNKNOWN: no such table: access_logs", "database_unexpected_answer"),
            ("no such column: grpc_status in SELECT", "database_unexpected_answer"),
            ("table access_logs has no column named grpc_status", "database_unexpected_answer"),
            ("near \"SELEC\": syntax error", "database_unexpected_answer"),
            ("database is locked", "database_unavailable"),
            ("attempt to write a readonly database", "database_unavailable"),
        ] {
            assert_eq!(StorageError::from_sqlite(text.to_owned()).class(), class, "{text}");
        }
        let split = StorageError::from_sqlite("string or blob too big".to_owned());
        assert!(matches!(split, StorageError::TooLarge { .. }), "{split}");
    }
}

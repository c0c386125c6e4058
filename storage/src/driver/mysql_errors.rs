//! Classifies MySQL's and MariaDB's errors for a function.

use crate::StorageError;

/// Unknown user or wrong password, no privilege on the database or the table, no such database, no privilege for the
/// statement or the column, more privileges needed.
const REFUSED: &[u16] = &[1044, 1045, 1049, 1142, 1143, 1227, 1698];
/// The disk or the table is full, or a write failed, which happens when the disk is full.
const FULL: &[u16] = &[1021, 1026, 1114];
/// A value that the column does not accept: NULL, a missing column default, a duplicate key, out of range, of the wrong type,
/// too long, truncated, a reference to a missing row, invalid JSON, a constraint (MySQL's number and MariaDB's), or an error
/// signalled by a trigger.
const UNFIT: &[u16] =
    &[1048, 1062, 1264, 1265, 1292, 1364, 1366, 1406, 1452, 1644, 1690, 3140, 3141, 3819, 4025];
/// More bytes than `max_allowed_packet`, a row larger than the engine allows, or more values than a statement may
/// have.
const TOO_LARGE: &[u16] = &[1118, 1153, 1301, 1390];
/// The server does not understand the statement: no such column, table or function, wrong syntax, a different number of
/// columns.
const NOT_UNDERSTOOD: &[u16] = &[1051, 1054, 1064, 1109, 1136, 1146, 1149, 1305];
/// A deadlock, which InnoDB breaks by rolling back a whole transaction, and the end of a wait for a lock; here each
/// statement is a transaction. Galera also reports as a deadlock that another node was faster to commit.
const ROLLED_BACK: &[u16] = &[1205, 1213];
/// The server takes no statements, at least not over this connection: it is being shut down, the connection was killed,
/// or the node is not part of its Galera cluster. A proxy in front of several servers gives
/// the next connection to another one.
const GONE: &[u16] = &[1047, 1053, 1927];
/// The messages of mysql_async, as `Debug` or `Display`, when it does not even send a statement because it is
/// larger than `max_allowed_packet` or has too many values.
const NOT_SENT: &[&str] = &["PacketTooLarge", "acket too large", "ParamsNumberExceedsLimit"];

/// An error that the server reported with a number.
pub(crate) fn from_server(code: u16, message: &str) -> StorageError {
    let reason = format!("{code}: {message}");
    if REFUSED.contains(&code) {
        misconfigured(&reason)
    } else if FULL.contains(&code) || message.contains("No space left on device") {
        StorageError::Full { reason }
    } else if UNFIT.contains(&code) {
        StorageError::Refused { reason }
    } else if ROLLED_BACK.contains(&code) {
        StorageError::RolledBack { reason }
    } else if GONE.contains(&code) {
        StorageError::Disconnected { reason }
    } else if TOO_LARGE.contains(&code) {
        StorageError::TooLarge { reason }
    } else if NOT_UNDERSTOOD.contains(&code) {
        StorageError::UnexpectedAnswer { statement: "a statement", reason }
    } else {
        StorageError::Unavailable { reason }
    }
}

/// The message that Spin gives for a failed statement or connection. When the server reported the error, the message for a
/// statement is the `Debug` form of a mysql_async error, `Server(ServerError { code: 1146, message: "…", state: "42S02" })`,
/// and the message for a connection is the error with its cause, "Server error: `ERROR 28000 (1045): …'". Any other message
/// is about the connection.
#[cfg(any(test, target_family = "wasm"))]
pub(crate) fn from_spin(text: &str) -> StorageError {
    match parse_debug(text).or_else(|| parse_display(text)) {
        Some((code, message)) => from_server(code, message),
        None => from_broken_connection(text),
    }
}

#[cfg(any(test, target_family = "wasm"))]
fn parse_debug(text: &str) -> Option<(u16, &str)> {
    let (_, fields) = text.split_once("ServerError")?;
    let digits = fields.split_once("code:")?.1.trim_start();
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let code = digits.get(..end)?.parse().ok()?;
    let message = fields.split_once("message:").map(|(_, rest)| rest.trim());
    let message = message.and_then(|rest| rest.rsplit_once(", state:")).map_or(text, |(text, _)| text);
    Some((code, message))
}

#[cfg(any(test, target_family = "wasm"))]
fn parse_display(text: &str) -> Option<(u16, &str)> {
    let (_, rest) = text.split_once("ERROR ")?;
    let (first, rest) = rest.split_once(" (")?;
    let (second, rest) = rest.split_once("): ")?;
    // Depending on the version, mysql_async puts the SQL state, which has five characters, before or after
    // the code.
    let code = if first.len() == 5 { second } else { first };
    let message = rest.lines().next()?.trim_end_matches('\'');
    Some((code.parse().ok()?, message))
}

/// The error for a statement to which a client got no response.
pub(crate) fn from_broken_connection(text: &str) -> StorageError {
    let reason = text.to_owned();
    if NOT_SENT.iter().any(|words| text.contains(words)) {
        StorageError::TooLarge { reason }
    } else {
        StorageError::Disconnected { reason }
    }
}

/// The error for a connection that Spin cannot open.
#[cfg(any(test, target_family = "wasm"))]
pub(crate) fn from_failed_connection(text: &str) -> StorageError {
    if text.contains("is not permitted") {
        // The text contains the URL and therefore the password.
        return misconfigured(
            "Spin does not let the component reach it: `mysql_host` must be the host:port of `mysql_url` or `mysql_dsn`, \
             whichever is set",
        );
    }
    match from_spin(text) {
        StorageError::Disconnected { reason } if text.contains("URL error") || text.contains("Url(") => {
            misconfigured(&reason)
        }
        StorageError::Disconnected { reason } => StorageError::Unavailable { reason },
        other => other,
    }
}

fn misconfigured(reason: &str) -> StorageError {
    StorageError::Misconfigured {
        reason: format!("{reason}. Check `mysql_url` or `mysql_dsn`, and the user's rights in the database"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_deadlock_the_statement_is_retried_on_the_same_connection() {
        let error = from_spin(
            "Server(ServerError { code: 1213, message: \"Deadlock found when trying to get lock\", state: \"40001\" })",
        );
        assert!(matches!(error, StorageError::RolledBack { .. }), "{error}");
        assert!(error.leaves_the_connection_usable() && !error.is_caused_by_values());
    }

    #[test]
    fn errors_are_classified_by_remedy() {
        for (text, class) in [
            (
                "Server(ServerError { code: 1045, message: \"Access denied\", state: \"28000\" })",
                "database_misconfigured",
            ),
            (
                "Server(ServerError { code: 1114, message: \"The table 'x' is full\", state: \"HY000\" })",
                "database_full",
            ),
            (
                "Server(ServerError { code: 3, message: \"(Errcode: 28 \\\"No space left on device\\\")\", state: \"HY000\" })",
                "database_full",
            ),
            (
                "Server(ServerError { code: 1048, message: \"Column 'x' cannot be null\", state: \"23000\" })",
                "database_refused",
            ),
            (
                "Server(ServerError { code: 1064, message: \"You have an error in your SQL syntax\", state: \"42000\" })",
                "database_unexpected_answer",
            ),
            (
                "Server(ServerError { code: 1054, message: \"Unknown column 'x'\", state: \"42S22\" })",
                "database_unexpected_answer",
            ),
            (
                "Server(ServerError { code: 1290, message: \"--read-only\", state: \"HY000\" })",
                "database_unavailable",
            ),
            (
                "Io(Io(Os { code: 111, kind: ConnectionRefused, message: \"Connection refused\" }))",
                "database_unavailable",
            ),
            (
                "Server error: `ERROR 28000 (1045): Access denied for user 'x'@'y'\n\nCaused by:\n    ERROR 28000 (1045): Access",
                "database_misconfigured",
            ),
            ("Server error: `ERROR 1045 (28000): Access denied for user 'x'@'y''", "database_misconfigured"),
            ("URL error: `Invalid url'", "database_misconfigured"),
            ("address mysql://user:pass@db:3306/x is not permitted", "database_misconfigured"),
        ] {
            let error = from_failed_connection(text);
            assert_eq!(error.class(), class, "{text}: {error}");
            assert!(!error.to_string().contains("pass"), "{error}");
        }
    }

    #[test]
    fn a_host_that_spin_does_not_permit_is_explained_for_both_forms_of_the_address() {
        let error =
            from_failed_connection("address mysql://user:pass@db:3306/x is not permitted").to_string();
        assert!(
            error.contains("the host:port of `mysql_url` or `mysql_dsn`, whichever is set. Check"),
            "{error}"
        );
    }

    #[test]
    fn the_servers_number_and_message_are_kept_and_a_broken_connection_is_distinguished() {
        let text = "Server(ServerError { code: 1146, message: \"Table 'a, state: b' doesn't exist\", state: \"42S02\" })";
        let error = from_spin(text);
        assert_eq!(
            error.to_string(),
            "the database answered \"a statement\" unexpectedly: 1146: \"Table 'a, state: b' doesn't exist\""
        );
        let broken = from_spin("Io(Io(Os { code: 104, kind: ConnectionReset, message: \"reset\" }))");
        assert!(matches!(broken, StorageError::Disconnected { .. }), "{broken}");
    }

    #[test]
    fn a_statement_that_is_too_large_for_the_server_or_its_client_is_distinguished() {
        for text in [
            "Server(ServerError { code: 1153, message: \"Got a packet bigger than 'max_allowed_packet' bytes\", state: \"08S01\" })",
            "Io(Io(Custom { kind: Other, error: \"packet too large\" }))",
            "Driver(PacketTooLarge)",
        ] {
            assert!(matches!(from_spin(text), StorageError::TooLarge { .. }), "{text}: {}", from_spin(text));
        }
    }
}

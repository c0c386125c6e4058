//! Severities and facilities by their names in Kong, the rule that chooses a severity, and the number that opens a
//! syslog message.

use std::fmt;

/// The severity of a message; the number is that of RFC 5424.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of RFC 5424 and of Kong's configuration")]
pub enum Severity {
    Emerg = 0,
    Alert = 1,
    Crit = 2,
    Err = 3,
    Warning = 4,
    Notice = 5,
    Info = 6,
    Debug = 7,
}

/// The part of the system that a message is filed under; the number is that of RFC 5424.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of RFC 5424 and of Kong's configuration")]
pub enum Facility {
    Kern = 0,
    User = 1,
    Mail = 2,
    Daemon = 3,
    Auth = 4,
    Syslog = 5,
    Lpr = 6,
    News = 7,
    Uucp = 8,
    Cron = 9,
    Authpriv = 10,
    Ftp = 11,
    Local0 = 16,
    Local1 = 17,
    Local2 = 18,
    Local3 = 19,
    Local4 = 20,
    Local5 = 21,
    Local6 = 22,
    Local7 = 23,
}

/// The severities of one configuration entry, by the class of the response status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Severities {
    /// The least severe level that is sent.
    pub log_level: Severity,
    /// Status below 400; also 0, when no response was sent.
    pub successful: Severity,
    /// Status 400 to 499.
    pub client_errors: Severity,
    /// Status 500 and above.
    pub server_errors: Severity,
}

impl Severity {
    /// Every severity with its name in Kong's configuration.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Debug, "debug"),
        (Self::Info, "info"),
        (Self::Notice, "notice"),
        (Self::Warning, "warning"),
        (Self::Err, "err"),
        (Self::Crit, "crit"),
        (Self::Alert, "alert"),
        (Self::Emerg, "emerg"),
    ];

    /// The severity of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(severity, _)| *severity)
    }
}

impl Facility {
    /// Every facility with its name in Kong's configuration.
    pub const ALL: [(Self, &'static str); 20] = [
        (Self::Auth, "auth"),
        (Self::Authpriv, "authpriv"),
        (Self::Cron, "cron"),
        (Self::Daemon, "daemon"),
        (Self::Ftp, "ftp"),
        (Self::Kern, "kern"),
        (Self::Lpr, "lpr"),
        (Self::Mail, "mail"),
        (Self::News, "news"),
        (Self::Syslog, "syslog"),
        (Self::User, "user"),
        (Self::Uucp, "uucp"),
        (Self::Local0, "local0"),
        (Self::Local1, "local1"),
        (Self::Local2, "local2"),
        (Self::Local3, "local3"),
        (Self::Local4, "local4"),
        (Self::Local5, "local5"),
        (Self::Local6, "local6"),
        (Self::Local7, "local7"),
    ];

    /// The facility of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(facility, _)| *facility)
    }
}

impl Severities {
    /// The severity of a message about a response with this status, or `None` when `log_level` suppresses it: only
    /// messages at least as severe as `log_level` are sent.
    pub fn for_status(&self, status: i64) -> Option<Severity> {
        let severity = match status {
            500.. => self.server_errors,
            400..500 => self.client_errors,
            _ => self.successful,
        };
        (severity <= self.log_level).then_some(severity)
    }
}

impl Default for Severities {
    /// Kong's defaults: everything is `info`, and `info` is sent.
    fn default() -> Self {
        let info = Severity::Info;
        Self { log_level: info, successful: info, client_errors: info, server_errors: info }
    }
}

impl Default for Facility {
    /// Kong's default.
    fn default() -> Self {
        Self::User
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ALL.iter().find(|(known, _)| known == self).map_or("", |(_, name)| name))
    }
}

impl fmt::Display for Facility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ALL.iter().find(|(known, _)| known == self).map_or("", |(_, name)| name))
    }
}

/// The number between `<` and `>` that opens a message: facility * 8 + severity.
pub fn priority(facility: Facility, severity: Severity) -> u8 {
    facility as u8 * 8 + severity as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of Kong's plugin: the higher the number, the less severe.
    const KONG: [(&str, i32); 8] = [
        ("debug", 7),
        ("info", 6),
        ("notice", 5),
        ("warning", 4),
        ("err", 3),
        ("crit", 2),
        ("alert", 1),
        ("emerg", 0),
    ];

    #[test]
    fn every_severity_level_and_class_follows_kongs_rule() {
        let mut sent = 0;
        for (level_name, level) in KONG {
            for (name, number) in KONG {
                for status in [200, 404, 503] {
                    // The other classes get a severity that would give a different result.
                    let other = Severity::from_name(if number <= level { "debug" } else { "emerg" }).unwrap();
                    let severity = Severity::from_name(name).unwrap();
                    let mut severities = Severities {
                        log_level: Severity::from_name(level_name).unwrap(),
                        successful: other,
                        client_errors: other,
                        server_errors: other,
                    };
                    match status {
                        200 => severities.successful = severity,
                        404 => severities.client_errors = severity,
                        _ => severities.server_errors = severity,
                    }
                    let expected = (number <= level).then_some(severity);
                    assert_eq!(
                        severities.for_status(status),
                        expected,
                        "{name} at {level_name} for {status}"
                    );
                    sent += usize::from(expected.is_some());
                }
            }
        }
        assert_eq!(sent, 36 * 3);
    }

    #[test]
    fn classes_end_where_kong_ends_them() {
        let severities = Severities {
            log_level: Severity::Debug,
            successful: Severity::Info,
            client_errors: Severity::Warning,
            server_errors: Severity::Err,
        };
        for (status, severity) in [
            (0, Severity::Info),
            (101, Severity::Info),
            (399, Severity::Info),
            (400, Severity::Warning),
            (499, Severity::Warning),
            (500, Severity::Err),
            (999, Severity::Err),
        ] {
            assert_eq!(severities.for_status(status), Some(severity), "{status}");
        }
    }

    #[test]
    fn the_priority_is_that_of_the_rfc() {
        for (facility, severity, number) in [
            ("kern", "emerg", 0),
            ("user", "info", 14),
            ("user", "notice", 13),
            ("mail", "err", 19),
            ("auth", "crit", 34),
            ("authpriv", "debug", 87),
            ("cron", "warning", 76),
            ("ftp", "alert", 89),
            ("local0", "emerg", 128),
            ("local4", "notice", 165),
            ("local7", "debug", 191),
        ] {
            let priority =
                priority(Facility::from_name(facility).unwrap(), Severity::from_name(severity).unwrap());
            assert_eq!(priority, number, "{facility}.{severity}");
        }
    }

    #[test]
    fn names_are_written_and_read_alike() {
        for (severity, name) in Severity::ALL {
            assert_eq!(severity.to_string(), name);
        }
        for (facility, name) in Facility::ALL {
            assert_eq!(facility.to_string(), name);
            assert_eq!(Facility::from_name(name), Some(facility));
        }
        assert_eq!(Severity::from_name("warn"), None);
    }
}

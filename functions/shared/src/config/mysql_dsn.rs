//! The address of a MySQL database in the form of Go's driver, which Higress's log-collector is configured with:
//! `user:password@tcp(host:3306)/database?parseTime=true`.
//!
//! The parts are found as Go's driver finds them, so that a password may hold any character: the database begins after the
//! last `/`, and the host after the last `@` before it.

use std::fmt::Write as _;

/// The form to write, for messages.
pub const FORM: &str = "user:password@tcp(host:3306)/database";

/// Parameters that tell Go's driver how to treat values and connections, and that have no effect on what is stored here:
/// times are written in UTC and texts in utf8mb4, whatever these say.
const IGNORED: [&str; 20] = [
    "allowCleartextPasswords",
    "allowFallbackToPlaintext",
    "allowNativePasswords",
    "allowOldPasswords",
    "charset",
    "checkConnLiveness",
    "clientFoundRows",
    "collation",
    "columnsWithAlias",
    "compress",
    "connectionAttributes",
    "interpolateParams",
    "loc",
    "maxAllowedPacket",
    "multiStatements",
    "parseTime",
    "readTimeout",
    "rejectReadOnly",
    "timeout",
    "writeTimeout",
];

/// The same address as a URL, `mysql://user:password@host:3306/database`.
///
/// # Errors
///
/// What is wrong and what to write, without any part that may be a password.
pub fn to_url(dsn: &str) -> Result<String, String> {
    let (address, rest) = dsn.rsplit_once('/').ok_or_else(|| format!("it has no /; write {FORM}"))?;
    let (database, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    if database.is_empty() {
        return Err(format!("it names no database; write {FORM}"));
    }
    let (credentials, server) = address.rsplit_once('@').unwrap_or(("", address));
    let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
    if user.is_empty() {
        return Err(format!("it names no user; write {FORM}"));
    }
    let host = host(server)?;
    let mut url = "mysql://".to_owned();
    encode(user, &mut url);
    if !password.is_empty() {
        url.push(':');
        encode(password, &mut url);
    }
    url.push('@');
    url.push_str(&host);
    url.push('/');
    // Go's driver reads this part percent-encoded, as a URL has it.
    url.push_str(database);
    if let Some(mode) = ssl_mode(parameters)? {
        url.push_str("?ssl-mode=");
        url.push_str(mode);
    }
    Ok(url)
}

/// The host and port in `tcp(host:3306)`; the driver's defaults where they are left out.
fn host(server: &str) -> Result<String, String> {
    let (protocol, address) = match server.split_once('(') {
        Some((protocol, rest)) => {
            let address = rest.strip_suffix(')');
            (
                protocol,
                address.ok_or_else(|| format!("the host's ( has no ) before the database; write {FORM}"))?,
            )
        }
        None => (server, ""),
    };
    if !matches!(protocol, "tcp" | "") {
        return Err(format!("only tcp is supported, and no unix sockets; write {FORM}"));
    }
    if address.is_empty() {
        return Ok("127.0.0.1:3306".to_owned());
    }
    let has_port = !address.ends_with(']') && address.contains(':');
    let (name, port) =
        if has_port { address.rsplit_once(':').unwrap_or((address, "")) } else { (address, "3306") };
    let is_ipv6 = name.starts_with('[') && name.ends_with(']');
    let is_name = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') || (is_ipv6 && matches!(c, ':' | '[' | ']'))
    };
    if name.is_empty() || !name.chars().all(is_name) || port.parse::<u16>().is_err() {
        return Err(format!("the host is not a name or an address with a port; write {FORM}"));
    }
    Ok(format!("{name}:{port}"))
}

/// What the parameter `tls` is in a URL.
fn ssl_mode(parameters: &str) -> Result<Option<&'static str>, String> {
    let mut mode = None;
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match (name, value) {
            ("tls", "true") => mode = Some("VERIFY_IDENTITY"),
            ("tls", "false") => mode = None,
            ("tls", "skip-verify" | "preferred") => {
                return Err(
                    "tls=skip-verify and tls=preferred are not supported, because certificates are always \
                            verified; write tls=true or tls=false"
                        .to_owned(),
                );
            }
            ("tls", _) => {
                return Err(
                    "a tls configuration of its own is not supported; write tls=true or tls=false".to_owned()
                );
            }
            _ if IGNORED.contains(&name) => {}
            // Go's driver makes any other parameter a variable of the session.
            _ => return Err(format!("the parameter {} is not supported; set it on the server", shown(name))),
        }
    }
    Ok(mode)
}

/// A name to show: short, and in plain characters. A part of a password never gets here, since parameters follow the last `/`.
fn shown(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect()
}

/// Writes a text percent-encoded, but for what a URL never gives a meaning.
fn encode(text: &str, url: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            url.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            write!(url, "%{byte:02X}").ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dsn_of_log_collectors_documents_becomes_a_url() {
        let dsn = "user:password@tcp(mysql-host:3306)/higress_poc?charset=utf8mb4&parseTime=True&loc=Local";
        assert_eq!(to_url(dsn).unwrap(), "mysql://user:password@mysql-host:3306/higress_poc");
    }

    #[test]
    fn a_password_may_hold_any_character() {
        for (password, encoded) in [
            ("p@ss/w:rd", "p%40ss%2Fw%3Ard"),
            ("a)/b@tcp(evil:1", "a%29%2Fb%40tcp%28evil%3A1"),
            ("50%#?&=+ \"'\\", "50%25%23%3F%26%3D%2B%20%22%27%5C"),
            ("пароль", "%D0%BF%D0%B0%D1%80%D0%BE%D0%BB%D1%8C"),
            ("%40", "%2540"),
            ("::", "%3A%3A"),
        ] {
            let url = to_url(&format!("u:{password}@tcp(db:3306)/gatelog")).unwrap();
            assert_eq!(url, format!("mysql://u:{encoded}@db:3306/gatelog"));
        }
        assert_eq!(to_url("u@tcp(db)/gatelog").unwrap(), "mysql://u@db:3306/gatelog");
        assert_eq!(to_url("u:@tcp(db)/gatelog").unwrap(), "mysql://u@db:3306/gatelog");
    }

    #[test]
    fn hosts_and_ports_have_the_defaults_of_gos_driver() {
        for (server, host) in [
            ("", "127.0.0.1:3306"),
            ("tcp", "127.0.0.1:3306"),
            ("tcp()", "127.0.0.1:3306"),
            ("tcp(db)", "db:3306"),
            ("(db:1)", "db:1"),
            ("tcp([2001:db8::1]:3307)", "[2001:db8::1]:3307"),
            ("tcp([2001:db8::1])", "[2001:db8::1]:3306"),
            ("tcp(my_sql.db.svc.cluster.local:3306)", "my_sql.db.svc.cluster.local:3306"),
        ] {
            assert_eq!(to_url(&format!("u:p@{server}/d")).unwrap(), format!("mysql://u:p@{host}/d"));
        }
    }

    #[test]
    fn tls_is_kept() {
        let url = |parameters: &str| to_url(&format!("u:p@tcp(db)/d?{parameters}"));
        assert_eq!(url("tls=true&parseTime=true").unwrap(), "mysql://u:p@db:3306/d?ssl-mode=VERIFY_IDENTITY");
        assert_eq!(url("tls=false").unwrap(), "mysql://u:p@db:3306/d");
        assert!(url("tls=skip-verify").unwrap_err().contains("certificates are always verified"));
        assert!(url("tls=custom").unwrap_err().contains("a tls configuration of its own"));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for (dsn, expected) in [
            ("hunter2", "it has no /"),
            ("mysql://u:hunter2@db:3306/d", "only tcp is supported"),
            ("u:hunter2@tcp(db:3306)/", "it names no database"),
            ("u:hunter2@tcp(db:3306)/?parseTime=true", "it names no database"),
            (":hunter2@tcp(db:3306)/d", "it names no user"),
            ("tcp(db:3306)/d", "it names no user"),
            ("u:hunter2@tcp(db:3306/d", "the host's ( has no )"),
            ("u:hunter2@unix(/run/mysql.sock)/d", "only tcp is supported"),
            ("u:hunter2@db:3306/d", "only tcp is supported"),
            ("u:hunter2@tcp(db:65536)/d", "the host is not a name"),
            ("u:hunter2@tcp(db:x)/d", "the host is not a name"),
            ("u:hunter2@tcp(:3306)/d", "the host is not a name"),
            ("u:hunter2@tcp(a b)/d", "the host is not a name"),
            ("u:hunter2@tcp(2001:db8::1)/d", "the host is not a name"),
            (
                "u:hunter2@tcp(db)/d?time_zone=%27Asia%2FShanghai%27",
                "the parameter time_zone is not supported",
            ),
        ] {
            let error = to_url(dsn).unwrap_err();
            assert!(error.contains(expected), "{dsn}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}

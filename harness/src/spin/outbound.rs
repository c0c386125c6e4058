//! `allowed_outbound_hosts`: which addresses a component may talk to.
//!
//! An entry is `scheme://host[:port]`. The scheme may be `*`; the host may be `*`, `*.domain`, a name, an
//! address or a network (`10.0.0.0/8`); the port may be `*`, a number or a range `from..to` without its end.
//! A port may be left out only where the scheme has a well-known one.

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

use ipnet::IpNet;

/// The rules of one component.
#[derive(Clone, Debug, Default)]
pub struct AllowedHosts {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    scheme: Option<String>,
    host: Host,
    port: Port,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Any,
    Subdomain(String),
    Name(String),
    Network(IpNet),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Port {
    Any,
    One(u16),
    Range(Range<u16>),
}

/// Why an entry of `allowed_outbound_hosts` is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RuleError {
    /// No `scheme://` in front.
    #[error("{0:?} has no scheme; write for example \"http://{0}\" or \"*://{0}\"")]
    NoScheme(String),
    /// A scheme with other characters than letters.
    #[error("{0:?}: the scheme may hold letters only, or be \"*\"")]
    Scheme(String),
    /// Something follows the host and port.
    #[error("{0:?} has a path; only scheme, host and port are compared")]
    Path(String),
    /// A `*` in the middle of a name.
    #[error("{0:?}: in a host, \"*\" may stand alone or as the first label, as in \"*.example.com\"")]
    Wildcard(String),
    /// No port, and the scheme has no well-known one.
    #[error("{0:?} needs a port: its scheme has no well-known one")]
    NoPort(String),
    /// A port that is no number and no range.
    #[error("{0:?}: the port must be a number, a range such as \"8000..9000\", or \"*\"")]
    Port(String),
    /// Requests to the application itself.
    #[error("{0:?}: requests to the application itself are not offered by the local host")]
    ToSelf(String),
    /// Spin's old way to allow everything.
    #[error("\"insecure:allow-all\" is no longer understood; write \"*://*:*\" if everything is meant")]
    AllowAll,
}

impl AllowedHosts {
    /// Reads the entries of one component, templates already resolved.
    ///
    /// # Errors
    ///
    /// The first entry that is not understood.
    pub fn parse<I>(entries: I) -> Result<Self, RuleError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let rules = entries.into_iter().map(|entry| Rule::parse(entry.as_ref())).collect::<Result<_, _>>()?;
        Ok(Self { rules })
    }

    /// Whether a URL with this scheme, host and port may be requested. Without a port the scheme's own counts.
    pub fn allows_url(&self, scheme: &str, host: &str, port: Option<u16>) -> bool {
        let Some(port) = port.or_else(|| well_known_port(scheme)) else {
            return self.rules.iter().any(|rule| rule.port == Port::Any && rule.fits(scheme, host));
        };
        self.rules.iter().any(|rule| rule.port.fits(port) && rule.fits(scheme, host))
    }

    /// Whether a raw socket may reach this address. `scheme` is `tcp` or `udp`.
    ///
    /// Host names never match: a socket knows addresses only.
    pub fn allows_socket(&self, scheme: &str, address: SocketAddr) -> bool {
        let host = match address.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        self.allows_url(scheme, &host, Some(address.port()))
    }
}

impl Rule {
    fn parse(entry: &str) -> Result<Self, RuleError> {
        let text = entry.trim();
        if text == "insecure:allow-all" {
            return Err(RuleError::AllowAll);
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(|| RuleError::NoScheme(text.to_owned()))?;
        if scheme != "*" && (scheme.is_empty() || !scheme.chars().all(char::is_alphabetic)) {
            return Err(RuleError::Scheme(text.to_owned()));
        }
        let (host, port) = split_port(rest);
        Ok(Self {
            scheme: (scheme != "*").then(|| scheme.to_owned()),
            host: Host::parse(host, text)?,
            port: Port::parse(port, scheme, text)?,
        })
    }

    fn fits(&self, scheme: &str, host: &str) -> bool {
        self.scheme.as_deref().is_none_or(|own| own == scheme) && self.host.fits(host)
    }
}

/// Splits `host:port`, where the host may be an IPv6 address in brackets.
fn split_port(text: &str) -> (&str, &str) {
    match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.trim_end_matches('/')),
        _ => (text.trim_end_matches('/'), ""),
    }
}

impl Host {
    fn parse(host: &str, entry: &str) -> Result<Self, RuleError> {
        if host == "*" {
            return Ok(Self::Any);
        }
        if host == "self" || host == "self.alt" || host == "spin.internal" || host.ends_with(".spin.internal")
        {
            return Err(RuleError::ToSelf(entry.to_owned()));
        }
        if let Ok(network) = host.parse::<IpNet>() {
            return Ok(Self::Network(network.trunc()));
        }
        // An IPv6 address in brackets is compared as a text, as Spin does.
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok(Self::Network(IpNet::from(ip)));
        }
        if host.contains('/') {
            return Err(RuleError::Path(entry.to_owned()));
        }
        if let Some(domain) = host.strip_prefix("*.")
            && !domain.contains('*')
        {
            return Ok(Self::Subdomain(format!(".{domain}")));
        }
        if host.contains('*') {
            return Err(RuleError::Wildcard(entry.to_owned()));
        }
        Ok(Self::Name(host.to_owned()))
    }

    fn fits(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Subdomain(suffix) => host.ends_with(suffix.as_str()),
            Self::Name(name) => name == host,
            Self::Network(network) => host.parse::<IpAddr>().is_ok_and(|ip| network.contains(&ip)),
        }
    }
}

impl Port {
    fn parse(port: &str, scheme: &str, entry: &str) -> Result<Self, RuleError> {
        let bad = || RuleError::Port(entry.to_owned());
        if port.contains('/') {
            return Err(RuleError::Path(entry.to_owned()));
        }
        match port {
            "" => well_known_port(scheme).map(Self::One).ok_or_else(|| RuleError::NoPort(entry.to_owned())),
            "*" => Ok(Self::Any),
            _ => match port.split_once("..") {
                Some((from, to)) => {
                    let from = from.parse().map_err(|_| bad())?;
                    let to = to.parse().map_err(|_| bad())?;
                    Ok(Self::Range(from..to))
                }
                None => port.parse().map(Self::One).map_err(|_| bad()),
            },
        }
    }

    fn fits(&self, port: u16) -> bool {
        match self {
            Self::Any => true,
            Self::One(own) => *own == port,
            Self::Range(range) => range.contains(&port),
        }
    }
}

fn well_known_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        "mysql" => Some(3306),
        "postgres" => Some(5432),
        "redis" => Some(6379),
        "mqtt" => Some(1883),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(entry: &str, scheme: &str, host: &str, port: Option<u16>) -> bool {
        AllowedHosts::parse([entry]).unwrap().allows_url(scheme, host, port)
    }

    #[test]
    fn nothing_is_allowed_by_default() {
        assert!(!AllowedHosts::default().allows_url("http", "127.0.0.1", Some(80)));
    }

    #[test]
    fn scheme_host_and_port_must_all_fit() {
        for (entry, scheme, host, port, expected) in [
            ("http://localhost:8080", "http", "localhost", Some(8080), true),
            ("http://localhost:8080", "https", "localhost", Some(8080), false),
            ("http://localhost:8080", "http", "localhost", Some(8081), false),
            ("http://localhost:8080", "http", "127.0.0.1", Some(8080), false),
            ("https://db.turso.io", "https", "db.turso.io", None, true),
            ("https://db.turso.io/", "https", "db.turso.io", Some(443), true),
            ("https://db.turso.io", "https", "db.turso.io", Some(8443), false),
            ("https://*.turso.io", "https", "db.turso.io", None, true),
            ("https://*.turso.io", "https", "turso.io", None, false),
            ("*://*:*", "udp", "10.1.2.3", Some(514), true),
            ("http://10.0.0.0/8:8000..9000", "http", "10.2.3.4", Some(8999), true),
            ("http://10.0.0.0/8:8000..9000", "http", "10.2.3.4", Some(9000), false),
            ("http://10.0.0.0/8:8000..9000", "http", "11.2.3.4", Some(8999), false),
            ("mysql://db", "mysql", "db", Some(3306), true),
        ] {
            assert_eq!(allows(entry, scheme, host, port), expected, "{entry} {scheme}://{host}:{port:?}");
        }
    }

    #[test]
    fn a_host_name_does_not_match_a_raw_socket() {
        let local: SocketAddr = "127.0.0.1:514".parse().unwrap();
        let named = AllowedHosts::parse(["tcp://localhost:514"]).unwrap();
        assert!(!named.allows_socket("tcp", local));
        let numbered = AllowedHosts::parse(["tcp://127.0.0.1:514"]).unwrap();
        assert!(numbered.allows_socket("tcp", local));
        assert!(!numbered.allows_socket("udp", local));
        let v6 = AllowedHosts::parse(["udp://[::1]:514"]).unwrap();
        assert!(v6.allows_socket("udp", "[::1]:514".parse().unwrap()));
    }

    #[test]
    fn an_ipv6_address_matches_only_in_brackets_and_written_as_the_standard_wants() {
        for (entry, expected) in [
            ("tcp://[2001:db8::1]:514", true),
            ("tcp://2001:db8::1:514", false),
            ("tcp://[2001:db8:0::1]:514", false),
        ] {
            let rules = AllowedHosts::parse([entry]).unwrap();
            assert_eq!(rules.allows_socket("tcp", "[2001:db8::1]:514".parse().unwrap()), expected, "{entry}");
        }
    }

    #[test]
    fn an_empty_host_is_understood_and_allows_nothing() {
        let rules = AllowedHosts::parse(["tcp://:514"]).unwrap();
        assert!(!rules.allows_socket("tcp", "127.0.0.1:514".parse().unwrap()));
        assert!(!rules.allows_socket("tcp", "0.0.0.0:514".parse().unwrap()));
    }

    #[test]
    fn entries_that_are_not_understood_are_refused() {
        for (entry, expected) in [
            ("localhost:8080", RuleError::NoScheme("localhost:8080".into())),
            ("ht2p://a:1", RuleError::Scheme("ht2p://a:1".into())),
            ("tcp://10.0.0.1", RuleError::NoPort("tcp://10.0.0.1".into())),
            ("http://a:eighty", RuleError::Port("http://a:eighty".into())),
            ("http://a/path", RuleError::Path("http://a/path".into())),
            ("http://a:80/path", RuleError::Path("http://a:80/path".into())),
            ("http://a.*.b:80", RuleError::Wildcard("http://a.*.b:80".into())),
            ("http://self", RuleError::ToSelf("http://self".into())),
            ("insecure:allow-all", RuleError::AllowAll),
        ] {
            assert_eq!(AllowedHosts::parse([entry]).unwrap_err(), expected);
        }
    }
}

//! `allowed_outbound_hosts`: which addresses a component may talk to.
//!
//! An entry is `scheme://host[:port]`. The scheme may be `*`; the host may be `*`, `*.domain`, a name, an address
//! (IPv6 in brackets) or a network (`10.0.0.0/8`); the port may be `*`, a number or a range `from..to` that excludes
//! `to`. A port may be omitted only where the scheme has a well-known one. As in Spin, hosts are read and compared
//! like those of URLs: an empty one is refused, names are lower case, addresses have one form.

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

use ipnet::IpNet;
use url::Host as UrlHost;

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
    One(UrlHost),
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
    /// A scheme with characters other than letters.
    #[error("{0:?}: the scheme may hold letters only, or be \"*\"")]
    Scheme(String),
    /// Something follows the host and port.
    #[error("{0:?} has a path; only scheme, host and port are compared")]
    Path(String),
    /// A `*` in the middle of a name, or before an address.
    #[error("{0:?}: in a host, \"*\" may stand alone or as the first label, as in \"*.example.com\"")]
    Wildcard(String),
    /// A host that no URL can have.
    #[error("{entry:?}: {host:?} is no host: {problem}")]
    Host {
        /// The whole entry.
        entry: String,
        /// Its host.
        host: String,
        /// What is wrong with it.
        problem: url::ParseError,
    },
    /// No port, and the scheme has no well-known one.
    #[error("{0:?} needs a port: its scheme has no well-known one")]
    NoPort(String),
    /// A port that is neither a number nor a range.
    #[error("{0:?}: the port must be a number, a range such as \"8000..9000\", or \"*\"")]
    Port(String),
    /// Requests to the application itself.
    #[error("{0:?}: requests to the application itself are not offered by the local host")]
    ToSelf(String),
    /// Spin's old form for allowing everything.
    #[error("\"insecure:allow-all\" is no longer understood; write \"*://*:*\" if everything is meant")]
    AllowAll,
}

impl AllowedHosts {
    /// Reads the entries of one component, templates already resolved. See [`is_left_out`] for entries that variables
    /// made empty.
    ///
    /// # Errors
    ///
    /// The first entry that cannot be read.
    pub fn parse<I>(entries: I) -> Result<Self, RuleError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let rules = entries.into_iter().map(|entry| Rule::parse(entry.as_ref())).collect::<Result<_, _>>()?;
        Ok(Self { rules })
    }

    /// Whether a URL with this scheme, host and port may be requested. Without a port, the scheme's default
    /// applies.
    pub fn allows_url(&self, scheme: &str, host: &str, port: Option<u16>) -> bool {
        let Ok(host) = UrlHost::parse(host) else { return false };
        let Some(port) = port.or_else(|| well_known_port(scheme)) else {
            return self.rules.iter().any(|rule| rule.port == Port::Any && rule.fits(scheme, &host));
        };
        self.rules.iter().any(|rule| rule.port.fits(port) && rule.fits(scheme, &host))
    }

    /// Whether a raw socket may reach this address. `scheme` is `tcp` or `udp`.
    ///
    /// Host names never match, because a socket knows only addresses.
    pub fn allows_socket(&self, scheme: &str, address: SocketAddr) -> bool {
        let host = match address.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        self.allows_url(scheme, &host, Some(address.port()))
    }
}

/// Whether an entry from a template is left out because variables without a value made it empty, so no address is
/// wanted. Spin knows these three forms; with any other scheme, an empty host is an error.
pub fn is_left_out(resolved: &str) -> bool {
    matches!(resolved, "" | "http://" | "https://")
}

impl Rule {
    fn parse(entry: &str) -> Result<Self, RuleError> {
        let text = entry.trim();
        if text == "insecure:allow-all" {
            return Err(RuleError::AllowAll);
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(|| RuleError::NoScheme(text.to_owned()))?;
        let (host, port) = split_port(rest, text)?;
        let port = Port::parse(port, scheme, text)?;
        if scheme != "*" && !scheme.chars().all(char::is_alphabetic) {
            return Err(RuleError::Scheme(text.to_owned()));
        }
        Ok(Self { scheme: (scheme != "*").then(|| scheme.to_owned()), host: Host::parse(host, text)?, port })
    }

    fn fits(&self, scheme: &str, host: &UrlHost) -> bool {
        self.scheme.as_deref().is_none_or(|own| own == scheme) && self.host.fits(host)
    }
}

/// Splits `host:port`. A bare host, an IPv6 address in brackets or an IPv6 network has no port.
fn split_port<'a>(text: &'a str, entry: &str) -> Result<(&'a str, &'a str), RuleError> {
    match text.rsplit_once(':') {
        None => Ok((text, "")),
        Some((host, "")) => Ok((host, "")),
        Some(_) if Host::parse(text, entry).is_ok() => Ok((text, "")),
        Some((host, port)) => match port.split_once('/') {
            None => Ok((host, port)),
            Some((port, "")) => Ok((host, port)),
            Some(_) => Err(RuleError::Path(entry.to_owned())),
        },
    }
}

impl Host {
    fn parse(host: &str, entry: &str) -> Result<Self, RuleError> {
        let host = host.trim();
        if host == "*" {
            return Ok(Self::Any);
        }
        if host == "self" || host == "self.alt" {
            return Err(RuleError::ToSelf(entry.to_owned()));
        }
        if let Ok(network) = host.parse::<IpNet>() {
            return Ok(Self::Network(network.trunc()));
        }
        let host = host.strip_suffix('/').unwrap_or(host);
        if host.contains('/') {
            return Err(RuleError::Path(entry.to_owned()));
        }
        let parse = |host: &str| {
            UrlHost::parse(host).map_err(|problem| RuleError::Host {
                entry: entry.to_owned(),
                host: host.to_owned(),
                problem,
            })
        };
        if let Some(domain) = host.strip_prefix("*.")
            && !domain.contains('*')
        {
            return match parse(domain)? {
                UrlHost::Domain(domain) if domain == "spin.internal" => {
                    Err(RuleError::ToSelf(entry.to_owned()))
                }
                UrlHost::Domain(domain) => Ok(Self::Subdomain(format!(".{domain}"))),
                _ => Err(RuleError::Wildcard(entry.to_owned())),
            };
        }
        if host.contains('*') {
            return Err(RuleError::Wildcard(entry.to_owned()));
        }
        match parse(host)? {
            UrlHost::Domain(domain) if domain.ends_with(".spin.internal") => {
                Err(RuleError::ToSelf(entry.to_owned()))
            }
            host => Ok(Self::One(host)),
        }
    }

    fn fits(&self, host: &UrlHost) -> bool {
        match (self, host) {
            (Self::Any, _) => true,
            (Self::Subdomain(suffix), UrlHost::Domain(domain)) => domain.ends_with(suffix.as_str()),
            (Self::Subdomain(_), _) | (Self::Network(_), UrlHost::Domain(_)) => false,
            (Self::One(own), host) => own == host,
            (Self::Network(network), UrlHost::Ipv4(ip)) => network.contains(&IpAddr::V4(*ip)),
            (Self::Network(network), UrlHost::Ipv6(ip)) => network.contains(&IpAddr::V6(*ip)),
        }
    }
}

impl Port {
    fn parse(port: &str, scheme: &str, entry: &str) -> Result<Self, RuleError> {
        let bad = || RuleError::Port(entry.to_owned());
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
    fn scheme_host_and_port_must_all_match() {
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
    fn an_ipv6_address_matches_however_it_is_written() {
        for (entry, expected) in [
            ("tcp://[2001:db8::1]:514", true),
            ("tcp://[2001:db8:0::1]:514", true),
            ("tcp://[2001:db8::2]:514", false),
            ("tcp://2001:db8::/32:514", true),
        ] {
            let rules = AllowedHosts::parse([entry]).unwrap();
            assert_eq!(rules.allows_socket("tcp", "[2001:db8::1]:514".parse().unwrap()), expected, "{entry}");
        }
    }

    #[test]
    fn names_are_compared_like_those_of_urls() {
        assert!(allows("http://*.Example.COM", "http", "a.example.com", None));
        assert!(allows("mysql://DB.example", "mysql", "db.EXAMPLE", None));
        assert!(!allows("*://10.0.0.0/8:80", "http", "name.example", None));
    }

    #[test]
    fn a_host_that_no_url_can_have_is_refused() {
        for entry in [
            "tcp://:514",
            "tcp://2001:db8::1:514",
            "http://[::1",
            "http://exa mple.com",
            "http://example%GG.com",
            "http://example.com:80:90",
            "http://*.",
        ] {
            let error = AllowedHosts::parse([entry]).unwrap_err();
            assert!(matches!(error, RuleError::Host { .. }), "{entry}: {error}");
        }
    }

    #[test]
    fn only_an_empty_entry_and_an_empty_web_address_are_left_out() {
        for (entry, expected) in
            [("", true), ("http://", true), ("https://", true), ("tcp://:514", false), ("mysql://", false)]
        {
            assert_eq!(is_left_out(entry), expected, "{entry}");
        }
    }

    #[test]
    fn unreadable_entries_are_refused() {
        for (entry, expected) in [
            ("localhost:8080", RuleError::NoScheme("localhost:8080".into())),
            ("ht2p://a:1", RuleError::Scheme("ht2p://a:1".into())),
            ("tcp://10.0.0.1", RuleError::NoPort("tcp://10.0.0.1".into())),
            ("http://a:eighty", RuleError::Port("http://a:eighty".into())),
            ("http://a/path", RuleError::Path("http://a/path".into())),
            ("http://a:80/path", RuleError::Path("http://a:80/path".into())),
            ("http://a/b//", RuleError::Path("http://a/b//".into())),
            ("http://a:8080..70000", RuleError::Port("http://a:8080..70000".into())),
            ("http://a.*.b:80", RuleError::Wildcard("http://a.*.b:80".into())),
            ("http://*.127.0.0.1", RuleError::Wildcard("http://*.127.0.0.1".into())),
            ("http://ingest.spin.internal", RuleError::ToSelf("http://ingest.spin.internal".into())),
            ("http://self", RuleError::ToSelf("http://self".into())),
            ("insecure:allow-all", RuleError::AllowAll),
        ] {
            assert_eq!(AllowedHosts::parse([entry]).unwrap_err(), expected);
        }
    }
}

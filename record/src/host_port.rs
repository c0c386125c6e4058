//! Hosts followed by a port, as in the `Host` header and in Envoy's addresses.

/// A host and the digits of its port: `a.b:80`, `[::1]:80`. `None` when there is no port; the last group of an IPv6
/// address without brackets is not a port. The brackets of an IPv6 address are kept.
pub fn split(authority: &str) -> Option<(&str, &str)> {
    let (host, port) = authority.rsplit_once(':')?;
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
    (is_port && (host.ends_with(']') || !host.contains(':'))).then_some((host, port))
}

/// The host without its port, if it has one.
pub fn host(authority: &str) -> &str {
    split(authority).map_or(authority, |(host, _)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_taken_off_a_host_but_not_off_an_address() {
        for (authority, expected) in [
            ("a.b:80", "a.b"),
            ("a.b", "a.b"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
            ("::1", "::1"),
            ("a:b", "a:b"),
            ("", ""),
        ] {
            assert_eq!(host(authority), expected);
        }
    }

    #[test]
    fn a_port_is_split_off_a_host_but_not_off_an_address() {
        for (authority, expected) in [
            ("a.b:80", Some(("a.b", "80"))),
            ("[::1]:80", Some(("[::1]", "80"))),
            ("a.b:", Some(("a.b", ""))),
            ("a.b", None),
            ("[::1]", None),
            ("::1", None),
            ("a:b", None),
            ("", None),
        ] {
            assert_eq!(split(authority), expected, "{authority}");
        }
    }
}

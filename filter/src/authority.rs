//! The host and port of an `:authority` header.

/// A host without the port after it; an IPv6 address keeps its brackets.
pub fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && is_whole(host) => host,
        _ => authority,
    }
}

/// True unless a colon in a host name tells that it is the beginning of a bare IPv6 address.
fn is_whole(host: &str) -> bool {
    host.ends_with(']') || !host.contains(':')
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
            assert_eq!(without_port(authority), expected);
        }
    }
}

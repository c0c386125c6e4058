//! Redacts secrets: values of query parameters and of captured headers.
//!
//! Names are compared without regard to case, in a query string after percent-decoding, so that `%6bey=…` does not
//! evade it.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The text in place of a secret.
pub const REDACTED: &str = "REDACTED";

/// Headers whose values are never recorded.
pub const DEFAULT_HEADERS: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "x-amz-security-token",
];

/// Query parameters whose values are never recorded.
pub const DEFAULT_QUERY: &[&str] = &[
    "access_token",
    "api-key",
    "api_key",
    "apikey",
    "auth",
    "authorization",
    "client_secret",
    "id_token",
    "key",
    "password",
    "passwd",
    "pwd",
    "refresh_token",
    "secret",
    "sig",
    "signature",
    "token",
    "x-amz-credential",
    "x-amz-security-token",
    "x-amz-signature",
    "x-api-key",
    "x-goog-signature",
];

/// Which names are secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redact {
    /// Header names, lower case.
    pub headers: Vec<Cow<'static, str>>,
    /// Query parameter names, lower case.
    pub query: Vec<Cow<'static, str>>,
}

impl Default for Redact {
    fn default() -> Self {
        Self {
            headers: DEFAULT_HEADERS.iter().copied().map(Cow::Borrowed).collect(),
            query: DEFAULT_QUERY.iter().copied().map(Cow::Borrowed).collect(),
        }
    }
}

impl Redact {
    /// The value of a header as it may be recorded.
    pub fn header<'v>(&self, name: &str, value: &'v str) -> &'v str {
        if self.headers.iter().any(|secret| secret.eq_ignore_ascii_case(name)) { REDACTED } else { value }
    }

    /// A path with the values of secret query parameters replaced.
    pub fn path<'p>(&self, path: &'p str) -> Cow<'p, str> {
        let Some((before, query)) = path.split_once('?') else { return Cow::Borrowed(path) };
        if !query.split('&').any(|pair| self.is_secret_pair(pair)) {
            return Cow::Borrowed(path);
        }
        let mut out = String::with_capacity(path.len());
        out.push_str(before);
        for (index, pair) in query.split('&').enumerate() {
            out.push(if index == 0 { '?' } else { '&' });
            match pair.split_once('=') {
                Some((name, _)) if self.is_secret_pair(pair) => {
                    out.push_str(name);
                    out.push('=');
                    out.push_str(REDACTED);
                }
                _ => out.push_str(pair),
            }
        }
        Cow::Owned(out)
    }

    fn is_secret_pair(&self, pair: &str) -> bool {
        let Some((name, value)) = pair.split_once('=') else { return false };
        if value.is_empty() {
            return false;
        }
        let name: Cow<'_, [u8]> = percent_decode_str(name).into();
        self.query.iter().any(|secret| secret.as_bytes().eq_ignore_ascii_case(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn secret_query_parameters_lose_their_value_and_nothing_else_changes() {
        let redact = Redact::default();
        for (path, expected) in [
            ("/a?key=abc", "/a?key=REDACTED"),
            ("/a?x=1&API_KEY=abc&y=2", "/a?x=1&API_KEY=REDACTED&y=2"),
            ("/a?%6bey=abc&%zz=1", "/a?%6bey=REDACTED&%zz=1"),
            ("/a?token=a=b=c", "/a?token=REDACTED"),
            ("/a?key=&key", "/a?key=&key"),
            ("/a?monkey=1&keys=2", "/a?monkey=1&keys=2"),
            ("/key=1", "/key=1"),
            ("/a??key=1", "/a??key=1"),
            ("", ""),
        ] {
            assert_eq!(redact.path(path), expected);
        }
    }

    #[test]
    fn secret_headers_lose_their_value() {
        let redact = Redact::default();
        assert_eq!(redact.header("Authorization", "Bearer x"), REDACTED);
        assert_eq!(redact.header("accept", "text/html"), "text/html");
    }

    proptest! {
        #[test]
        fn a_secret_value_never_survives(before in "[a-z&=%?]{0,12}", name in "key|token|API_KEY") {
            let path = format!("/p?{before}&{name}=s3cr3t");
            prop_assert!(!Redact::default().path(&path).contains("s3cr3t"));
        }
    }
}

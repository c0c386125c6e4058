//! Bearer tokens, compared in constant time.

use std::fmt;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use subtle::ConstantTimeEq;

use super::Failure;

/// The token that a request must carry; `None` admits everybody.
#[derive(Clone, Default)]
pub struct Token(Option<String>);

impl Token {
    /// A token from its variable; a blank variable means no token.
    pub fn new(text: &str) -> Self {
        let text = text.trim();
        Self((!text.is_empty()).then(|| text.to_owned()))
    }

    /// Whether requests must carry a token.
    pub fn is_required(&self) -> bool {
        self.0.is_some()
    }

    /// Admits a request with `authorization: Bearer TOKEN`.
    ///
    /// # Errors
    ///
    /// [`Failure::Unauthorized`].
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Failure> {
        let Some(token) = &self.0 else { return Ok(()) };
        let given = headers.get(AUTHORIZATION).map(|value| value.as_bytes()).and_then(bearer);
        match given {
            Some(given) if bool::from(given.ct_eq(token.as_bytes())) => Ok(()),
            _ => Err(Failure::Unauthorized),
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_required() { "Token(set)" } else { "Token(none)" })
    }
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_token_is_admitted() {
        let token = Token::new(" secret\n");
        for (header, admitted) in [
            ("Bearer secret", true),
            ("bearer  secret", true),
            ("Bearer Secret", false),
            ("Bearer secret2", false),
            ("Bearer", false),
            ("Basic secret", false),
            ("secret", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, header.parse().unwrap())]);
            assert_eq!(token.check(&headers).is_ok(), admitted, "{header}");
        }
        assert!(token.check(&HeaderMap::new()).is_err());
    }

    #[test]
    fn without_a_token_everybody_is_admitted() {
        assert!(Token::new("  ").check(&HeaderMap::new()).is_ok());
    }

    #[test]
    fn a_token_is_not_shown() {
        assert_eq!(format!("{:?}", Token::new("secret")), "Token(set)");
    }
}

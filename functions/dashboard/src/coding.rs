//! The content coding that a client accepts: `Accept-Encoding`, RFC 9110, 12.5.3.

use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

/// A content coding of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Uncompressed.
    Identity,
    /// gzip.
    Gzip,
    /// Brotli.
    Brotli,
}

impl Coding {
    /// The value of `Content-Encoding`; identity has none.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }

    /// The smallest coding that the client accepts. A client that refuses them all gets the file uncompressed.
    pub fn choose(headers: &HeaderMap) -> Self {
        let named = |names: &[&str]| {
            let values = headers.get_all(ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
            let mut elements = values.flat_map(|value| value.split(','));
            elements.any(|element| {
                let (name, weight) = element.split_once(';').unwrap_or((element, ""));
                names.iter().any(|wanted| name.trim().eq_ignore_ascii_case(wanted)) && !is_zero(weight)
            })
        };
        if named(&["br"]) {
            Self::Brotli
        } else if named(&["gzip", "x-gzip"]) {
            Self::Gzip
        } else {
            Self::Identity
        }
    }
}

/// Whether a weight (`q=0`, `q=0.000`) is a refusal.
fn is_zero(weight: &str) -> bool {
    let value = weight.trim().trim_start_matches(['q', 'Q']).trim_start().strip_prefix('=');
    value.is_some_and(|value| value.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_smallest_form_that_is_not_refused_is_chosen() {
        for (accepted, expected) in [
            ("gzip, deflate, br, zstd", Coding::Brotli),
            ("gzip, deflate", Coding::Gzip),
            ("GZIP;q=0.5, br;q=0", Coding::Gzip),
            ("br; q=0.000, gzip ; q = 0", Coding::Identity),
            ("x-gzip", Coding::Gzip),
            ("identity", Coding::Identity),
            ("brotli", Coding::Identity),
            ("", Coding::Identity),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            assert_eq!(Coding::choose(&headers), expected, "{accepted}");
        }
        assert_eq!(Coding::choose(&HeaderMap::new()), Coding::Identity);
    }
}

//! Additional headers, in the form of `OTEL_EXPORTER_OTLP_HEADERS`: `name=value,name2=value2`, with values
//! percent-encoded.

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

/// Headers that follow from the request.
const OWN: [HeaderName; 5] = [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING, HOST];

/// Reads the headers. A value may be empty; its white space is kept where it is encoded.
///
/// # Errors
///
/// The place and the kind of the first problem, without any value.
pub fn read(text: &str) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (number, pair) in (1_usize..).zip(text.split(',')) {
        if pair.trim().is_empty() {
            continue;
        }
        let Some((name, value)) = pair.split_once('=') else {
            return Err(format!("header {number} is not of the form name=value"));
        };
        let name = name.trim();
        let name: HeaderName = name.parse().map_err(|_| format!("header {number} has a wrong name"))?;
        if OWN.contains(&name) {
            return Err(format!("header {number}, {name}, is set by gatelog"));
        }
        let mut escapes = value.split('%').skip(1).map(str::as_bytes);
        if !escapes.all(|after| after.get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))) {
            let what = "has a % that is not followed by two hexadecimal digits: write %25 for a %";
            return Err(format!("the value of header {number}, {name}, {what}"));
        }
        let value: Vec<u8> = percent_decode_str(value.trim()).collect();
        let mut value = HeaderValue::from_bytes(&value).map_err(|_| {
            format!("the value of header {number}, {name}, has characters that no header may have")
        })?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_separated_by_commas_and_their_values_decoded() {
        let headers = read(" Authorization = Bearer%20a%3D%2C , x-tenant=a=b,,x-empty=,x-tenant=c").unwrap();
        assert_eq!(headers["authorization"], "Bearer a=,");
        assert_eq!(headers["x-empty"], "");
        assert!(headers.get_all("x-tenant").iter().eq(["a=b", "c"]));
        assert!(read("").unwrap().is_empty());
    }

    #[test]
    fn a_wrong_header_is_named_by_its_place() {
        for (text, error) in [
            ("a=b,c", "header 2 is not"),
            ("a b=c", "header 1 has a wrong name"),
            ("=c", "header 1 has a wrong name"),
            ("a=%0d%0ab: c", "the value of header 1, a,"),
            ("x=%zz", "the value of header 1, x, has a % that is not"),
            ("x=%41%4", "the value of header 1, x, has a % that is not"),
            ("x=100%", "the value of header 1, x, has a % that is not"),
            ("Content-Type=text/plain", "header 1, content-type, is set by gatelog"),
        ] {
            assert!(read(text).unwrap_err().starts_with(error), "{text}");
        }
    }
}

//! Checks the methods that a path allows.

use http::Method;

use super::Failure;

/// Refuses every method except `GET` and `HEAD`; the latter is answered like `GET` without the body.
///
/// # Errors
///
/// [`Failure::MethodNotAllowed`].
pub fn require_read(method: &Method) -> Result<(), Failure> {
    if matches!(*method, Method::GET | Method::HEAD) {
        Ok(())
    } else {
        Err(Failure::MethodNotAllowed { allow: "GET, HEAD" })
    }
}

/// Refuses every method except `allowed`.
///
/// # Errors
///
/// [`Failure::MethodNotAllowed`].
pub fn require(method: &Method, allowed: &'static str) -> Result<(), Failure> {
    if method.as_str() == allowed { Ok(()) } else { Err(Failure::MethodNotAllowed { allow: allowed }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::response;

    #[test]
    fn a_wrong_method_is_answered_with_the_right_one() {
        let response = response::failure(&require(&Method::PUT, "POST").unwrap_err());
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()["allow"], "POST");
    }

    #[test]
    fn a_readable_path_allows_get_and_head() {
        assert!(require_read(&Method::GET).is_ok() && require_read(&Method::HEAD).is_ok());
        let response = response::failure(&require_read(&Method::POST).unwrap_err());
        assert_eq!(response.headers()["allow"], "GET, HEAD");
    }
}

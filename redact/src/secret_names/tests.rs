//! Tests of the names that are secret and of those that only look similar.

use super::*;

fn parts(name: &str) -> Vec<String> {
    let parts = Parts { rest: name.as_bytes(), at_capitals: true };
    parts.map(|part| String::from_utf8_lossy(part).to_lowercase()).collect()
}

#[test]
fn names_are_split_at_punctuation_digits_and_capitals() {
    for (name, expected) in [
        ("X-Amz-Security-Token", &["x", "amz", "security", "token"][..]),
        ("accessToken", &["access", "token"]),
        ("SAMLResponse", &["saml", "response"]),
        ("OSSAccessKeyId", &["oss", "access", "key", "id"]),
        ("user[api_key2]", &["user", "api", "key"]),
        ("", &[]),
        ("123--", &[]),
        ("é-key", &["key"]),
    ] {
        assert_eq!(parts(name), expected, "{name}");
    }
}

#[test]
fn common_names_of_secrets_are_secret_everywhere() {
    for name in [
        "access_token",
        "access-token",
        "accesstoken",
        "accessToken",
        "ACCESSTOKEN",
        "id_token",
        "id_token_hint",
        "refresh_token",
        "token",
        "tokens",
        "auth_token",
        "api_token",
        "session_token",
        "securityToken",
        "security-token",
        "x-oss-security-token",
        "x-oss-signature",
        "x-oss-credential",
        "q-signature",
        "Signature",
        "AWSAccessKeyId",
        "OSSAccessKeyId",
        "X-Amz-Credential",
        "api_key",
        "api-key",
        "apikey",
        "apiKey",
        "APIKEY",
        "x-api-key",
        "x-goog-api-key",
        "secret",
        "client_secret",
        "secret_key",
        "access_key",
        "private_key",
        "subscription-key",
        "ocp-apim-subscription-key",
        "password",
        "passwd",
        "pwd",
        "user[password]",
        "user.password",
        "passphrase",
        "otp",
        "credential",
        "credentials",
        "jwt",
        "client_assertion",
        "assertion",
        "code_verifier",
        "SAMLResponse",
        "sessionid",
        "session_id",
        "jsessionid",
        "PHPSESSID",
        "sig",
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "x-auth-token",
        "x-access-token",
        "x-csrf-token",
        "x-xsrf-token",
        "private-token",
        "x-vault-token",
        "x-forwarded-client-cert",
        "token[]",
        "a.token",
        "page_token_secret",
        "max_tokens_key",
        "newSecretValue",
        "tOkEn",
    ] {
        for place in [Place::Parameter, Place::Header, Place::Member] {
            assert!(is_secret(name.as_bytes(), place), "{name} {place:?}");
        }
    }
}

#[test]
fn some_short_names_are_secret_only_as_parameters() {
    for name in
        ["code", "sid", "session", "ticket", "sign", "oauth[code]", "a.code", "code[0]", "samlresponse"]
    {
        assert!(is_secret(name.as_bytes(), Place::Parameter), "{name}");
    }
    for name in ["code", "sid", "session", "ticket"] {
        assert!(
            !is_secret(name.as_bytes(), Place::Member) && !is_secret(name.as_bytes(), Place::Header),
            "{name}"
        );
    }
    assert!(is_secret(b"key", Place::Parameter) && !is_secret(b"key", Place::Member));
}

#[test]
fn names_that_only_look_similar_are_not_secret() {
    for name in [
        "max_tokens",
        "maxTokens",
        "maxOutputTokens",
        "max_completion_tokens",
        "page_token",
        "pageToken",
        "next_page_token",
        "nextPageToken",
        "keyword",
        "keywords",
        "monkey",
        "keys",
        "total_tokens",
        "prompt_tokens",
        "promptTokenCount",
        "candidatesTokenCount",
        "thoughtsTokenCount",
        "cachedContentTokenCount",
        "cache_creation_input_tokens",
        "prompt_tokens_details",
        "budget_tokens",
        "input_token",
        "tokenizer",
        "token_type",
        "tokens_per_minute",
        "x-ratelimit-remaining-tokens",
        "x-ratelimit-limit-tokens",
        "idempotency-key",
        "sort_key",
        "author",
        "authority",
        "authors",
        "country_code",
        "status_code",
        "bypass",
        "passenger",
        "compass",
        "design",
        "assign",
        "signup",
        "signal",
        "page",
        "q",
        "a",
        "access-control-allow-credentials",
        "www-authenticate",
        "sec-websocket-key",
        "mcp-session-id",
        "",
    ] {
        for place in [Place::Parameter, Place::Header, Place::Member] {
            assert!(!is_secret(name.as_bytes(), place), "{name} {place:?}");
        }
    }
}

#[test]
fn the_quick_check_misses_nothing_that_is_denied() {
    for denied in [DENIED_PARTS, DENIED_LETTERS, DENIED_TOGETHER, DENIED_ALONE].concat() {
        for name in [denied.replace(' ', "-"), format!("my{}7", denied.replace(' ', "_").to_uppercase())] {
            assert!(BEGINNINGS.may_be_in(name.as_bytes()), "{name}");
        }
    }
    for name in ["page", "q", "limit", "filter", "name", "lang", "offset", "id", "format", ""] {
        assert!(!BEGINNINGS.may_be_in(name.as_bytes()), "{name}");
    }
}

#[test]
fn names_are_equal_when_their_parts_are() {
    assert!(is_same(b"X-Pin", b"x_pin") && is_same(b"xPin", b"x-pin") && is_same(b"7", b"7"));
    assert!(!is_same(b"pins", b"pin") && !is_same(b"7", b"8") && !is_same(b"pin code", b"pin"));
}

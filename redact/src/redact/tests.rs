//! Tests that operators do not see secrets, wherever clients and servers put them.

use proptest::prelude::*;

use super::*;

#[test]
fn secret_parameters_lose_their_value_and_nothing_else_changes() {
    let redact = Redact::default();
    for (path, expected) in [
        ("/a?key=abc", "/a?key=REDACTED"),
        ("/a?x=1&API_KEY=abc&y=2", "/a?x=1&API_KEY=REDACTED&y=2"),
        ("/a?%6bey=abc&%zz=1", "/a?%6bey=REDACTED&%zz=1"),
        ("/a?to%256ben=abc", "/a?to%256ben=REDACTED"),
        ("/a?token=a=b=c", "/a?token=REDACTED"),
        ("/a?key=&key", "/a?key=&key"),
        ("/a?monkey=1&keys=2", "/a?monkey=1&keys=2"),
        ("/a??key=1", "/a??key=REDACTED"),
        ("/a?a=1?token=abc", "/a?a=1?token=REDACTED"),
        ("/a?a=1;token=abc;b=2", "/a?a=1;token=REDACTED;b=2"),
        ("/a?token=ab;cd==&b=2", "/a?token=REDACTED&b=2"),
        ("/a?token=ab?cd&b=2", "/a?token=REDACTED&b=2"),
        ("/a;jsessionid=abc/b?c=1", "/a;jsessionid=REDACTED/b?c=1"),
        ("/a;jsessionid=abc?c=1", "/a;jsessionid=REDACTED?c=1"),
        ("/a#access_token=abc&b=1", "/a#access_token=REDACTED&b=1"),
        ("/a?b=1#access_token=abc", "/a?b=1#access_token=REDACTED"),
        (
            "/a?token[]=abc&user[password]=d&a.token=e",
            "/a?token[]=REDACTED&user[password]=REDACTED&a.token=REDACTED",
        ),
        ("/a?token%5B%5D=abc", "/a?token%5B%5D=REDACTED"),
        ("/a?data=token=abc", "/a?data=token=REDACTED"),
        ("/a?next=%2Fcb%3Ftoken%3Dabc%26b%3D1&c=2", "/a?next=%2Fcb%3Ftoken%3DREDACTED%26b%3D1&c=2"),
        (
            "/a?next=%252Fcb%253Ftoken%253Dabc%2526b%253D1",
            "/a?next=%252Fcb%253Ftoken%253DREDACTED%2526b%253D1",
        ),
        ("/a?token=abc%26b%3D1&c=2", "/a?token=REDACTED&c=2"),
        ("/a?token=a/b+c==&c=2", "/a?token=REDACTED&c=2"),
        ("/a?max_tokens=5&page_token=abc&keyword=x", "/a?max_tokens=5&page_token=abc&keyword=x"),
        (
            "/r?subscription-key=0123456789abcdef&code=4%2F0AbCd&accessToken=s3cr3t&security-token=CAIS&jwt=eyJhbGciOi.e30.x&page=2",
            "/r?subscription-key=REDACTED&code=REDACTED&accessToken=REDACTED&security-token=REDACTED&jwt=REDACTED&page=2",
        ),
        ("http://user:abc@host/p?q=1", "http://REDACTED@host/p?q=1"),
        ("/é?ключ=1&token=ü", "/é?ключ=1&token=REDACTED"),
        ("/=&=?=#=", "/=&=?=#="),
        ("", ""),
    ] {
        assert_eq!(redact.path(path), expected);
        assert_eq!(redact.path(expected), expected, "what was redacted before stays");
    }
}

#[test]
fn headers_lose_secrets_by_their_name_and_those_in_their_value() {
    let redact = Redact::default();
    for (name, value, expected) in [
        ("Authorization", "Bearer x", REDACTED),
        ("x-custom", "Bearer x.y.z", REDACTED),
        ("private-token", "glpat", REDACTED),
        ("x-forwarded-client-cert", "By=spiffe://a;Hash=1", REDACTED),
        ("accept", "text/html;q=0.8, */*", "text/html;q=0.8, */*"),
        (
            "location",
            "https://app/cb#access_token=abc&token_type=x",
            "https://app/cb#access_token=REDACTED&token_type=x",
        ),
        ("location", "https://user:abc@host/", "https://REDACTED@host/"),
        (
            "referer",
            "https://app/a;jsessionid=abc?x=1#id_token=d",
            "https://app/a;jsessionid=REDACTED?x=1#id_token=REDACTED",
        ),
        ("link", "<https://a/b?token=abc>; rel=\"next\"", "<https://a/b?token=REDACTED>; rel=\"next\""),
        ("x-meta", r#"{"token":"abc","n":1}"#, r#"{"token":"REDACTED","n":1}"#),
    ] {
        assert_eq!(redact.header(name, value), expected, "{name}: {value}");
        assert_eq!(redact.header(name, expected), expected, "what was redacted before stays");
    }
}

#[test]
fn bodies_lose_members_pairs_and_urls_even_when_they_are_cut_off() {
    let redact = Redact::default();
    for (body, expected) in [
        (r#"{"access_token":"abc","expires_in":3600}"#, r#"{"access_token":"REDACTED","expires_in":3600}"#),
        (r#"{"password" : 12345 , "a":[1]}"#, r#"{"password" : "REDACTED" , "a":[1]}"#),
        (r#"{"credentials":{"user":"u","x":["a}"]},"b":1}"#, r#"{"credentials":"REDACTED","b":1}"#),
        (r#"{"apiKey":["a","b"]}"#, r#"{"apiKey":"REDACTED"}"#),
        (r#"{"user":{"api_key":"a\"b\\"},"c":2}"#, r#"{"user":{"api_key":"REDACTED"},"c":2}"#),
        (r#"{"to\u006ben":"abc"}"#, r#"{"to\u006ben":"REDACTED"}"#),
        (r#"{"token":null,"secret":"","otp":true}"#, r#"{"token":null,"secret":"","otp":true}"#),
        (
            r#"{"max_tokens":5,"key":"v","code":7,"usage":{"total_tokens":9}}"#,
            r#"{"max_tokens":5,"key":"v","code":7,"usage":{"total_tokens":9}}"#,
        ),
        (r#"{"usage":{"tokens":{"input_tokens":6}}}"#, r#"{"usage":{"tokens":{"input_tokens":6}}}"#),
        (
            r#"{"arguments":"{\"api_key\":\"abc\",\"n\":1}"}"#,
            r#"{"arguments":"{\"api_key\":\"REDACTED\",\"n\":1}"}"#,
        ),
        (r#"{"token":"abc"#, r#"{"token":"REDACTED""#),
        (r#"{"token":{"a":"b"#, r#"{"token":"REDACTED""#),
        (r#"{"arguments":"{\"api_key\":\"ab"#, r#"{"arguments":"{\"api_key\":\"REDACTED\""#),
        (
            "data: {\"token\":\"abc\"}\n\ndata: {\"a\":1}\n\n",
            "data: {\"token\":\"REDACTED\"}\n\ndata: {\"a\":1}\n\n",
        ),
        (
            "grant_type=password&username=u&password=abc&x=1",
            "grant_type=password&username=u&password=REDACTED&x=1",
        ),
        ("client_secret=abc", "client_secret=REDACTED"),
        (r#"{"url":"https://a/b?token=abc&c=1"}"#, r#"{"url":"https://a/b?token=REDACTED&c=1"}"#),
        (r#"{"url":"https://u:abc@h/"}"#, r#"{"url":"https://REDACTED@h/"}"#),
        ("<a href=\"/x?sig=abc\">", "<a href=\"/x?sig=REDACTED\">"),
        ("plain text, nothing in it", "plain text, nothing in it"),
    ] {
        assert_eq!(redact.text(body), expected);
        assert_eq!(redact.text(expected), expected, "what was redacted before stays");
    }
}

#[test]
fn operators_can_add_and_remove_names() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let redact = Redact {
        headers: names(&["x-pin"]),
        query: names(&["pin", "token_type"]),
        allow: names(&["sig", "x-api-key"]),
        ..Redact::default()
    };
    assert_eq!(
        redact.path("/a?Pin=1&pins=2&sig=3&token=4&tokenType=5"),
        "/a?Pin=REDACTED&pins=2&sig=3&token=REDACTED&tokenType=REDACTED"
    );
    assert_eq!((&*redact.header("X-Pin", "1"), &*redact.header("pin", "1")), (REDACTED, "1"));
    assert_eq!((&*redact.header("x-api-key", "1"), &*redact.header("api-key", "1")), ("1", REDACTED));
    assert_eq!(redact.text(r#"{"pin":"1"}"#), r#"{"pin":"REDACTED"}"#);
    let bare = Redact { defaults: false, query: names(&["pin"]), ..Redact::default() };
    assert_eq!(bare.path("http://u:p@h/?pin=1&token=2"), "http://u:p@h/?pin=REDACTED&token=2");
    assert_eq!((&*bare.header("authorization", "Bearer x"), &*bare.authority("u@h")), ("Bearer x", "u@h"));
}

/// Every separator in a URL, raw and encoded, with names and values in between.
const SEPARATORS: &str = r"([a-z&=%?;#/:@,.+!$'()*\[\]{}|\\~ -]|%3[dDbBfF]|%2[36]|%253D|token|=|&){0,14}";

proptest! {
    #[test]
    fn the_value_of_a_secret_parameter_never_survives(
        before in SEPARATORS,
        separator in "[&?;#]",
        name in "key|token|API_KEY|user\\[password\\]|token\\[\\]|a\\.token|accessToken|client-secret|%74oken",
        after in "([&#][a-z=;?]{0,6})?",
    ) {
        let path = format!("/p?{before}{separator}{name}=s3cr3t{after}");
        let redacted = Redact::default().path(&path).into_owned();
        prop_assert!(!redacted.contains("s3cr3t"), "{} of {}", redacted, path);
    }

    #[test]
    fn the_value_of_a_secret_parameter_in_a_location_never_survives(
        before in "([a-z&=?;#/.+!$*\\[\\]~-]){0,12}",
        separator in "[&?;#]",
        name in "code|id_token|SAMLResponse|x-amz-signature|session",
    ) {
        let value = format!("https://h/{before}{separator}{name}=s3cr3t");
        let redacted = Redact::default().header("location", &value).into_owned();
        prop_assert!(!redacted.contains("s3cr3t"), "{} of {}", redacted, value);
    }

    #[test]
    fn the_value_of_a_secret_member_never_survives_any_cut(
        before in "(\"[a-z]{1,3}\":(\"([a-z]|\\\\n){0,3}\"|[0-9]{1,3}|\\[\\]|\\{\\}),){0,3}",
        name in "token|apiKey|client_secret|x-api-key",
        blank in "[ \n]{0,2}",
        cut in 0_usize..10,
    ) {
        let body = format!("{{{before}\"{name}\"{blank}:{blank}\"s3cr3t-s3cr3t\",\"z\":1}}");
        let cut = body.get(..body.len() - cut).unwrap();
        let redacted = Redact::default().text(cut).into_owned();
        prop_assert!(!redacted.contains("s3cr3t"), "{} of {}", redacted, cut);
    }

    #[test]
    fn any_text_is_accepted_and_text_without_secrets_is_unchanged(text in "\\PC{0,60}", url in SEPARATORS) {
        let redact = Redact::default();
        let _ = (redact.path(&text), redact.text(&text), redact.header("x", &text), redact.authority(&text));
        let _ = (redact.path(&url), redact.text(&url));
        let plain = format!("/items/{}?page=2&q=x&max_tokens=5", url.len());
        prop_assert!(matches!(redact.path(&plain), Cow::Borrowed(same) if same == plain));
    }
}

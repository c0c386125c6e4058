//! Tests of how far bodies are read and how their format is detected. The responses of each provider are tested with the whole
//! filter, in `crate::tests::providers`.

use proptest::prelude::*;

use super::*;

fn read(declared: Option<BodyFormat>, chunks: &[&[u8]]) -> BodyReader {
    let mut reader = BodyReader::new(Side::Response, declared, None);
    for chunk in chunks {
        reader.read(chunk);
    }
    reader
}

#[test]
fn a_request_is_read_until_its_model_or_tool_is_known() {
    for (body, model, tool) in [
        (
            r#"{"messages":[{"content":"{\"model\":\"no\"}"}],"model":"qwen-max","stream":true,"model":"b"}"#,
            Some("qwen-max"),
            None,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":{"name":"x"},"name":"get_weather"}}"#,
            None,
            Some("get_weather"),
        ),
        (
            r#"{"jsonrpc":"2.0","params":{"name":"get_weather"},"method":"tools/call"}"#,
            None,
            Some("get_weather"),
        ),
        (r#"{"a":1}"#, None, None),
        (r#"[1,2]"#, None, None),
    ] {
        for window in [None, Some(10_000)] {
            let mut reader = BodyReader::new(Side::Request, Some(BodyFormat::Json), window);
            reader.read(body.as_bytes());
            assert_eq!(reader.findings().model.as_deref(), model);
            assert_eq!(reader.findings().rpc_name.as_deref(), tool);
            assert_eq!(reader.is_done(), model.is_some() || tool.is_some());
        }
    }
}

#[test]
fn where_a_request_need_not_be_an_ai_call_it_is_read_until_it_also_asks_something() {
    let body = br#"{"model":"m","x":[1],"messages":[]}"#;
    for (window, is_read_on) in [(None, false), (Some(1_000), true)] {
        let mut reader = BodyReader::new(Side::Request, None, window);
        reader.read(&body[..15]);
        assert_eq!(reader.is_done(), !is_read_on);
        reader.read(&body[15..]);
        assert_eq!((reader.is_done(), reader.findings().is_question), (true, is_read_on));
    }
}

#[test]
fn a_body_without_a_sign_of_an_ai_call_is_given_up_at_the_window() {
    let padded = |pad: usize| format!(r#"{{"pad":"{}","usage":{{"total_tokens":1}}}}"#, "x".repeat(pad));
    for (pad, total) in [(10, Some(1)), (2_000, None)] {
        let body = padded(pad) + &" ".repeat(2_000);
        for chunk in [1, 7, 4_096] {
            let mut reader = BodyReader::new(Side::Response, Some(BodyFormat::Json), Some(1_000));
            body.as_bytes().chunks(chunk).for_each(|chunk| reader.read(chunk));
            assert_eq!(reader.findings().usage().total, total);
            assert_eq!(reader.is_done(), total.is_none());
        }
    }
}

#[test]
fn the_first_bytes_determine_the_format_and_the_content_type_only_where_they_do_not() {
    let json = &br#"{"model":"m"}"#[..];
    let event = &b"data: {\"model\":\"m\"}\n\n"[..];
    let late = &b"comment first\ndata: {\"model\":\"m\"}\n\n"[..];
    for (declared, body, model, is_streamed) in [
        (None, json, true, false),
        (Some(BodyFormat::EventStream), json, true, false),
        (Some(BodyFormat::JsonLines), json, true, true),
        (None, event, true, true),
        (Some(BodyFormat::Json), event, true, true),
        (Some(BodyFormat::EventStream), late, true, true),
        (None, late, false, false),
        (None, b"", false, false),
        (Some(BodyFormat::EventStream), b"", false, true),
        (None, &[json, json].concat(), true, true),
    ] {
        let reader = read(declared, &[body]);
        assert_eq!(reader.findings().model.is_some(), model, "{}", String::from_utf8_lossy(body));
        assert_eq!(reader.is_streamed(), is_streamed, "{}", String::from_utf8_lossy(body));
    }
    assert!(read(None, &[late]).is_unknown());
    assert!(!read(None, &[json]).is_unknown());
}

#[test]
fn content_types_declare_the_format() {
    for (content_type, expected) in [
        ("application/json", Some(BodyFormat::Json)),
        ("Application/JSON; charset=utf-8", Some(BodyFormat::Json)),
        ("application/problem+json", Some(BodyFormat::Json)),
        ("text/event-stream;charset=utf-8", Some(BodyFormat::EventStream)),
        ("application/x-ndjson", Some(BodyFormat::JsonLines)),
        ("application/vnd.amazon.eventstream", Some(BodyFormat::AwsEventStream)),
        ("text/html", None),
        ("+json", Some(BodyFormat::Json)),
        ("json", None),
        ("", None),
    ] {
        assert_eq!(declared(content_type.as_bytes()), expected, "{content_type}");
    }
}

/// Any format, or none.
fn any_form() -> impl Strategy<Value = Option<BodyFormat>> {
    prop_oneof![
        Just(None),
        Just(Some(BodyFormat::Json)),
        Just(Some(BodyFormat::EventStream)),
        Just(Some(BodyFormat::JsonLines)),
        Just(Some(BodyFormat::AwsEventStream)),
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_harmless_and_give_the_same_result_in_small_chunks(
        form in any_form(),
        head in "(data: ?|id:|\\{|\\[|\u{feff}|\n| |[a-z]){0,6}",
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        frame in any::<bool>(),
    ) {
        let prelude: &[u8] = if frame { b"\0\0\0\x20\0\0\0\x04\0\0\0\0" } else { b"" };
        let body = [prelude, head.as_bytes(), &bytes].concat();
        let crumbs: Vec<&[u8]> = body.chunks(1).collect();
        let (whole, crumbs) = (read(form, &[&body]), read(form, &crumbs));
        prop_assert_eq!(whole.findings(), crumbs.findings());
        prop_assert_eq!((whole.is_streamed(), whole.is_unknown()), (crumbs.is_streamed(), crumbs.is_unknown()));
    }

    #[test]
    fn a_text_made_of_the_keys_of_answers_never_gives_a_number_that_is_not_in_it(
        text in r#"(\{|\}|\[|\]|,|:|"(usage|response|message|choices|data|delta|prompt_tokens|input_tokens|completion_tokens|output_tokens|content)"|7){0,60}"#,
    ) {
        let usage = read(None, &[b"{", text.as_bytes()]).findings().usage();
        for number in [usage.input, usage.output].into_iter().flatten() {
            prop_assert!(number.to_string().bytes().all(|digit| digit == b'7'), "{}: {}", text, number);
        }
    }
}

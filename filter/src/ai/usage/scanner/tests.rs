//! Tests of the scanner: the reported values, bounds, and texts split at any byte.

use proptest::prelude::*;

use super::*;
use crate::ai::usage::keys::ANSWER;

/// All values reported for a text in chunks, as lines `meaning=value`.
fn values(chunks: &[&[u8]]) -> Vec<String> {
    let (mut scanner, mut values) = (Scanner::new(&ANSWER), Vec::new());
    for chunk in chunks {
        scanner.read(chunk, &mut |found| {
            let value = match found.value {
                Scalar::Text(raw) => unescaped(raw),
                Scalar::Literal(raw) => String::from_utf8_lossy(raw).into_owned(),
                Scalar::Container => "(container)".to_owned(),
            };
            if found.meaning != Meaning::Document {
                values.push(format!("{:?}={value}", found.meaning));
            }
        });
    }
    values
}

#[test]
fn values_whose_paths_are_in_the_table_are_reported() {
    for (text, expected) in [
        (r#"{"model":"m","x":1}"#, vec!["Model=m"]),
        (r#" { "model" : "m" , "usage" : { "prompt_tokens" : 12 } } "#, vec!["Model=m", "Count(Input)=12"]),
        (r#"{"tools":[{"usage":{"prompt_tokens":1}}],"id":"a\"b\u00e9"}"#, vec!["ChatId=a\"bé"]),
        (r#"{"x":{"model":"inner"},"mod\u0065l":"m","usage":null}"#, vec!["Model=m"]),
        (r#"[{"model":"a"},{"model":"b"}]"#, vec!["Model=a", "Model=b"]),
        ("{\"model\":\"a\"}\n{\"model\":\"b\"}", vec!["Model=a", "Model=b"]),
        (r#"{"model":"\\","id":"x"}"#, vec!["Model=\\", "ChatId=x"]),
        (r#"{"x":"\"model\":1 \\","y":["]\"}"],"model":"m"}"#, vec!["Model=m"]),
        (r#"{"usage":{"input_tokens":-1.5e3}}"#, vec!["Count(InputFresh)=-1.5e3"]),
        (r#"{"model":["m"]}"#, vec!["Model=(container)"]),
        (r#"{"choices":[],"model":"m"}"#, vec!["Model=m"]),
        (
            r#"{"choices":[[{"text":"x"}],{"finish_reason":"stop"},7],"model":"m"}"#,
            vec!["FinishReason=stop", "Model=m"],
        ),
        (r#"{"choices":{"finish_reason":"stop"},"model":"m"}"#, vec!["Model=m"]),
        (
            r#"{"response":{"model":"m","usage":{"total_tokens":3}}}"#,
            vec!["GeneratedText=(container)", "Model=m", "Count(Total)=3"],
        ),
        (r#"{"response":"text","text":""}"#, vec!["GeneratedText="]),
        (r#"{"x_groq":{"id":"no","usage":{"total_tokens":3}}}"#, vec!["Sign=(container)", "Count(Total)=3"]),
        ("[DONE]", vec!["Done=true"]),
        ("", vec![]),
        ("{]", vec![]),
        (r#"{"usage":{"total_tokens":1],"model":"m"}"#, vec!["Count(Total)=1"]),
        ("\"model\":\"m\"", vec![]),
    ] {
        assert_eq!(values(&[text.as_bytes()]), expected, "{text}");
    }
}

#[test]
fn nesting_costs_no_memory_and_hides_nothing_after_it() {
    let deep = format!(r#"{{"x":{}{},"model":"m"}}"#, "[{\"a\":".repeat(10_000), "}]".repeat(10_000));
    assert_eq!(values(&[deep.as_bytes()]), ["Model=m"]);
    let known = format!(
        "{}{}",
        r#"{"response":"#.repeat(10_000),
        "1".to_owned() + &"}".repeat(10_000) + r#"{"model":"m"}"#
    );
    assert_eq!(values(&[known.as_bytes()]).len(), MAX_DEPTH + 1);
}

#[test]
fn a_long_text_is_cut_where_it_can_be_read() {
    let text = format!(r#"{{"model":"{}"}}"#, "\\u00e9".repeat(1_000));
    assert_eq!(values(&[text.as_bytes()]), [format!("Model={}", "é".repeat(256))]);
    let text = format!(r#"{{"model":"a{}"}}"#, "\\u00e9".repeat(1_000));
    assert_eq!(values(&[text.as_bytes()]), [format!("Model=a{}", "é".repeat(255))]);
}

#[test]
fn a_number_that_is_too_long_is_not_taken_for_its_beginning() {
    let text = format!(r#"{{"usage":{{"total_tokens":1.{}1}}}}"#, "0".repeat(100));
    let value = values(&[text.as_bytes()]).remove(0);
    assert!(value.len() > "Count(Total)=".len() + MAX_LITERAL, "{value}");
}

proptest! {
    #[test]
    fn any_split_of_any_text_reports_the_same(
        text in r#"(\{"|"\}|"model":|"usage":\{|"prompt_tokens":|"choices":\[|"delta":\{|"content":|[\[\]{},":\\0-9 ]|"m"|\\u00e9|null|,){0,40}"#,
        at in 0_usize..100,
    ) {
        let (one, other) = text.as_bytes().split_at(text.floor_char_boundary(at.min(text.len())));
        let whole = values(&[text.as_bytes()]);
        prop_assert_eq!(values(&[one, other]), &whole[..]);
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        prop_assert_eq!(values(&bytes), whole);
    }

    #[test]
    fn no_bytes_make_the_scanner_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        values(&[&bytes]);
    }
}

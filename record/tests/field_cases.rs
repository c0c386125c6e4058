//! Bodies that other programs push, as users reported them: `testdata/cases`.

use gatelog_record::batch;

#[test]
fn a_byte_order_mark_before_a_batch_costs_nothing() {
    let body = include_bytes!("../testdata/cases/27-ingest-bom.record.json");
    assert!(body.starts_with(b"\xef\xbb\xbf"));
    let read = batch::decode(body, 10).unwrap();
    assert_eq!((read.records.len(), read.rejected.len(), read.values_lost), (1, 0, 0));
    assert_eq!(read.records[0].1.path, "/a");
}

#[test]
fn numbers_that_are_written_as_texts_are_read() {
    let read =
        batch::decode(include_bytes!("../testdata/cases/28-numbers-as-texts.record.json"), 10).unwrap();
    assert_eq!((read.records.len(), read.rejected.len(), read.values_lost), (1, 0, 0));
    let record = &read.records[0].1;
    let numbers = (record.response_code, record.bytes_sent, record.duration, record.total_tokens);
    assert_eq!(numbers, (200, 981, 742, Some(58)));
    assert_eq!(record.upstream_service_time, "740");
}

#[test]
fn a_batch_begins_the_same_in_each_form_with_and_without_a_mark() {
    for body in ["{\"path\":\"/a\"}", "[{\"path\":\"/a\"}]", "{\"path\":\"/a\"}\n{\"path\":\"/a\"}\n"] {
        for before in ["\u{feff}", "\u{feff}\r\n ", "\n\u{feff}", ""] {
            let text = format!("{before}{body}");
            let read = batch::decode(text.as_bytes(), 10).unwrap();
            assert!(read.records.iter().all(|(_, record)| record.path == "/a"), "{text:?}");
            assert_eq!((read.rejected.len(), read.values_lost), (0, 0), "{text:?}");
        }
    }
}

#[test]
fn half_a_surrogate_pair_costs_one_character_of_its_text_and_nothing_of_the_batch() {
    for (text, expected) in [
        (r"a\ud83d", "a\u{fffd}"),
        (r"\ude00a", "\u{fffd}a"),
        (r"\ud83d\ud83d\ude00", "\u{fffd}\u{1f600}"),
        (r"\ud83d\ude00", "\u{1f600}"),
    ] {
        let body = format!(r#"[{{"path":"/a"}},{{"path":"/b","user_agent":"{text}"}}]"#);
        let read = batch::decode(body.as_bytes(), 10).unwrap();
        assert_eq!((read.records.len(), read.rejected.len()), (2, 0), "{text}");
        assert_eq!(read.records[1].1.user_agent, expected);
    }
}

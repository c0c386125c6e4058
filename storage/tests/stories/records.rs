//! What happens to records in a database: stored once, found by every filter, in every order, page by page.

use gatelog_record::{AccessRecord, FIELDS, FieldValue, Timestamp, batch, fields};
use gatelog_storage::insert::Inserted;
use gatelog_storage::{
    Direction, Executor, Filter, Page, Predicate, Query, Sort, StorageError, StoredRecord, insert,
    query::records,
};

const GO_RECORD: &str = include_str!("../../../record/testdata/db_log_pusher.json");

pub async fn a_record_of_the_go_plugin_comes_back_as_it_was(database: &impl Executor) {
    let mut records = records_of(GO_RECORD);
    records[0].record_id = "r1".into();
    insert::insert(database, &records).await.unwrap();

    let stored = records::by_record_id(database, "r1").await.unwrap().unwrap();
    for ((field, value), original) in stored.fields().zip(records[0].values()) {
        assert_eq!(format!("{value:?}"), format!("{original:?}"), "{}", field.name);
    }
    assert!(records::by_record_id(database, "r2").await.unwrap().is_none());
}

pub async fn a_record_id_is_stored_once(database: &impl Executor) {
    let stored = |accepted, duplicates| Inserted { accepted, duplicates };
    let all = numbered(0..10);
    assert_eq!(insert::insert(database, &all).await.unwrap(), stored(10, 0));
    assert_eq!(insert::insert(database, &all).await.unwrap(), stored(0, 10));
    assert_eq!(insert::insert(database, &numbered(5..15)).await.unwrap(), stored(5, 5));
    let twice = [&numbered(20..21)[..], &numbered(20..21)[..]].concat();
    assert_eq!(insert::insert(database, &twice).await.unwrap(), stored(1, 1));
    assert_eq!(insert::insert(database, &[]).await.unwrap(), stored(0, 0));
    assert_eq!(records::count(database, &[]).await.unwrap(), 16);
}

pub async fn a_batch_with_more_values_than_placeholders_is_stored_in_one_statement(database: &impl Executor) {
    let mut records = numbered(0..5_000);
    records[4_321] = AccessRecord { record_id: "go".into(), ..records_of(GO_RECORD).remove(0) };
    let inserted = insert::insert(database, &records).await.unwrap();
    assert_eq!(inserted, Inserted { accepted: 5_000, duplicates: 0 });
    let inserted = insert::insert(database, &records).await.unwrap();
    assert_eq!(inserted, Inserted { accepted: 0, duplicates: 5_000 });

    let stored = records::by_record_id(database, "go").await.unwrap().unwrap();
    for ((field, value), original) in stored.fields().zip(records[4_321].values()) {
        assert_eq!(format!("{value:?}"), format!("{original:?}"), "{}", field.name);
    }
}

pub async fn every_field_is_kept_at_its_limit(database: &impl Executor) {
    let mut record = numbered(0..1).remove(0);
    for field in FIELDS {
        match (field.name, record.member_mut(field.name)) {
            ("record_id", _) => {}
            (_, Some(fields::Member::Text(text))) => {
                let gatelog_record::Kind::Text(max_chars) = field.kind else { unreachable!() };
                *text = "語".repeat(max_chars).into();
            }
            (_, Some(fields::Member::Count(number))) => *number = Some(i64::MAX),
            // The one number whose column is as wide as its values; ingest refuses others.
            ("response_code", Some(fields::Member::Integer(number))) => *number = 999,
            (_, Some(fields::Member::Integer(number))) => *number = i64::MIN,
            _ => {}
        }
    }
    let records = [record];
    insert::insert(database, &records).await.unwrap();
    let stored = records::by_record_id(database, "0").await.unwrap().unwrap();
    for ((field, value), original) in stored.fields().zip(records[0].values()) {
        assert_eq!(format!("{value:?}"), format!("{original:?}"), "{}", field.name);
    }
}

pub async fn filters_choose_records(database: &impl Executor) {
    let at = |second: i64| Some(Timestamp::from_micros(1_770_000_000_000_000 + second * 1_000_000));
    let new = |id: &'static str, second| AccessRecord {
        record_id: id.into(),
        start_time: at(second),
        ..AccessRecord::default()
    };
    let records = [
        AccessRecord {
            model: "a".into(),
            response_code: 200,
            path: "/v1/chat".into(),
            service: "qwen.test".into(),
            downstream_remote_address: "192.0.2.1:40000".into(),
            ..new("1", 1)
        },
        AccessRecord {
            model: "b".into(),
            response_code: 404,
            path: "/50%".into(),
            service: "outbound|80||qwen.test".into(),
            downstream_remote_address: "[::1]:443".into(),
            ..new("2", 2)
        },
        AccessRecord {
            response_code: 503,
            path: "/x_y|z".into(),
            total_tokens: Some(7),
            downstream_remote_address: "192.0.2.1:8".into(),
            ..new("3", 3)
        },
        AccessRecord { model: "it's".into(), response_code: 599, path: "/505".into(), ..new("4", 4) },
    ];
    insert::insert(database, &records).await.unwrap();

    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    for (name, test, expected) in [
        ("start_time", Predicate::NotBefore(at(2).unwrap()), "2 3 4"),
        ("start_time", Predicate::NotAfter(at(2).unwrap()), "1 2"),
        ("model", Predicate::TextIn(texts(&["a"])), "1"),
        ("model", Predicate::TextIn(texts(&["a", "b", "none"])), "1 2"),
        ("model", Predicate::TextIn(texts(&["it's"])), "4"),
        ("model", Predicate::TextNotIn(texts(&["a"])), "2 3 4"),
        ("model", Predicate::TextNotIn(texts(&["a", "b"])), "3 4"),
        ("model", Predicate::Present, "1 2 4"),
        ("model", Predicate::Missing, "3"),
        ("total_tokens", Predicate::Present, "3"),
        ("total_tokens", Predicate::Missing, "1 2 4"),
        ("request_headers", Predicate::Missing, "1 2 3 4"),
        ("model", Predicate::AnyOf(vec![Predicate::TextIn(texts(&["a"])), Predicate::Missing]), "1 3"),
        (
            "total_tokens",
            Predicate::AnyOf(vec![Predicate::NumberIn(vec![(7, 9)]), Predicate::Missing]),
            "1 2 3 4",
        ),
        ("downstream_remote_address", Predicate::HostIn(texts(&["192.0.2.1"])), "1 3"),
        ("downstream_remote_address", Predicate::HostIn(texts(&["::1", "192.0.2.1:8"])), "2"),
        ("downstream_remote_address", Predicate::HostNotIn(texts(&["192.0.2.1"])), "2 4"),
        (
            "downstream_remote_address",
            Predicate::AnyOf(vec![Predicate::HostIn(texts(&["::1"])), Predicate::Missing]),
            "2 4",
        ),
        ("service", Predicate::ServiceIn(texts(&["qwen.test"])), "1 2"),
        ("service", Predicate::ServiceIn(texts(&["outbound|80||qwen.test"])), "1 2"),
        ("service", Predicate::ServiceIn(texts(&["outbound|443||qwen.test", "none"])), "1"),
        ("service", Predicate::ServiceIn(texts(&["qwen_test", "test"])), ""),
        ("service", Predicate::ServiceNotIn(texts(&["qwen.test"])), "3 4"),
        ("service", Predicate::ServiceNotIn(texts(&["outbound|443||qwen.test"])), "2 3 4"),
        ("service", Predicate::ServiceStartsWith("qwen".into()), "1 2"),
        ("service", Predicate::ServiceStartsWith("outbound|80||qwen.t".into()), "1 2"),
        ("service", Predicate::ServiceStartsWith("outbound|8".into()), "2"),
        ("path", Predicate::Contains("50".into()), "2 4"),
        ("path", Predicate::Contains("50%".into()), "2"),
        ("path", Predicate::Contains("x_y|".into()), "3"),
        ("path", Predicate::StartsWith("/v1".into()), "1"),
        ("path", Predicate::StartsWith("v1".into()), ""),
        ("response_code", Predicate::NumberIn(vec![(200, 200), (500, 599)]), "1 3 4"),
        ("response_code", Predicate::NumberIn(vec![(404, 404), (503, 503)]), "2 3"),
        ("response_code", Predicate::NumberNotIn(vec![(500, 599)]), "1 2"),
        ("total_tokens", Predicate::NumberNotIn(vec![(7, 7)]), "1 2 4"),
        ("total_tokens", Predicate::AtLeast(7), "3"),
        ("response_code", Predicate::AtMost(404), "1 2"),
    ] {
        let filters = vec![Filter { field: fields::field(name).unwrap(), predicate: test.clone() }];
        let total = records::count(database, &filters).await.unwrap();
        let found = page(database, filters, "start_time", Direction::Ascending, 0, 10).await;
        assert_eq!(ids(&found), expected, "{name} {test:?}");
        assert_eq!(total as usize, found.len(), "{name} {test:?}");
    }
}

pub async fn pages_by_offset_and_by_cursor_hold_every_record_once_even_at_equal_times(
    database: &impl Executor,
) {
    let mut records = numbered(0..23);
    for record in &mut records {
        record.start_time = Some(Timestamp::from_micros(1_770_000_000_000_000));
    }
    insert::insert(database, &records).await.unwrap();

    for direction in [Direction::Ascending, Direction::Descending] {
        let mut by_offset = Vec::new();
        for offset in (0..30).step_by(5) {
            by_offset.extend(page(database, vec![], "start_time", direction, offset, 5).await);
        }
        let mut by_cursor = page(database, vec![], "start_time", direction, 0, 5).await;
        while let Some(cursor) = by_cursor.last().and_then(|last| last.cursor(direction)) {
            let page = Page::After { cursor, limit: 5 };
            let sort = Sort { by: fields::field("start_time").unwrap(), direction };
            let found = records::page(database, &Query { filters: vec![], sort, page }).await.unwrap();
            if found.is_empty() {
                break;
            }
            by_cursor.extend(found);
        }
        assert_eq!(ids(&by_offset), ids(&by_cursor));
        assert_eq!(by_offset.len(), 23);
    }
}

pub async fn every_field_can_be_sorted_by(database: &impl Executor) {
    insert::insert(database, &numbered(0..3)).await.unwrap();
    for field in FIELDS {
        assert_eq!(page(database, vec![], field.name, Direction::Descending, 0, 10).await.len(), 3);
    }
    let by_duration = page(database, vec![], "duration", Direction::Descending, 0, 10).await;
    assert_eq!(ids(&by_duration), "2 1 0");
}

pub async fn a_failing_statement_is_an_error_that_says_why(database: &impl Executor) {
    let records = [AccessRecord { record_id: "1".into(), ..AccessRecord::default() }];
    let error = insert::insert(database, &records).await.unwrap_err();
    assert!(matches!(error, StorageError::Refused { .. }), "{error}");
    assert!(error.to_string().contains("start_time"), "{error}");
}

async fn page(
    database: &impl Executor,
    filters: Vec<Filter>,
    by: &str,
    direction: Direction,
    offset: u64,
    limit: u32,
) -> Vec<StoredRecord> {
    let sort = Sort { by: fields::field(by).unwrap(), direction };
    let query = Query { filters, sort, page: Page::Offset { offset, limit } };
    records::page(database, &query).await.unwrap()
}

fn records_of(body: &str) -> Vec<AccessRecord<'_>> {
    batch::decode(body.as_bytes(), 10).unwrap().records.into_iter().map(|(_, record)| record).collect()
}

fn numbered(numbers: std::ops::Range<i64>) -> Vec<AccessRecord<'static>> {
    numbers
        .map(|number| AccessRecord {
            record_id: number.to_string().into(),
            start_time: Some(Timestamp::from_micros(1_770_000_000_000_000 + number)),
            duration: number,
            ..AccessRecord::default()
        })
        .collect()
}

fn ids(records: &[StoredRecord]) -> String {
    let ids: Vec<&str> = records
        .iter()
        .map(|record| match record.fields().next() {
            Some((_, FieldValue::Text(id))) => id,
            other => panic!("record_id comes first: {other:?}"),
        })
        .collect();
    ids.join(" ")
}

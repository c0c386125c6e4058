//! What pages hold: the records that a text search finds, the selected fields, no more bytes than fit, each record once.

use gatelog_record::{AccessRecord, FieldValue, Timestamp, batch, fields};
use gatelog_storage::query::distinct::{self, DistinctQuery};
use gatelog_storage::{
    Direction, Executor, Filter, Page, Predicate, Query, Selection, Sort, StoredRecord, Value, insert,
    query::records, schema,
};

/// Text search finds what `ai_log` holds, letters in upper or lower case, and takes wildcards as they are.
pub async fn text_search_finds_what_ai_log_holds(database: &impl Executor) {
    let records = r#"
{"record_id":"1","start_time":"2026-01-31T12:00:00Z","ai_log":{"question":"Where is the Needle?","n":1}}
{"record_id":"2","start_time":"2026-01-31T12:00:01Z","ai_log":{"question":"100%_sure","n":2}}
{"record_id":"3","start_time":"2026-01-31T12:00:02Z","ai_log":{"question":"針はどこ"}}
{"record_id":"4","start_time":"2026-01-31T12:00:03Z","path":"/needle"}
"#;
    let read = batch::decode(records.as_bytes(), 100).unwrap();
    let records: Vec<AccessRecord<'_>> = read.records.into_iter().map(|(_, record)| record).collect();
    store(database, &records).await;
    for (text, expected) in [
        ("needle", "1"),
        ("NEEDLE", "1"),
        ("0%_s", "2"),
        ("%", "2"),
        ("針は", "3"),
        ("question", "3 2 1"),
        ("' OR 1=1 --", ""),
    ] {
        let filters = vec![on("ai_log", Predicate::Contains(text.to_owned()))];
        let found = records::page(database, &newest(filters, 10)).await.unwrap();
        assert_eq!(ids(&found), expected, "{text}");
    }
}

/// The pages of a list of indexed values hold the records of all of them, in the order of time, each once.
pub async fn pages_of_several_values_hold_each_record_once(database: &impl Executor) {
    let models = ["a", "b", "c", ""];
    let records: Vec<AccessRecord<'_>> =
        (0..40).map(|number| AccessRecord { model: models[number % 4].into(), ..record(number) }).collect();
    store(database, &records).await;
    let wanted = || vec![on("model", Predicate::TextIn(["a", "c", "none", "a"].map(str::to_owned).to_vec()))];
    let mut expected: Vec<String> = (0..40).filter(|n| n % 2 == 0).map(|n| format!("{n:02}")).collect();
    for direction in [Direction::Ascending, Direction::Descending] {
        let sort = Sort { by: fields::field("start_time").unwrap(), direction };
        let mut by_cursor = Vec::new();
        let mut page = Page::Offset { offset: 0, limit: 3 };
        loop {
            let found = records::page(database, &Query { filters: wanted(), sort, page }).await.unwrap();
            let Some(cursor) = found.last().and_then(|last| last.cursor(direction)) else { break };
            by_cursor.extend(found);
            page = Page::After { cursor, limit: 3 };
        }
        assert_eq!(ids(&by_cursor), expected.join(" "));
        let page = Page::Offset { offset: 18, limit: 10 };
        let last = records::page(database, &Query { filters: wanted(), sort, page }).await.unwrap();
        assert_eq!(ids(&last), expected[18..].join(" "));
        expected.reverse();
    }
}

/// A page of large records comes in batches that each fit, and together hold every record once.
pub async fn batches_hold_no_more_bytes_than_asked_for(database: &impl Executor) {
    let body = "語".repeat(20_000);
    let records: Vec<AccessRecord<'_>> = (0..30)
        .map(|number| AccessRecord {
            // A few small ones among the large ones.
            response_body: if number % 7 == 0 { "" } else { body.as_str() }.into(),
            ..record(number)
        })
        .collect();
    store(database, &records).await;
    let max_bytes = 300_000;
    for fields in [Selection::all(), Selection::from_fields(vec![field("record_id"), field("response_body")])]
    {
        let (mut seen, mut page) = (Vec::new(), Page::Offset { offset: 0, limit: 30 });
        let mut batches = 0;
        loop {
            let query = Query { page, ..newest(vec![], 0) };
            let batch = records::batch(database, &query, &fields, max_bytes).await.unwrap();
            let bytes: usize = batch.records.iter().map(StoredRecord::text_bytes).sum();
            assert!(bytes <= max_bytes + 60_000 + 30_000, "{bytes}");
            batches += 1;
            let cursor = batch.records.last().unwrap().cursor(Direction::Descending).unwrap();
            seen.extend(batch.records);
            if !batch.is_cut {
                break;
            }
            page = Page::After { cursor, limit: 30 };
        }
        let expected: Vec<String> = (0..30).rev().map(|number| format!("{number:02}")).collect();
        assert_eq!(ids(&seen), expected.join(" "));
        assert!(batches >= 5, "{batches}");
    }
    let small = Selection::from_fields(vec![field("record_id"), field("duration")]);
    let batch = records::batch(database, &newest(vec![], 30), &small, max_bytes).await.unwrap();
    assert_eq!((batch.records.len(), batch.is_cut), (30, false));
}

/// Selected fields come in the order in which they were asked for, and `start_time` only when it was.
pub async fn selected_fields_come_alone_and_in_order(database: &impl Executor) {
    store(database, &[AccessRecord { model: "m".into(), ..record(5) }]).await;
    let fields =
        Selection::from_fields(vec![field("duration"), field("model"), field("duration"), field("trace_id")]);
    let batch = records::batch(database, &newest(vec![], 1), &fields, usize::MAX).await.unwrap();
    let shown: Vec<String> =
        batch.records[0].fields().map(|(field, value)| format!("{} {value:?}", field.name)).collect();
    assert_eq!(shown, ["duration Integer(5)", "model Text(\"m\")", "trace_id Absent"]);
    assert_eq!(batch.records[0].start_time(), record(5).start_time);
    let one = records::one(database, "05", &fields).await.unwrap().unwrap();
    assert_eq!(one.fields().count(), 3);
}

/// A count looks at no more records than it may, and says when there may be more.
pub async fn counts_end_after_as_many_records_as_may_be_looked_at(database: &impl Executor) {
    let records: Vec<AccessRecord<'_>> = (0..40)
        .map(|number| AccessRecord {
            model: if number % 2 == 0 { "even" } else { "odd" }.into(),
            method: if number < 10 { "GET" } else { "POST" }.into(),
            trace_id: if number < 2 { "t" } else { "" }.into(),
            ..record(number)
        })
        .collect();
    store(database, &records).await;
    let texts = |texts: &[&str]| Predicate::TextIn(texts.iter().map(|text| (*text).to_owned()).collect());
    let since = |number| on("start_time", Predicate::NotBefore(record(number).start_time.unwrap()));
    for (filters, max_looked_at, expected, is_lower_bound) in [
        (vec![], 100, 40, false),
        (vec![], 30, 30, true),
        (vec![since(20)], 30, 20, false),
        (vec![on("method", texts(&["GET"]))], 100, 10, false),
        // Among the newest 35 records there are five of the ten.
        (vec![on("method", texts(&["GET"]))], 35, 5, true),
        (vec![on("method", texts(&["GET"])), since(5)], 36, 5, false),
        // Indexes lead to these, so the others are not looked at.
        (vec![on("model", texts(&["even"]))], 21, 20, false),
        (vec![on("model", texts(&["even"])), on("duration", Predicate::AtMost(9))], 21, 5, false),
        (vec![on("trace_id", texts(&["t", "u"]))], 3, 2, false),
        (vec![on("model", texts(&["even", "odd"]))], 30, 30, true),
        (vec![on("model", texts(&["none"]))], 30, 0, false),
    ] {
        let count = records::count_newest(database, &filters, max_looked_at).await.unwrap();
        assert_eq!((count.records, count.is_lower_bound), (expected, is_lower_bound), "{filters:?}");
        assert!(count.records <= records::count(database, &filters).await.unwrap());
    }
}

/// The values of a field come once each, in order, within their prefix, their time and their number.
pub async fn distinct_values_come_once_and_in_order(database: &impl Executor) {
    let records: Vec<AccessRecord<'_>> = (0..30)
        .map(|number| AccessRecord {
            model: ["qwen-max", "gpt-4", "", "qwen-plus"][number % 4].into(),
            response_code: 200 + (number % 3) as i64,
            ..record(number)
        })
        .collect();
    store(database, &records).await;
    let ask = async |name: &str, values: Vec<Filter>, times: Vec<Filter>, limit| {
        let query = DistinctQuery { field: field(name), values, times, limit };
        let found = distinct::values(database, &query).await.unwrap();
        let found: Vec<String> = found
            .iter()
            .map(|value| match value {
                Value::Integer(number) => number.to_string(),
                other => other.as_text().unwrap().to_owned(),
            })
            .collect();
        found.join(" ")
    };
    let filled = || on("model", Predicate::Present);
    assert_eq!(ask("model", vec![filled()], vec![], 100).await, "gpt-4 qwen-max qwen-plus");
    assert_eq!(ask("model", vec![filled()], vec![], 2).await, "gpt-4 qwen-max");
    let prefix = on("model", Predicate::StartsWith("qwen-".to_owned()));
    assert_eq!(ask("model", vec![filled(), prefix], vec![], 100).await, "qwen-max qwen-plus");
    let since = on("start_time", Predicate::NotBefore(record(29).start_time.unwrap()));
    assert_eq!(ask("model", vec![filled()], vec![since], 100).await, "gpt-4");
    let until = on("start_time", Predicate::NotAfter(record(0).start_time.unwrap()));
    assert_eq!(ask("model", vec![filled()], vec![until], 100).await, "qwen-max");
    assert_eq!(ask("response_code", vec![], vec![], 100).await, "200 201 202");
}

async fn store(database: &impl Executor, records: &[AccessRecord<'_>]) {
    schema::ensure(database).await.unwrap();
    assert_eq!(insert::insert(database, records).await.unwrap().accepted, records.len());
}

/// A record with its number as id and duration, that began so many seconds after the others.
fn record(number: usize) -> AccessRecord<'static> {
    let number = number as i64;
    AccessRecord {
        record_id: format!("{number:02}").into(),
        start_time: Some(Timestamp::from_micros(1_769_860_800_000_000 + number * 1_000_000)),
        duration: number,
        ..AccessRecord::default()
    }
}

fn newest(filters: Vec<Filter>, limit: u32) -> Query {
    let sort = Sort { by: field("start_time"), direction: Direction::Descending };
    Query { filters, sort, page: Page::Offset { offset: 0, limit } }
}

fn on(name: &str, test: Predicate) -> Filter {
    Filter { field: field(name), predicate: test }
}

fn field(name: &str) -> &'static gatelog_record::Field {
    fields::field(name).unwrap()
}

fn ids(records: &[StoredRecord]) -> String {
    let id = |record: &StoredRecord| match record.fields().next() {
        Some((_, FieldValue::Text(id))) => id.to_owned(),
        _ => String::new(),
    };
    records.iter().map(id).collect::<Vec<_>>().join(" ")
}

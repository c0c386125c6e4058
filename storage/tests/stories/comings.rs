//! Records as they come, and the sessions that they belong to.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use gatelog_record::{AccessRecord, FieldValue, Timestamp};
use gatelog_storage::aggregate::Scope;
use gatelog_storage::aggregate::sessions::{self, Session, SessionCursor};
use gatelog_storage::aggregate::tail::{self, LATEST_COMMIT, Look, LookLimits, TailCursor};
use gatelog_storage::{Executor, Filter, Predicate, Selection, StoredRecord, insert};

use super::aggregates::{Dice, filter, is_error, records, scopes, stored};

const LIMITS: LookLimits = LookLimits { records: 10, bytes: 1_000_000 };

fn id_of(record: &StoredRecord) -> String {
    let id = record.fields().find(|(field, _)| field.name == "record_id").unwrap().1;
    let FieldValue::Text(id) = id else { panic!("a record without an id") };
    id.to_owned()
}

/// A look when no key can be missing any longer that was missing at the last one, as on the nodes of a cluster, each of
/// which gives out every third key.
async fn look(database: &impl Executor, filters: &[Filter], place: TailCursor, limits: LookLimits) -> Look {
    let begin = 1_769_860_800_000_000;
    let grace = i64::try_from(LATEST_COMMIT.as_micros()).unwrap();
    let now = Timestamp::from_micros(place.seen.map_or(begin, |(_, at)| at.as_micros() + grace));
    tail::look(database, filters, &Selection::all(), place, limits, now).await.unwrap()
}

/// Whoever follows the newest records gets each once, in the order in which they were stored, whatever their times.
pub async fn records_come_once_in_the_order_in_which_they_were_stored(database: &impl Executor) {
    let begin = tail::newest(database).await.unwrap();
    assert_eq!(begin, TailCursor { id: 0, seen: None });
    let records = records(&mut Dice::new(), 200);
    let qwen = [filter("model", Predicate::TextIn(vec!["qwen".to_owned()]))];
    let (mut all, mut chosen) = ((begin, Vec::new()), (begin, Vec::new()));
    for batch in records.chunks(35) {
        insert::insert(database, batch).await.unwrap();
        for (filters, (place, found)) in [(&[][..], &mut all), (&qwen[..], &mut chosen)] {
            loop {
                let look = look(database, filters, *place, LIMITS).await;
                assert!(look.records.len() <= 10);
                found.extend(look.records.iter().map(id_of));
                *place = look.next;
                if !look.has_more && look.next.seen.is_none() {
                    break;
                }
            }
        }
        let again = look(database, &[], all.0, LIMITS).await;
        assert!(again.records.is_empty() && again.next == all.0 && !again.has_more);
    }
    let ids = |test: fn(&AccessRecord<'_>) -> bool| {
        records
            .iter()
            .filter(|record| test(record))
            .map(|record| record.record_id.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(all.1, ids(|_| true));
    assert_eq!(chosen.1, ids(|record| record.model == "qwen"));
    assert_eq!(tail::newest(database).await.unwrap().id, all.0.id);
}

/// Large records come a few at a time.
pub async fn a_look_holds_no_more_bytes_than_asked_for(database: &impl Executor) {
    let body = "語".repeat(20_000);
    let records: Vec<AccessRecord<'_>> = records(&mut Dice::new(), 9)
        .into_iter()
        .map(|record| AccessRecord { response_body: body.as_str().into(), ..record })
        .collect();
    insert::insert(database, &records).await.unwrap();
    let (mut place, mut sizes) = (TailCursor { id: 0, seen: None }, Vec::new());
    loop {
        let look = look(database, &[], place, LookLimits { records: 10, bytes: 200_000 }).await;
        if look.records.is_empty() && look.next.seen.is_none() {
            break;
        }
        sizes.extend((!look.records.is_empty()).then_some(look.records.len()));
        place = look.next;
    }
    assert!(sizes.iter().sum::<usize>() == 9 && sizes.iter().all(|size| (1..=3).contains(size)), "{sizes:?}");
    let (mut place, mut count) = (TailCursor { id: 0, seen: None }, 0);
    while count < 9 {
        let look = look(database, &[], place, LookLimits { records: 10, bytes: 1 }).await;
        let is_waiting = look.next.seen.is_some();
        assert!(look.records.len() == 1 || is_waiting, "a record comes also if it is larger than asked for");
        (place, count) = (look.next, count + look.records.len());
    }
}

/// A place behind all records, as after the table was emptied, is brought back to where records come.
pub async fn a_place_behind_a_table_that_counts_anew_begins_anew(database: &impl Executor) {
    let far = TailCursor { id: 1_000_000, seen: None };
    assert_eq!(look(database, &[], far, LIMITS).await.next.id, 0);
    insert::insert(database, &records(&mut Dice::new(), 3)).await.unwrap();
    let moved = look(database, &[], far, LIMITS).await;
    assert_eq!((moved.records.len(), moved.next.id), (0, 0));
    let (mut place, mut count) = (moved.next, 0);
    while count < 3 {
        let look = look(database, &[], place, LIMITS).await;
        assert!(!look.records.is_empty() || look.next.seen.is_some());
        (place, count) = (look.next, count + look.records.len());
    }
}

fn session_of(record: &AccessRecord<'_>) -> Option<String> {
    [&record.session_id, &record.chat_id].into_iter().find(|id| !id.is_empty()).map(|id| id.to_string())
}

fn expected(id: &str, calls: &[&AccessRecord<'_>]) -> Session {
    let sum = |of: fn(&AccessRecord<'_>) -> Option<i64>| {
        calls.iter().filter_map(|call| of(call)).reduce(|sum, value| sum + value)
    };
    let begins: Vec<Timestamp> = calls.iter().map(|call| call.start_time.unwrap()).collect();
    let millis = |time: &Timestamp| time.as_micros() / 1_000;
    let end = calls.iter().map(|call| millis(&call.start_time.unwrap()) + call.duration).max().unwrap();
    let mut models: BTreeMap<&str, usize> = BTreeMap::new();
    for call in calls.iter().filter(|call| !call.model.is_empty()) {
        *models.entry(&call.model).or_default() += 1;
    }
    let mut models: Vec<_> = models.into_iter().collect();
    models.sort_by_key(|(model, count)| (Reverse(*count), *model));
    Session {
        id: id.to_owned(),
        calls: i64::try_from(calls.len()).unwrap(),
        errors: i64::try_from(calls.iter().filter(|call| is_error(call)).count()).unwrap(),
        total_tokens: sum(|call| call.total_tokens),
        cost_nano: sum(|call| call.cost_nano),
        models: models.into_iter().map(|(model, _)| model.to_owned()).collect(),
        first_seen: *begins.iter().min().unwrap(),
        last_seen: *begins.iter().max().unwrap(),
        duration_ms: end - millis(begins.iter().min().unwrap()),
    }
}

pub async fn sessions_are_listed_by_their_last_call_and_paged(database: &impl Executor) {
    let records = stored(database).await;
    for (scope, test) in scopes() {
        let mut calls: BTreeMap<String, Vec<&AccessRecord<'_>>> = BTreeMap::new();
        for record in records.iter().filter(|record| test(record)) {
            if let Some(id) = session_of(record) {
                calls.entry(id).or_default().push(record);
            }
        }
        let mut all: Vec<Session> = calls.iter().map(|(id, calls)| expected(id, calls)).collect();
        all.sort_by_key(|session| Reverse((session.last_seen, session.id.clone())));
        let mut found = Vec::new();
        let mut after: Option<SessionCursor> = None;
        loop {
            let page = sessions::list(database, &scope, after.as_ref(), 2).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(SessionCursor { last_seen: last.last_seen, id: last.id.clone() });
            found.extend(page);
        }
        assert_eq!(found, all, "{scope:?}");

        let one = sessions::only(&scope, "s2");
        let found = sessions::list(database, &one, None, 2).await.unwrap();
        assert_eq!(found, all.into_iter().filter(|session| session.id == "s2").collect::<Vec<_>>());
        its_calls_come_in_order(database, &one, calls.get("s2").cloned().unwrap_or_default()).await;
    }
}

async fn its_calls_come_in_order(database: &impl Executor, scope: &Scope, mut calls: Vec<&AccessRecord<'_>>) {
    let found = sessions::calls(database, scope, &Selection::all(), 50, 10_000_000).await.unwrap();
    calls.sort_by_key(|call| call.start_time);
    let expected: Vec<_> = calls.iter().map(|call| call.record_id.to_string()).take(50).collect();
    // Only unpriced calls are no condition on the list of records.
    if !scope.only_unpriced {
        assert_eq!(found.records.iter().map(id_of).collect::<Vec<_>>(), expected);
    }
}

//! Counters that instances share, reports of filters, turns that one instance takes, and deleting what is old.

use gatelog_record::{AccessRecord, Timestamp};
use gatelog_storage::filter_reports::{self, FilterReport, FilterTotals};
use gatelog_storage::{
    Executor, counters, insert, lease, open_filter_reports, query::records, retention, schema,
};

/// What several instances add is summed.
pub async fn counts_of_all_instances_are_summed(database: &impl Executor) {
    schema::ensure(database).await.unwrap();
    let counts = |pairs: &[(&str, i64)]| -> Vec<(String, i64)> {
        pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    };
    counters::add(database, &counts(&[])).await.unwrap();
    counters::add(database, &counts(&[("a", 1), ("b{code=\"200\"}", 2)])).await.unwrap();
    counters::add(database, &counts(&[("a", 10), ("c", 1 << 40)])).await.unwrap();
    let mut read = counters::read(database).await.unwrap();
    read.sort();
    assert_eq!(read, counts(&[("a", 11), ("b{code=\"200\"}", 2), ("c", 1 << 40)]));
    counters::add(database, &counts(&[("b", 1), ("b{model=\"\u{901a}\"}", 3), ("b_c{}", 4)])).await.unwrap();
    let mut read = counters::read_of(database, "b").await.unwrap();
    read.sort();
    assert_eq!(read, counts(&[("b{code=\"200\"}", 2), ("b{model=\"\u{901a}\"}", 3)]));
}

/// Sums over filters never go down: not when reports overtake each other, nor when VMs end and are forgotten.
pub async fn reports_of_filters_are_summed_and_sums_never_go_down(database: &impl Executor) {
    schema::ensure(database).await.unwrap();
    let report = |vm: &str, seen_ms, queue_entries, dropped, retries| FilterReport {
        vm: vm.to_owned(),
        seen_ms,
        queue_entries,
        dropped,
        retries,
    };
    let totals =
        |live, queue_entries, dropped, retries| FilterTotals { live, queue_entries, dropped, retries };
    assert_eq!(filter_reports::totals(database, 0).await.unwrap(), totals(0, 0, 0, 0));
    filter_reports::report(database, &[report("old", 10, 5, 100, 7), report("new", 100, 3, 1, 0)])
        .await
        .unwrap();
    // The earlier of two reports comes late.
    filter_reports::report(database, &[report("new", 120, 4, 2, 1)]).await.unwrap();
    filter_reports::report(database, &[report("new", 110, 9, 1, 1)]).await.unwrap();
    assert_eq!(filter_reports::totals(database, 0).await.unwrap(), totals(2, 9, 102, 8));
    assert_eq!(filter_reports::totals(database, 50).await.unwrap(), totals(1, 4, 102, 8));
    for _ in 0..2 {
        filter_reports::fold_gone(database, 50).await.unwrap();
        assert_eq!(filter_reports::totals(database, 50).await.unwrap(), totals(1, 4, 102, 8));
        // Only the live one and the row without a name are left.
        assert_eq!(filter_reports::totals(database, 0).await.unwrap().live, 2);
    }
    // A VM that was forgotten counts on.
    filter_reports::report(database, &[report("old", 130, 0, 1, 0)]).await.unwrap();
    filter_reports::fold_gone(database, 125).await.unwrap();
    assert_eq!(filter_reports::totals(database, 125).await.unwrap(), totals(1, 0, 103, 8));
}

/// A filter can report any number, and a counter grow to any: sums end at some very large number instead of failing.
pub async fn counts_and_reports_of_any_size_are_summed(database: &impl Executor) {
    schema::ensure(database).await.unwrap();
    let report = |vm: &str| FilterReport {
        vm: vm.to_owned(),
        seen_ms: 10,
        queue_entries: i64::MAX,
        dropped: i64::MAX,
        retries: i64::MAX,
    };
    filter_reports::report(database, &[report("a"), report("b")]).await.unwrap();
    let totals = filter_reports::totals(database, 0).await.unwrap();
    assert_eq!((totals.live, totals.dropped, totals.queue_entries), (2, i64::MAX, i64::MAX));
    for _ in 0..2 {
        filter_reports::fold_gone(database, 20).await.unwrap();
        filter_reports::report(database, &[report("c")]).await.unwrap();
    }
    filter_reports::fold_gone(database, 20).await.unwrap();
    assert!(filter_reports::totals(database, 0).await.unwrap().dropped > i64::MAX / 4);
    for _ in 0..3 {
        counters::add(database, &[("large".to_owned(), i64::MAX)]).await.unwrap();
    }
    let (_, value) =
        counters::read(database).await.unwrap().into_iter().find(|(name, _)| name == "large").unwrap();
    assert_eq!(value, i64::MAX - 1);
}

/// A turn is for one, and comes again when its time has passed.
pub async fn a_turn_is_taken_by_one_and_comes_again(database: &impl Executor) {
    schema::ensure(database).await.unwrap();
    let take = async |now_ms| lease::try_acquire(database, "task", now_ms, 100).await.unwrap();
    assert!(!take(1_000).await, "the first look makes the row");
    assert!(take(1_000).await);
    assert!(!take(1_000).await);
    assert!(!take(1_099).await);
    assert!(take(1_100).await);
    // By a clock that is an hour ahead.
    assert!(take(3_600_000).await);
    assert!(take(1_200).await, "its turn holds nobody up");
    assert!(!take(1_200).await);
    assert!(!take(1_101).await, "a clock that is a little behind waits");
}

/// Names that anybody may report are bounded in number, count from their second report on, and fade.
pub async fn reports_of_anybody_are_bounded_and_fade(database: &impl Executor) {
    schema::ensure(database).await.unwrap();
    let report = |vm: String, seen_ms| FilterReport {
        vm,
        seen_ms,
        queue_entries: i64::from(u32::MAX),
        dropped: i64::from(u32::MAX),
        retries: i64::from(u32::MAX),
    };
    let most = open_filter_reports::MAX_COUNT;
    open_filter_reports::report(database, &[]).await.unwrap();
    for seen_ms in [1, 2] {
        open_filter_reports::report(database, &[report("real".to_owned(), seen_ms)]).await.unwrap();
        let totals = filter_reports::totals(database, 0).await.unwrap();
        let claimed = if seen_ms == 1 { 0 } else { most };
        assert_eq!((totals.live, totals.dropped, totals.retries), (1, claimed, claimed));
        assert_eq!(totals.queue_entries, most);
    }
    for flush in 0..6 {
        let reports: Vec<_> =
            (0..200).map(|number| report(format!("{flush}-{number}"), 10 + flush * 200 + number)).collect();
        open_filter_reports::report(database, &reports).await.unwrap();
    }
    let totals = filter_reports::totals(database, 0).await.unwrap();
    assert_eq!((totals.live, totals.dropped), (1_000, 0), "the newest are kept");
    filter_reports::forget_idle(database, 1_000).await.unwrap();
    assert_eq!(filter_reports::totals(database, 0).await.unwrap().live, 210);
    open_filter_reports::report(database, &[report("5-199".to_owned(), 2_000)]).await.unwrap();
    filter_reports::forget_idle(database, 2_000).await.unwrap();
    let totals = filter_reports::totals(database, 0).await.unwrap();
    assert_eq!((totals.live, totals.dropped), (1, most), "who counted something is kept for longer");
    open_filter_reports::forget_gone(database, 2_001).await.unwrap();
    assert_eq!(filter_reports::totals(database, 0).await.unwrap(), FilterTotals::default());
}

/// The oldest go first, no more than asked for, and what is young enough stays.
pub async fn old_records_are_deleted_a_few_at_a_time(database: &impl Executor) {
    schema::ensure(database).await.unwrap();
    let second = |number: i64| Timestamp::from_micros(1_769_860_800_000_000 + number * 1_000_000);
    let records: Vec<AccessRecord<'_>> = (0..10)
        .map(|number| AccessRecord {
            record_id: format!("{number}").into(),
            start_time: Some(second(number)),
            ..AccessRecord::default()
        })
        .collect();
    insert::insert(database, &records).await.unwrap();
    assert_eq!(retention::delete_older(database, second(7), 4).await.unwrap(), 4);
    assert!(records::by_record_id(database, "3").await.unwrap().is_none());
    assert!(records::by_record_id(database, "4").await.unwrap().is_some());
    assert_eq!(retention::delete_older(database, second(7), 4).await.unwrap(), 3);
    assert_eq!(retention::delete_older(database, second(7), 4).await.unwrap(), 0);
    assert_eq!(records::count(database, &[]).await.unwrap(), 3);
}

//! Tests of clocks that are set, and of a machine that sleeps.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::{
    COALESCING, acknowledge_all, acknowledge_oldest, assert_fate, filter, get, metric, paths, records, serve,
};

const HOUR_NS: u64 = 3_600_000_000_000;

#[test]
fn a_jump_of_the_time_of_day_neither_hastens_nor_delays_a_push() {
    for jump in [i64::MAX / 4, 3_600_000_000_000, -3_600_000_000_000, i64::MIN / 8] {
        let mut vm = filter(json!({}));
        serve(&mut vm, "/", 2);
        vm.set_wall_ns(vm.wall_ns().saturating_add_signed(jump));
        vm.advance(COALESCING - Duration::from_millis(200)).unwrap();
        assert_eq!(vm.callouts().count(), 0, "{jump}: the first record has not waited long enough");
        vm.advance(Duration::from_millis(300)).unwrap();
        assert_eq!(vm.callouts().count(), 1, "{jump}");
        // A retry also uses the monotonic clock.
        let id = vm.oldest_callout().unwrap().id;
        vm.fail(id).unwrap();
        vm.set_wall_ns(vm.wall_ns().saturating_add_signed(-jump));
        vm.advance(Duration::from_millis(300)).unwrap();
        assert_eq!(paths(&acknowledge_oldest(&mut vm)), ["/0", "/1"], "{jump}");
        vm.advance(COALESCING).unwrap();
        assert_fate(&vm, 2, 2, &[]);
    }
}

#[test]
fn records_show_the_time_of_day_and_their_ids_grow_even_when_it_goes_back() {
    let mut vm = filter(json!({}));
    let start = vm.wall_ns();
    for (number, wall_ns) in [start, start + HOUR_NS, start - HOUR_NS, start].into_iter().enumerate() {
        vm.set_wall_ns(wall_ns);
        vm.run(&get(&format!("/{number}"))).unwrap();
    }
    vm.advance(COALESCING).unwrap();
    let pushes = acknowledge_all(&mut vm);
    let all: Vec<Value> = pushes.iter().flat_map(records).collect();
    let times: Vec<_> = all.iter().map(|record| record["start_time"].as_str().unwrap()).collect();
    let hours: Vec<_> = times.iter().map(|time| time.get(..13).unwrap()).collect();
    // The VM starts at midnight, and an exchange of 3 ms began before midnight.
    assert_eq!(hours, ["2025-12-31T23", "2026-01-01T00", "2025-12-31T22", "2025-12-31T23"]);
    let ids: Vec<_> = all.iter().map(|record| record["record_id"].as_str().unwrap()).collect();
    assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]), "{ids:?}");
}

#[test]
fn a_jump_of_the_time_of_day_during_an_exchange_does_not_change_its_duration() {
    let mut vm = filter(json!({}));
    let plugin = vm.plugin().unwrap();
    let exchange = get("/jump");
    let stream = vm.open(plugin);
    vm.set_attributes(stream, &exchange).unwrap();
    let request = [(":method", "GET"), (":path", "/jump"), (":authority", "a.example")];
    vm.request_headers(stream, request.into(), true).unwrap();
    vm.set_wall_ns(vm.wall_ns() + 24 * HOUR_NS);
    vm.response_headers(stream, [(":status", "200")].into(), true).unwrap();
    vm.set_wall_ns(0);
    vm.finish(stream).unwrap();
    vm.advance(COALESCING).unwrap();
    let record = &records(&acknowledge_oldest(&mut vm))[0];
    assert_eq!((&record["duration"], &record["path"]), (&json!(3), &json!("/jump")));
    assert!(record["time_to_headers"].as_i64().is_none_or(|millis| (0..=3).contains(&millis)), "{record}");
}

#[test]
fn a_machine_that_sleeps_beyond_the_retry_time_counts_every_lost_record() {
    let mut vm = filter(json!({"queue": {"max_batch_size": 2}}));
    serve(&mut vm, "/under-way/", 2);
    vm.advance(COALESCING).unwrap();
    serve(&mut vm, "/waiting/", 1);
    vm.sleep(Duration::from_secs(3_600));
    // The gateway times out the call; by then, the batch has failed for longer than the retry time.
    vm.advance(COALESCING).unwrap();
    assert_eq!(paths(&acknowledge_oldest(&mut vm)), ["/waiting/0"]);
    vm.advance(COALESCING).unwrap();
    assert_fate(&vm, 3, 1, &[("retry_time", 2)]);
    assert_eq!(metric(&vm, "in_flight"), 0);
    // Everything works as before.
    serve(&mut vm, "/after/", 1);
    vm.advance(COALESCING).unwrap();
    assert_eq!(paths(&acknowledge_oldest(&mut vm)), ["/after/0"]);
}

//! The same seed, clock and traffic give the same bytes, so that a failure can be reproduced.

use std::time::Duration;

use gatelog_harness::Callout;

use super::support::{acknowledge_oldest, filter_with_seed, serve};

/// Everything that the filter sends in a run in which one push fails.
fn run(seed: u64) -> Vec<Callout> {
    let mut vm = filter_with_seed(seed);
    serve(&mut vm, "/", 30);
    vm.advance(Duration::from_secs(1)).unwrap();
    let id = vm.oldest_callout().unwrap().id;
    let mut calls = vec![vm.fail(id).unwrap()];
    serve(&mut vm, "/more/", 30);
    for _ in 0..20 {
        vm.advance(Duration::from_millis(100)).unwrap();
        while vm.oldest_callout().is_some() {
            calls.push(acknowledge_oldest(&mut vm));
        }
    }
    calls
}

#[test]
fn the_same_seed_gives_the_same_bytes_at_the_same_times() {
    let (first, second) = (run(1), run(1));
    assert!(first.len() >= 3, "{} pushes", first.len());
    assert_eq!(first, second);
}

#[test]
fn another_seed_gives_other_record_ids_for_the_same_requests() {
    let (first, second) = (run(1), run(2));
    assert_ne!(first[0].body, second[0].body);
    assert_eq!(first[0].body.len(), second[0].body.len());
}

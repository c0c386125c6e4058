//! Tests of callouts, ticks and the clock.

use std::time::Duration;

use gatelog_harness::{Exchange, Refusal, Reply};

use super::{answers, echo, lines};

const CALL: &str = "call up 100 :method=POST,:path=/p,:authority=a,x-a=1 some body";

#[test]
fn a_callout_is_recorded_as_the_guest_made_it_and_answered_by_the_test() {
    let mut vm =
        echo(&format!("configure: {CALL}\ncallout: header 6 :status\ncallout: buffer 4 0 9\ncallout: map 7"));
    let call = vm.callouts().next().unwrap().clone();
    assert_eq!((call.cluster.as_str(), call.body.as_slice()), ("up", &b"some body"[..]));
    assert_eq!(call.headers.text("x-a").as_deref(), Some("1"));
    assert_eq!((call.timeout, call.sent_at_ns), (Some(Duration::from_millis(100)), vm.now_ns()));
    let mut reply = Reply::status(202).with_body("done");
    reply.trailers = Some([("t", "v")].into());
    assert_eq!(vm.respond(call.id, reply).unwrap(), call);
    assert_eq!(answers(&vm), ["0 4", "0 202", "0 done", "0 t=v"]);
    assert!(lines(&vm).contains(&"callout 4: 1 headers, 4 bytes, 1 trailers"));
    assert!(vm.respond(call.id, Reply::status(200)).is_err());
}

#[test]
fn a_broken_callout_brings_no_header() {
    let mut vm = echo(&format!("configure: {CALL}\ncallout: header 6 :status\ncallout: map 6"));
    let call = vm.callouts().next().unwrap().id;
    vm.fail(call).unwrap();
    assert!(lines(&vm).contains(&"callout 4: 0 headers, 0 bytes, 0 trailers"));
    assert_eq!(answers(&vm), ["0 4", "2", "0"]);
}

#[test]
fn a_callout_that_takes_too_long_is_answered_by_the_gateway() {
    let mut vm = echo(&format!("configure: {CALL}\ncallout: header 6 :status\ncallout: time"));
    let start_ns = vm.now_ns();
    vm.advance(Duration::from_millis(99)).unwrap();
    assert_eq!(vm.callouts().count(), 1);
    vm.advance(Duration::from_millis(2)).unwrap();
    assert_eq!(vm.callouts().count(), 0);
    assert_eq!(answers(&vm), ["0 4", "0 504", &format!("0 {}", start_ns + 100_000_000)]);
}

#[test]
fn a_callout_without_time_out_waits_forever() {
    let mut vm = echo("configure: call up 0 :method=GET,:path=/,:authority=a");
    vm.advance(Duration::from_secs(1_000_000)).unwrap();
    assert_eq!(vm.callouts().next().unwrap().timeout, None);
}

#[test]
fn a_refused_callout_leaves_nothing_behind() {
    let mut vm = echo(&format!("tick: {CALL}\nconfigure: tick 10"));
    vm.refuse_next_callout(Refusal::InternalFailure);
    vm.refuse_next_callout(Refusal::BadArgument);
    vm.advance(Duration::from_millis(30)).unwrap();
    assert_eq!(answers(&vm), ["0", "10", "2", "0 8"]);
    assert_eq!(vm.callouts().count(), 1);
}

#[test]
fn a_callout_of_a_stream_is_answered_on_the_root_context() {
    let mut vm = echo(&format!("request_headers: {CALL}\ncallout: property request.path"));
    let plugin = vm.plugin().unwrap();
    let stream = vm.open(plugin);
    vm.request_headers(stream, [(":path", "/x")].into(), true).unwrap();
    let call = vm.callouts().next().unwrap().clone();
    assert_ne!(call.context, call.root_context);
    vm.respond(call.id, Reply::status(200)).unwrap();
    assert!(lines(&vm).contains(&"callout 4: 1 headers, 0 bytes, 0 trailers"));
    assert_eq!(answers(&vm), ["0 4", "1"], "the stream's attributes cannot be read there");
    vm.finish(stream).unwrap();
}

#[test]
fn ticks_come_when_they_are_due_and_show_their_time() {
    let mut vm = echo("configure: tick 100\ntick: time\ntick: clock 0\ntick: clock 1");
    let start_ns = vm.now_ns();
    vm.advance(Duration::from_millis(250)).unwrap();
    let at = |ms: u64| format!("0 {}", start_ns + ms * 1_000_000);
    let expected = [at(100), at(100), at(100), at(200), at(200), at(200)];
    assert_eq!(answers(&vm)[1..], expected.each_ref().map(String::as_str));
    assert_eq!(vm.now_ns(), start_ns + 250_000_000);
}

#[test]
fn a_tick_period_can_be_changed_and_stopped_while_it_ticks() {
    let mut vm = echo("configure: tick 100\ntick: tick 0");
    vm.advance(Duration::from_secs(10)).unwrap();
    assert_eq!(answers(&vm), ["0", "0"]);
}

#[test]
fn a_time_out_due_with_a_tick_fires_first() {
    let mut vm = echo(&format!("configure: {CALL}\nconfigure: tick 100\ntick: time\ncallout: time"));
    vm.advance(Duration::from_millis(100)).unwrap();
    let callbacks: Vec<_> = lines(&vm).iter().filter_map(|line| Some(line.split_once(':')?.0)).collect();
    assert_eq!(callbacks, ["configure", "configure", "callout 4", "callout", "tick"]);
}

#[test]
fn an_answer_can_start_the_next_callout() {
    let mut vm = echo(&format!("configure: {CALL}\ncallout: {CALL}"));
    for id in [4, 8, 12] {
        assert_eq!(vm.callouts().map(|call| call.id).collect::<Vec<_>>(), [id]);
        vm.respond(id, Reply::status(200)).unwrap();
    }
    vm.run(&Exchange::new()).unwrap();
}

#[test]
fn a_lost_callout_is_never_answered() {
    let mut vm = echo(&format!("configure: {CALL}\ncallout: time"));
    vm.lose(4).unwrap();
    vm.advance(Duration::from_secs(1_000)).unwrap();
    assert_eq!(answers(&vm), ["0 4"]);
    assert!(vm.lose(4).is_err());
    let plugin = vm.plugin().unwrap();
    vm.respond_unasked(plugin, 4, Reply::status(200)).unwrap();
    assert_eq!(answers(&vm).len(), 2);
}

#[test]
fn the_time_of_day_can_be_set_without_a_change_of_the_other_clock() {
    let mut vm = echo("configure: tick 100\ntick: time\ntick: clock 0\ntick: clock 1");
    let start_ns = vm.now_ns();
    vm.set_wall_ns(1_000);
    vm.advance(Duration::from_millis(100)).unwrap();
    let (day, clock) = (format!("0 {}", 100_001_000), format!("0 {}", start_ns + 100_000_000));
    assert_eq!(answers(&vm)[1..], [&day, &day, &clock]);
    assert_eq!((vm.wall_ns(), vm.now_ns()), (100_001_000, start_ns + 100_000_000));
}

#[test]
fn ticks_that_were_due_while_the_machine_slept_come_late_and_once() {
    let mut vm = echo("configure: tick 100\ntick: clock 1");
    let start_ns = vm.now_ns();
    vm.sleep(Duration::from_secs(60));
    vm.advance(Duration::from_millis(50)).unwrap();
    assert_eq!(answers(&vm)[1..], [format!("0 {}", start_ns + 60_000_000_000)]);
}

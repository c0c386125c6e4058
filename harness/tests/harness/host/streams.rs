//! Tests of streams: the order of callbacks, what can be read in each, and the guest's requests.

use gatelog_harness::{Action, Callback, Exchange, Headers};

use super::{answers, echo, lines};

fn get() -> Exchange {
    Exchange::new()
        .request([(":method", "GET"), (":path", "/"), (":authority", "a")])
        .response([(":status", "200")])
}

#[test]
fn an_exchange_runs_its_callbacks_in_order() {
    let mut vm = echo("log: map 0");
    let exchange = get()
        .request_body(["a", "b"])
        .request_trailers([("t", "1")])
        .response_body(["c"])
        .response_trailers([("u", "2")]);
    let finished = vm.run(&exchange).unwrap();
    let callbacks: Vec<_> = finished.steps.iter().map(|step| step.callback).collect();
    assert_eq!(
        callbacks,
        [
            Callback::ContextCreate,
            Callback::RequestHeaders,
            Callback::RequestBody,
            Callback::RequestBody,
            Callback::RequestTrailers,
            Callback::ResponseHeaders,
            Callback::ResponseBody,
            Callback::ResponseTrailers,
            Callback::Log,
            Callback::Done,
            Callback::Delete,
        ]
    );
    assert!(!finished.paused());
}

#[test]
fn the_last_step_of_a_message_is_marked_as_its_end() {
    let script = "";
    for (exchange, expected) in [
        (get(), ["request_headers 3 true", "response_headers 1 true"]),
        (get().request_body(["a"]), ["request_headers 3 false", "request_body 1 true"]),
        (
            get().response_body(["a"]).response_trailers([("t", "1")]),
            ["response_body 1 false", "response_trailers 1"],
        ),
    ] {
        let module = &super::ECHO;
        let level = gatelog_harness::Level::Trace;
        let mut vm = gatelog_harness::Vm::builder(module)
            .plugin_configuration(script)
            .log_level(level)
            .start()
            .unwrap();
        vm.run(&exchange).unwrap();
        for line in expected {
            assert!(lines(&vm).contains(&line), "{line} in {}", vm.logs());
        }
    }
}

#[test]
fn a_stream_that_the_plugin_never_saw_is_created_to_be_logged() {
    let mut vm = echo("log: map 0\nlog: header 0 :path\nlog: map 2\nlog: property response.code");
    let finished = vm.run(&Exchange::new()).unwrap();
    let callbacks: Vec<_> = finished.steps.iter().map(|step| step.callback).collect();
    assert_eq!(callbacks, [Callback::ContextCreate, Callback::Log, Callback::Done, Callback::Delete]);
    assert_eq!(answers(&vm), ["0", "1", "0", "1"]);
}

#[test]
fn attributes_that_are_final_at_the_end_are_read_only_in_the_log() {
    let mut vm = echo(
        "response_headers: property response.flags\nlog: property response.flags\nlog: property request.duration\n\
         log: property upstream.address\nlog: property connection.mtls\nresponse_headers: property request.duration",
    );
    let exchange = get()
        .attribute("request.duration", std::time::Duration::from_nanos(1))
        .attribute("upstream.address", "10.0.0.1:80")
        .attribute("connection.mtls", true)
        .log_attribute("response.flags", 1_i64 << 29)
        .log_attribute("request.duration", std::time::Duration::from_nanos(258));
    vm.run(&exchange).unwrap();
    assert_eq!(
        answers(&vm),
        [
            "1",
            "0 0x0100000000000000",
            "0 0x0000002000000000",
            "0 0x0201000000000000",
            "0 10.0.0.1:80",
            "0 0x01"
        ]
    );
}

#[test]
fn values_that_are_not_text_pass_unchanged() {
    let mut vm = echo("request_headers: header 0 x-raw\nrequest_headers: property request.path");
    let headers = Headers::new().with(":path", b"/\xff\x00").with("x-raw", b"\x80");
    vm.run(&Exchange::new().request(headers)).unwrap();
    assert_eq!(answers(&vm), ["0 0x80", "0 0x2fff00"]);
}

#[test]
fn streams_can_be_interleaved() {
    let mut vm = echo("log: property request.path");
    let plugin = vm.plugin().unwrap();
    let (one, two) = (vm.open(plugin), vm.open(plugin));
    assert_eq!(vm.request_headers(one, Headers::from([(":path", "/1")]), true).unwrap(), Action::Continue);
    vm.request_headers(two, Headers::from([(":path", "/2")]), true).unwrap();
    vm.finish(one).unwrap();
    vm.finish(two).unwrap();
    assert_eq!(answers(&vm), ["0 /1", "0 /2"]);
    assert!(vm.finish(one).is_err());
}

#[test]
fn a_pause_is_recorded_and_delays_nothing() {
    let mut vm = echo("request_body: pause\nrequest_body: buffer 0 0 100");
    let finished = vm.run(&get().request_body(["ab", "cd"])).unwrap();
    assert!(finished.paused());
    assert_eq!(answers(&vm), ["0 ab", "0 cd"]);
}

#[test]
fn host_calls_are_counted_by_step_and_by_function() {
    let mut vm = echo("log: header 0 :path\nlog: header 0 :method\nlog: time");
    let before = vm.host_calls().clone();
    let finished = vm.run(&get()).unwrap();
    let made = vm.host_calls().since(&before);
    assert_eq!(made.of("proxy_get_header_map_value"), 2);
    assert_eq!(made.of("proxy_get_current_time_nanoseconds"), 1);
    let log = finished.steps.iter().find(|step| step.callback == Callback::Log).unwrap();
    // Three operations, and one log line for each.
    assert_eq!(log.host_calls, 6);
    assert_eq!(finished.steps.iter().map(|step| step.host_calls).sum::<u64>(), made.total());
}

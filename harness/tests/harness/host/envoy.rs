//! Compares the host with Envoy: the same script and the same traffic give the same results.

use gatelog_harness::{Exchange, Reply, Vm};

use super::{ECHO, lines};

const SCRIPT: &str = include_str!("../../../testdata/envoy-1.40/script.txt");
const ANSWERS: &str = include_str!("../../../testdata/envoy-1.40/answers.txt");

#[test]
fn the_host_answers_as_envoy_does() {
    let mut vm = Vm::builder(&ECHO)
        .plugin_configuration(SCRIPT)
        .vm_configuration("vm_start: time")
        .plugin_name("plug")
        .root_id("rid")
        .vm_id("vid")
        .clusters(["up", "dead"])
        .unhealthy_clusters(["dead"])
        .start()
        .unwrap();
    let call = vm.callouts().next().unwrap().id;
    let six_headers = Reply::status(200)
        .with_header("server", "s")
        .with_header("date", "d")
        .with_header("x-resp", "r1")
        .with_header("content-length", "10")
        .with_header("x-envoy-upstream-service-time", "1");
    vm.respond(call, six_headers.with_body("body:hello")).unwrap();

    let posted = Exchange::new()
        .request([
            (":authority", "h.example"),
            (":path", "/trailers?q=1&r"),
            (":method", "POST"),
            (":scheme", "http"),
            ("x-multi", "1"),
            ("x-multi", "2"),
            ("x-empty", ""),
            ("x-single", "1"),
            ("referer", "ref"),
            ("x-forwarded-proto", "http"),
        ])
        .request_body(["hello"])
        .request_trailers([("x-rt", "v")])
        .response([(":status", "200"), ("x-resp", "r1")])
        .response_body(["abc"])
        .response_trailers([("x-t", "1")]);
    vm.run(&posted).unwrap();
    let refused = Exchange::new()
        .request([(":path", "/"), (":method", "GET"), ("connection", "close")])
        .response([(":status", "400")])
        .unseen();
    vm.run(&refused).unwrap();

    let mut answers = Vec::new();
    for line in lines(&vm) {
        if !line.starts_with("vm_start") && !answers.contains(&line) {
            answers.push(line);
        }
    }
    for (ours, envoys) in answers.iter().zip(ANSWERS.lines()) {
        assert_eq!(*ours, envoys);
    }
    assert_eq!(answers.len(), ANSWERS.lines().count());
}

//! Tests of a plugin as a whole: its start, its end, its failures, and its state between streams.

use std::time::Duration;

use gatelog_harness::{Callback, Error, Exchange, HOST_FUNCTIONS, Headers, Level, Metric, Module, Reply, Vm};

use super::{ECHO, answers, echo, lines};

#[test]
fn the_vm_and_the_plugin_each_read_their_configuration() {
    let vm = Vm::builder(&ECHO)
        .vm_configuration("vm_start: buffer 6 0 9\nvm_start: buffer 7 0 9")
        .plugin_configuration("configure: buffer 7 0 12")
        .start()
        .unwrap();
    assert_eq!(answers(&vm), ["0 vm_start:", "1", "0 configure: b"]);
}

#[test]
fn a_refused_configuration_is_an_error_that_shows_the_log() {
    let refused =
        Vm::builder(&ECHO).plugin_configuration("configure: log 4 no key\nconfigure: refuse").start();
    let error = refused.unwrap_err();
    assert!(matches!(&error, Error::Refused { callback: Callback::Configure, .. }));
    assert!(error.to_string().contains("[Error] no key"), "{error}");
    let refused = Vm::builder(&ECHO).vm_configuration("vm_start: refuse").start();
    assert!(matches!(refused.unwrap_err(), Error::Refused { callback: Callback::VmStart, .. }));
}

#[test]
fn a_panic_is_an_error_that_shows_its_message_and_ends_the_vm() {
    let mut vm = echo("log: panic out of tea");
    let error = vm.run(&Exchange::new()).unwrap_err();
    assert!(matches!(&error, Error::Trap { callback: Callback::Log, .. }));
    assert!(error.to_string().contains("out of tea"), "{error}");
    let after = vm.run(&Exchange::new()).unwrap_err();
    assert!(matches!(after, Error::Failed { callback: Callback::Log }));
}

#[test]
fn shutdown_waits_for_a_plugin_that_is_not_done() {
    let mut vm = echo(
        "configure: tick 10\nroot_done: foreign f\nroot_done: keep\n\
         tick: call up 50 :method=GET,:path=/,:authority=a\ncallout: done",
    );
    assert!(!vm.shutdown().unwrap());
    assert!(!vm.shutdown().unwrap(), "it is asked once only");
    vm.advance(Duration::from_millis(10)).unwrap();
    let call = vm.callouts().next().unwrap().id;
    vm.respond(call, Reply::status(200)).unwrap();
    assert!(vm.is_shut_down());
    assert!(vm.plugin().is_err());
    // Its ticks and time-outs are gone too.
    vm.advance(Duration::from_secs(1)).unwrap();
    assert_eq!(answers(&vm), ["0", "1", "0 4", "0"]);
}

#[test]
fn shutdown_of_a_plugin_that_is_done_deletes_it() {
    let mut vm = echo("root_done: time");
    assert!(vm.shutdown().unwrap());
}

#[test]
fn two_plugins_of_a_vm_tick_and_end_on_their_own() {
    let mut vm = echo("configure: tick 30\ntick: property plugin_root_id");
    let second = vm.start_plugin("second", "configure: tick 20\ntick: property plugin_root_id").unwrap();
    vm.advance(Duration::from_millis(60)).unwrap();
    assert_eq!(answers(&vm), ["0", "0", "0 second", "0", "0 second", "0", "0 second"]);
    let stream = vm.open(second);
    vm.finish(stream).unwrap();
}

#[test]
fn metrics_are_found_by_name() {
    let vm = echo(
        "configure: define 0 c\nconfigure: define 1 g\nconfigure: define 2 h\nconfigure: define 0 c\n\
         configure: increment 4 2\nconfigure: increment 8 3\nconfigure: record 5 9\nconfigure: increment 5 -4\n\
         configure: record 6 1\nconfigure: record 6 7",
    );
    assert_eq!(vm.metric("c"), Some(&Metric::Counter(5)));
    assert_eq!(vm.metric("g"), Some(&Metric::Gauge(5)));
    assert_eq!(vm.metric("h"), Some(&Metric::Histogram(vec![1, 7])));
    assert_eq!(vm.metric("other"), None);
    assert!(answers(&vm)[4..].iter().all(|status| *status == "0"), "{}", vm.logs());
}

#[test]
fn the_same_seed_gives_the_same_random_bytes() {
    let bytes = |seed| {
        let vm = Vm::builder(&ECHO)
            .plugin_configuration("configure: random 12")
            .random_seed(seed)
            .start()
            .unwrap();
        answers(&vm)[0].to_owned()
    };
    assert_eq!(bytes(1), bytes(1));
    assert_ne!(bytes(1), bytes(2));
}

#[test]
fn lines_below_the_log_level_are_dropped() {
    let mut vm = Vm::builder(&ECHO)
        .plugin_configuration("configure: log 2 quiet\nconfigure: log 3 loud")
        .log_level(Level::Warn)
        .start()
        .unwrap();
    assert_eq!(lines(&vm), ["loud"]);
    assert_eq!(vm.take_logs().at_least(Level::Warn).count(), 1);
    assert!(vm.logs().lines().is_empty());
}

#[test]
fn attributes_of_the_gateway_are_read_in_every_context() {
    let mut vm = Vm::builder(&ECHO)
        .plugin_configuration("configure: property xds.node\nlog: property xds.node")
        .attribute("xds.node", "node bytes")
        .start()
        .unwrap();
    vm.run(&Exchange::new()).unwrap();
    assert_eq!(answers(&vm), ["0 node bytes", "0 node bytes"]);
}

#[test]
fn a_module_that_imports_more_than_envoy_offers_is_refused_by_name() {
    // (module (import "env" "proxy_more" (func)))
    let bytes = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x12\x01\x03env\x0aproxy_more\0\0";
    let error = Module::compile("more", bytes).unwrap_err();
    assert_eq!(error.to_string(), "more imports what the gateway does not offer: env.proxy_more");
}

#[test]
fn an_export_of_the_wrong_type_is_refused_by_name() {
    // (module (memory (export "memory") 1) (func (export "proxy_abi_version_0_2_1"))
    //   (func (export "malloc") (param i32) (result i32) i32.const 8) (func (export "proxy_on_log")))
    let bytes =
        b"\0asm\x01\0\0\0\x01\x09\x02\x60\0\0\x60\x01\x7f\x01\x7f\x03\x04\x03\0\x01\0\x05\x03\x01\0\x01\
        \x07\x3c\x04\x06memory\x02\0\x17proxy_abi_version_0_2_1\0\0\x06malloc\0\x01\x0cproxy_on_log\0\x02\
        \x0a\x0c\x03\x02\0\x0b\x04\0\x41\x08\x0b\x02\0\x0b";
    let module = Module::compile("odd", bytes).unwrap();
    let error = Vm::builder(&module).start().unwrap_err();
    assert_eq!(error.to_string(), "odd exports a proxy_on_log of the wrong type; see ABI 0.2.1");
}

#[test]
fn a_missing_file_says_how_to_build_it() {
    let error = Module::load("none.wasm").unwrap_err().to_string();
    assert!(error.contains("none.wasm") && error.contains("cargo xtask build"), "{error}");
    let error = gatelog_artifacts::artifact("gatelog_none").unwrap_err().to_string();
    assert!(error.contains("gatelog_none.wasm") && error.contains("cargo xtask build"), "{error}");
}

#[test]
fn the_table_names_each_function_once_and_documents_it() {
    let mut names: Vec<_> = HOST_FUNCTIONS.iter().map(|function| function.name).collect();
    assert!(HOST_FUNCTIONS.iter().all(|function| !function.doc.is_empty()));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), HOST_FUNCTIONS.len());
}

#[test]
fn the_guests_memory_has_a_size() {
    let vm = echo("");
    assert!(vm.memory_bytes() >= 64 * 1024);
}

#[test]
fn a_plugin_can_be_configured_again_and_keeps_its_context() {
    let mut vm = echo("configure: tick 10\ntick: property plugin_root_id");
    let plugin = vm.plugin().unwrap();
    vm.configure_again(plugin, "configure: buffer 7 0 9\ntick: time").unwrap();
    assert_eq!(answers(&vm)[1], "0 configure");
    let refused = vm.configure_again(plugin, "configure: refuse").unwrap_err();
    assert!(matches!(refused, Error::Refused { callback: Callback::Configure, .. }));
    assert_eq!(vm.plugin().unwrap(), plugin);
}

#[test]
fn a_function_that_the_host_leaves_out_says_so() {
    let vm = echo("configure: grpc");
    assert_eq!(answers(&vm), ["12"]);
    assert_eq!(vm.host_calls().of("other functions"), 1);
}

#[test]
fn memory_beyond_the_limit_is_not_granted() {
    let mut vm = echo("request_headers: header 0 x-large");
    vm.limit_memory(vm.memory_bytes());
    let large = Headers::new().with("x-large", vec![b'x'; 8 << 20]);
    let error = vm.run(&Exchange::new().request(large)).unwrap_err();
    // The guest allocates like most programs, and aborts when it cannot.
    assert!(matches!(error, Error::Trap { callback: Callback::RequestHeaders, .. }), "{error}");
}

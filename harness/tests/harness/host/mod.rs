//! Tests of the proxy-wasm host with a guest that logs the host's results.

mod callouts;
mod envoy;
mod plugin;
mod streams;

use std::sync::LazyLock;

use gatelog_artifacts::artifact;
use gatelog_harness::{Module, Vm};

/// The guest, compiled once for all tests.
static ECHO: LazyLock<Module> =
    LazyLock::new(|| Module::load(artifact("gatelog_echo_filter").unwrap()).unwrap());

/// A VM whose plugin runs this script.
fn echo(script: &str) -> Vm {
    Vm::builder(&ECHO).plugin_configuration(script).start().unwrap()
}

/// The guest's log, line by line.
fn lines(vm: &Vm) -> Vec<&str> {
    vm.logs().lines().iter().map(|line| line.text.as_str()).collect()
}

/// The text after the equals sign in the guest's lines.
fn answers(vm: &Vm) -> Vec<&str> {
    lines(vm)
        .into_iter()
        .filter_map(|line| line.split_once(" = "))
        .map(|(_, answer)| answer.trim_end())
        .collect()
}

//! Tests of what the sandbox denies.

use serde_json::json;

use super::support::{failure, log_of, record, sink, sink_with, value};

/// What Kong's documentation lists as removed, and related functions.
const REMOVED: [&str; 43] = [
    "string.rep",
    "string.dump",
    "string.gfind",
    "getmetatable",
    "setmetatable",
    "collectgarbage",
    "gcinfo",
    "newproxy",
    "load",
    "loadstring",
    "loadfile",
    "dofile",
    "require",
    "module",
    "package",
    "rawget",
    "rawset",
    "rawequal",
    "rawlen",
    "getfenv",
    "setfenv",
    "math.randomseed",
    "os.date",
    "os.execute",
    "os.exit",
    "os.getenv",
    "os.remove",
    "os.rename",
    "os.setlocale",
    "os.tmpname",
    "io",
    "debug",
    "coroutine",
    "jit",
    "utf8",
    "bit32",
    "kong.request.get_raw_body",
    "kong.log.write",
    "kong.log.inspect",
    "kong.response.exit",
    "kong.service.set_upstream",
    "kong.db",
    "kong.configuration",
];

#[test]
fn removed_functions_are_absent() {
    for name in REMOVED {
        assert_eq!(value(&format!("return type({name})")), json!("nil"), "{name}");
        let through_own_table = format!("return type(_G.{name})");
        assert_eq!(value(&through_own_table), json!("nil"), "{name}");
    }
    for call in ["io.open('/etc/passwd')", "require('os')", "debug.getinfo(1)", "load('return 1')()"] {
        assert!(failure(&format!("return {call}")).contains("nil value"), "{call}");
    }
}

#[test]
fn removed_functions_cannot_be_reached_through_string_methods() {
    for call in ["('x'):rep(10)", "('x'):dump()", "('').rep('x', 10)"] {
        assert!(failure(&format!("return {call}")).contains("nil value"), "{call}");
    }
}

#[test]
fn libraries_and_the_kong_table_are_read_only() {
    for (write, name) in [
        ("string.find = nil", "string"),
        ("string.rep = function() end", "string"),
        ("table.insert = nil", "table"),
        ("math.pi = 3", "math"),
        ("os.execute = 1", "os"),
        ("bit.band = 1", "bit"),
        ("kong.request = {}", "kong"),
        ("kong.new = 1", "kong"),
        ("kong.request.get_method = function() return 'X' end", "kong.request"),
        ("kong.service.response.x = 1", "kong.service.response"),
        ("kong.ctx.shared.x = 1", "kong.ctx.shared"),
        ("kong.log.serialize = nil", "kong.log"),
        ("kong.log.info = nil", "kong.log"),
    ] {
        assert!(failure(write).contains(&format!("{name} is read-only")), "{write}: {}", failure(write));
    }
    for write in [
        "table.insert(string, 'x')",
        "table.insert(kong.request, 1, 'x')",
        "table.remove(math)",
        "table.sort(kong)",
        "table.insert(kong.request.get_headers(), 'x')",
    ] {
        assert!(failure(write).contains("read-only"), "{write}: {}", failure(write));
    }
}

#[test]
fn ngx_is_absent_and_says_so() {
    for usage in ["return ngx.var.host", "ngx.say('x')", "ngx.ctx.a = 1", "ngx.x = 1", "return ngx.null"] {
        let reason = failure(usage);
        assert!(reason.contains("ngx.") && reason.contains("is not available: only kong.* is"), "{reason}");
    }
}

#[test]
fn no_script_or_record_sees_what_an_earlier_script_left_behind() {
    let sink = sink(&[
        ("a", "counter = (counter or 0) + 1; string_find = string.find; return counter"),
        ("b", "return counter == nil and string_find == nil"),
        (
            "c",
            "local h = kong.request.get_headers(); h['x-tag'] = 'changed'; return kong.request.get_header('x-tag')",
        ),
        ("d", "local l = kong.log.serialize(); l.client_ip = 'changed'; return kong.client.get_ip()"),
        ("e", "_G.string = nil; string = nil; return ('x'):len()"),
    ]);
    for _ in 0..3 {
        let log = log_of(&sink, &record()).log;
        assert_eq!(
            [&log["a"], &log["b"], &log["c"], &log["d"], &log["e"]],
            [&json!(1), &json!(true), &json!("a"), &json!("203.0.113.5"), &json!(1)]
        );
    }
}

#[test]
fn bytecode_is_refused() {
    let error = sink_with(&[("a", "\u{1b}LuaQ\0\u{1}\u{4}")], &[]).unwrap_err();
    assert!(error.contains("bytecode"), "{error}");
}

//! The `kong` table, and the libraries that the host provides.

use gatelog_syslog::notes::LineLevel;
use serde_json::{Value, json};

use super::support::{log_of, record, sink, value};

#[test]
fn the_request_is_read_as_in_kong() {
    for (script, expected) in [
        ("return kong.request.get_scheme()", json!("http")),
        ("return kong.request.get_host()", json!("shop.example.com")),
        ("return kong.request.get_port()", json!(443)),
        ("return kong.request.get_http_version()", json!(2)),
        ("return kong.request.get_method()", json!("GET")),
        ("return kong.request.get_path()", json!("/orders/7")),
        ("return kong.request.get_raw_path()", json!("/orders/7")),
        ("return kong.request.get_path_with_query()", json!("/orders/7?debug&size=10&size=20")),
        ("return kong.request.get_raw_query()", json!("debug&size=10&size=20")),
        ("return kong.request.get_query()", json!({"debug": true, "size": ["10", "20"]})),
        ("return kong.request.get_query_arg('size')", json!("10")),
        ("return kong.request.get_query_arg('debug')", json!(true)),
        ("return kong.request.get_query_arg('none') == nil", json!(true)),
        ("return kong.request.get_header('User-Agent')", json!("curl/8")),
        ("return kong.request.get_header('X_Tag')", json!("a")),
        ("return kong.request.get_header('authorization')", json!("REDACTED")),
        ("return kong.request.get_header('nope') == nil", json!(true)),
        ("return kong.request.get_headers()['x-tag']", json!(["a", "b"])),
        ("return kong.request.get_headers().X_Tag", json!(["a", "b"])),
        ("return kong.request.get_headers(10).Accept", json!("*/*")),
        ("return kong.request.get_start_time()", json!(1_769_860_800_000_i64)),
        ("return kong.request.get_forwarded_scheme()", json!("https")),
        ("return kong.request.get_forwarded_host()", json!("shop.example.com")),
        ("return kong.request.get_forwarded_port()", json!(443)),
        ("return kong.request.get_forwarded_path()", json!("/orders/7")),
        ("return kong.request.get_forwarded_prefix() == nil", json!(true)),
    ] {
        assert_eq!(value(script), expected, "{script}");
    }
}

#[test]
fn the_response_the_client_and_the_route_are_read_as_in_kong() {
    for (script, expected) in [
        ("return kong.response.get_status()", json!(200)),
        ("return kong.response.get_header('content-type')", json!("text/plain")),
        ("return kong.response.get_headers()", json!({"content-type": "text/plain"})),
        ("return kong.response.get_source()", json!("service")),
        ("return kong.service.response.get_status()", json!(200)),
        ("return kong.service.response.get_header('Content-Type')", json!("text/plain")),
        ("return kong.service.response.get_headers().content_type", json!("text/plain")),
        ("return kong.client.get_ip()", json!("203.0.113.5")),
        ("return kong.client.get_forwarded_ip()", json!("203.0.113.5")),
        ("return kong.client.get_port()", json!(51_000)),
        ("return kong.client.get_protocol()", json!("http")),
        ("return kong.client.get_consumer().username", json!("portaladmin")),
        ("return kong.client.get_credential() == nil", json!(true)),
        ("return kong.router.get_route().name", json!("orders")),
        ("return kong.router.get_service()", json!({"name": "orders.dns", "host": "orders.dns", "port": 80})),
        ("return kong.log.serialize().latencies.proxy", json!(20)),
        ("return kong.node.get_id()", json!("gateway-1")),
        ("return kong.ctx.shared.anything == nil", json!(true)),
    ] {
        assert_eq!(value(script), expected, "{script}");
    }
}

#[test]
fn a_response_of_the_gateway_has_no_service_response() {
    let mut record = record();
    record.response_code = 503;
    record.response_code_details = "upstream_reset_before_response_started".into();
    let sink = sink(&[
        ("source", "return kong.response.get_source()"),
        ("status", "return kong.service.response.get_status() == nil"),
        ("headers", "return kong.service.response.get_headers() == nil"),
    ]);
    let log = log_of(&sink, &record).log;
    assert_eq!(
        (&log["source"], &log["status"], &log["headers"]),
        (&json!("error"), &json!(true), &json!(true))
    );
    record.upstream_host = "".into();
    assert_eq!(log_of(&sink, &record).log["source"], "exit");
}

#[test]
fn time_is_the_time_of_ingestion_in_utc() {
    for (script, expected) in [
        ("return os.time()", json!(1_769_860_900)),
        ("return os.clock()", json!(1_769_860_900.5)),
        ("return os.difftime(os.time(), 1769860800)", json!(100)),
        ("return os.time({year=2026, month=1, day=31, hour=12, min=0, sec=1})", json!(1_769_860_801)),
        ("return os.time({year=2025, month=13, day=31})", json!(1_769_860_800)),
    ] {
        assert_eq!(value(script), expected, "{script}");
    }
}

#[test]
fn bit_operations_match_luajit() {
    for (script, expected) in [
        ("return bit.band(0x12345678, 0xff)", json!(0x78)),
        ("return bit.bor(1, 2, 4)", json!(7)),
        ("return bit.bxor(0xa5a5f0f0, 0xaa55ff00)", json!(0x0ff0_0ff0)),
        ("return bit.bnot(0)", json!(-1)),
        ("return bit.lshift(1, 31)", json!(i32::MIN)),
        ("return bit.rshift(-256, 8)", json!(0x00ff_ffff)),
        ("return bit.arshift(-256, 8)", json!(-1)),
        ("return bit.rol(0x12345678, 12)", json!(0x4567_8123)),
        ("return bit.ror(0x12345678, 12)", json!(0x6781_2345)),
        ("return bit.bswap(0x12345678)", json!(0x7856_3412)),
        ("return bit.tobit(0xffffffff)", json!(-1)),
        ("return bit.tohex(0xdeadbeef)", json!("deadbeef")),
        ("return bit.tohex(255, -4)", json!("00FF")),
    ] {
        assert_eq!(value(script), expected, "{script}");
    }
}

#[test]
fn the_libraries_of_lua_5_1_work_as_they_should() {
    for (script, expected) in [
        ("return ('a,b,,c'):gsub(',', ';')", json!("a;b;;c")),
        ("return (string.gsub('hello', 'l+', string.upper))", json!("heLLo")),
        ("return (string.gsub('$x-$y', '%$(%w)', {x = 'X', y = false}))", json!("X-$y")),
        ("return (string.gsub('abc', '%w', '%0%0', 2))", json!("aabbc")),
        ("return (string.gsub(112, 1, 3))", json!("332")),
        (
            "local t = {} for k, v in string.gmatch('a=1,b=2', '(%w)=(%w)') do t[k] = v end return t",
            json!({"a":"1","b":"2"}),
        ),
        ("return {string.find('key=value', '(%w+)=(%w+)')}", json!([1, 9, "key", "value"])),
        ("return {string.find('a.b', '.', 2, true)}", json!([2, 2])),
        ("return string.match('v1.22.3', '%d+%.(%d+)')", json!("22")),
        ("return string.format('%05.1f|%-4s|%q|%x', 3.14159, 'ab', 'q', 255)", json!("003.1|ab  |\"q\"|ff")),
        ("return {string.byte('abc', 1, -1)}", json!([97, 98, 99])),
        ("return string.byte('abc')", json!(97)),
        (
            "return string.char(72, 105) .. #'xyz' .. ('Q'):lower() .. string.reverse('ba') .. ('abc'):sub(2)",
            json!("Hi3qabbc"),
        ),
        ("local t = {3, 1, 2} table.sort(t) return t", json!([1, 2, 3])),
        ("local t = {3, 1, 2} table.sort(t, function(a, b) return a > b end) return t", json!([3, 2, 1])),
        (
            "local t = {1, 3} table.insert(t, 2, 2) table.insert(t, 4) return {table.remove(t, 1), unpack(t)}",
            json!([1, 2, 3, 4]),
        ),
        ("return table.concat({1, 'b', 2.5}, ', ')", json!("1, b, 2.5")),
        ("return table.concat({'a', 'b', 'c'}, '-', 2, 3)", json!("b-c")),
        ("return table.maxn({1, 2, [7] = 1}) + table.getn({1, 2})", json!(9)),
        ("local n = 0 table.foreach({a = 1, b = 2}, function(k, v) n = n + v end) return n", json!(3)),
        ("return {select('#', nil, nil), (select(2, 'a', 'b'))}", json!([2, "b"])),
        ("return {tonumber('ff', 16), tonumber('x') == nil, tonumber('1e2')}", json!([255, true, 100])),
        ("return {pcall(error, 'e')}", json!([false, "e"])),
        ("return {pcall(function(a, b) return a + b end, 1, 2)}", json!([true, 3])),
        (
            "return {xpcall(function() error('x', 0) end, function(e) return e .. '!' end)}",
            json!([false, "x!"]),
        ),
        (
            "return {math.floor(3.7), math.max(1, 5, 2), math.fmod(7, 3), math.random() < 1}",
            json!([3, 5, 1, true]),
        ),
        ("return tostring(1e15) .. tostring(0.1) .. tostring(nil)", json!("1e+150.1nil")),
        ("x = 1; return _G.x + x", json!(2)),
        ("print('nothing'); return _VERSION", json!("Lua 5.1")),
        (
            "local function sum(...) local n = 0 for _, v in ipairs({...}) do n = n + v end return n end return sum(1, 2, 3)",
            json!(6),
        ),
    ] {
        assert_eq!(value(script), expected, "{script}");
    }
}

#[test]
fn random_numbers_differ_from_one_sink_to_the_next() {
    let draw = || log_of(&sink(&[("r", "return math.random(1, 1e9)")]), &record()).log["r"].clone();
    let drawn: Vec<Value> = (0..4).map(|_| draw()).collect();
    assert!(drawn.iter().any(|number| *number != drawn[0]), "{drawn:?}");
}

/// What a script wrote to the log, as level and text without the script's place.
fn lines(script: &str) -> Vec<(LineLevel, String)> {
    let sink = sink(&[("result", script)]);
    assert_eq!(log_of(&sink, &record()).warnings, [""; 0], "{script}");
    let (lines, left_out) = sink.notes.take_lines();
    assert_eq!(left_out, 0, "{script}");
    let place = r#" in [0].config.custom_fields_by_lua["result"] (entry for all requests): "#;
    lines.into_iter().map(|line| (line.level, line.text.replace(place, "|"))).collect()
}

#[test]
fn scripts_write_to_the_functions_log_at_every_level_of_kong() {
    for (name, level) in [
        ("emerg", LineLevel::Error),
        ("alert", LineLevel::Error),
        ("crit", LineLevel::Error),
        ("err", LineLevel::Error),
        ("warn", LineLevel::Warn),
        ("notice", LineLevel::Info),
        ("info", LineLevel::Info),
        ("debug", LineLevel::Info),
    ] {
        let script = format!(
            "kong.log.{name}('status ', kong.response.get_status(), ' ', nil, ' ', true, 1.5) return 1"
        );
        assert_eq!(lines(&script), [(level, format!("kong.log.{name}|status 200 nil true1.5"))], "{name}");
    }
    for script in ["kong.log('a', 'b')", "print('a', 'b')", "kong.log.notice('ab')"] {
        assert_eq!(lines(script), [(LineLevel::Info, "kong.log.notice|ab".to_owned())], "{script}");
    }
    assert_eq!(lines("kong.log.err()"), [(LineLevel::Error, "kong.log.err|".to_owned())]);
    assert_eq!(lines("return kong.log.err == nil"), []);
}

#[test]
fn what_a_script_wrote_before_it_failed_is_kept() {
    let sink = sink(&[("a", "kong.log.warn('before') error('x')"), ("b", "kong.log.info('other') return 1")]);
    let outcome = log_of(&sink, &record());
    assert_eq!((outcome.warnings.len(), &outcome.log["b"]), (1, &json!(1)));
    let texts: Vec<String> = sink.notes.take_lines().0.into_iter().map(|line| line.text).collect();
    assert_eq!(
        texts,
        [
            r#"kong.log.warn in [0].config.custom_fields_by_lua["a"] (entry for all requests): before"#,
            r#"kong.log.info in [0].config.custom_fields_by_lua["b"] (entry for all requests): other"#,
        ]
    );
}

//! Scripts that use too much are stopped soon, and the next record is unaffected.

use std::time::{Duration, Instant};

use gatelog_record::AccessRecord;
use serde_json::json;

use super::support::{log_of, record, sink, sink_with};

/// Far above what any bounded script takes on a busy machine without optimisation; without bounds, scripts take
/// minutes or the whole memory.
const SOON: Duration = Duration::from_secs(10);

/// Runs a script that must fail, then checks that the next record is unaffected.
fn stopped(script: &str) -> String {
    let scripts = [("bad", script), ("good", "return kong.request.get_method()")];
    let sink = sink_with(&scripts, &[("lua_max_time_ms", "500")]).unwrap();
    let start = Instant::now();
    let outcome = log_of(&sink, &record());
    assert!(start.elapsed() < SOON, "{script} took {:?}", start.elapsed());
    assert_eq!(outcome.log.get("bad"), None, "{script}");
    assert_eq!(outcome.log["good"], json!("GET"), "{script}");
    let next = AccessRecord { method: "PUT".into(), ..record() };
    assert_eq!(log_of(&sink, &next).log["good"], json!("PUT"), "{script}");
    outcome.warnings.first().unwrap_or_else(|| panic!("{script}")).clone()
}

#[test]
fn endless_loops_end() {
    for script in [
        "while true do end",
        "repeat until false",
        "for i = 1, math.huge do end",
        "while true do pcall(function() while true do end end) end",
        "while true do xpcall(error, function() while true do end end) end",
        "local function f() return f() end return f()",
        "local t = {} while true do t[1] = (t[1] or 0) + 1 end",
    ] {
        let reason = stopped(script);
        assert!(reason.contains("instructions of a record"), "{script}: {reason}");
    }
}

#[test]
fn large_texts_are_not_created() {
    for script in [
        "local s = 'x' while true do s = s .. s end",
        "local s = 'x' while true do s = s .. s .. s .. s .. s .. s .. s .. s end",
        "local s = 'x' for i = 1, 15 do s = s .. s end local t = {} for i = 1, 30000 do t[i] = s end return #table.concat(t)",
        "local s = 'x' for i = 1, 15 do s = s .. s end local t = {} for i = 1, 60 do t[i] = 1 end return #table.concat(t, s)",
        "local s = 'x' for i = 1, 15 do s = s .. s end return #string.gsub(s, '.', s)",
        "local s = 'x' for i = 1, 15 do s = s .. s end return #string.gsub(s, '.', function() return s end)",
        "local s = 'x' for i = 1, 15 do s = s .. s end return #string.gsub(s, 'x', {x = s})",
        "local s = 'x' for i = 1, 15 do s = s .. s end local r = '%0' for i = 1, 10 do r = r .. r end return #string.gsub(s, '.*', r)",
        "local s = 'x' for i = 1, 15 do s = s .. s end local t = {} for i = 1, 200 do t[i] = s end return #string.format(string.char(37, 115), unpack(t))",
        "local f = '%99d' for i = 1, 14 do f = f .. f end return #string.format(f, 1)",
        "local t = {} while true do t[#t + 1] = {} end",
        "local t = {} while true do t[#t + 1] = 'x' .. #t end",
        "return #('x'):rep(1024 * 1024 * 1024)",
        "while true do local s = kong.log.serialize() end",
        "while true do local f = function() return s end end",
    ] {
        stopped(script);
    }
}

#[test]
fn deep_recursion_ends() {
    for script in [
        "local function f() return 1 + f() end return f()",
        "local function f() local a, b, c, d, e, g, h = 1, 2, 3 return 1 + f() end return f()",
        "local function f() local ok, e = pcall(f) return ok and e or error('x') end return f()",
        "local function f() return (string.gsub('a', 'a', f)) end return f()",
        "local function f() table.sort({1, 2, 3}, function(a, b) f() return a < b end) end f()",
        "local function f() return xpcall(f, function(e) return f() end) end error(tostring(f()))",
        "local t = {} local function f() table.foreach({1}, f) end f()",
        "local function f() return tostring(f()) .. 'x' end return f()",
        "local p = pcall for i = 1, 40 do local q = p p = function(...) return pcall(q, ...) end end \
         local function f() return p(f) end error(tostring(f()))",
    ] {
        stopped(script);
    }
}

#[test]
fn pathological_patterns_end() {
    for script in [
        "local s = 'x' for i = 1, 12 do s = s .. s end return s:find('.*.*.*.*.*.*.*y')",
        "local s = 'x' for i = 1, 12 do s = s .. s end return s:match('.-.-.-.-.-.-y')",
        "local s = 'x' for i = 1, 12 do s = s .. s end return (s:gsub('.*.*.*.*.*y', ''))",
        "local s = 'x' for i = 1, 12 do s = s .. s end for a in s:gmatch('.*.*.*.*.*y') do end",
        "local s = '(' for i = 1, 15 do s = s .. s end return s:find('%b()y')",
        "local s = 'x' for i = 1, 15 do s = s .. s end return s:find('(.*)%1y')",
        "local p = 'a?' for i = 1, 16 do p = p .. p end return ('b'):find(p)",
        "local p = 'a?' for i = 1, 16 do p = p .. p end return ('b'):match(p)",
        "local p = 'a?' for i = 1, 16 do p = p .. p end return ('b'):gsub(p, '')",
        "local p = 'a?' for i = 1, 16 do p = p .. p end for a in ('b'):gmatch(p) do end",
        "local s = 'x' for i = 1, 16 do s = s .. s end while true do s:find('[' .. 'a-z' .. ']*y') end",
    ] {
        stopped(script);
    }
}

#[test]
fn library_functions_that_work_hard_are_stopped() {
    for script in [
        "local s = 'x' for i = 1, 17 do s = s .. s end while true do s:find(s:sub(1, 60000) .. 'y', 1, true) end",
        "local s = 'x' for i = 1, 17 do s = s .. s end while true do local a = s:find('y', 1, true) end",
        "local s = '1' for i = 1, 17 do s = s .. s end while true do tonumber(s) end",
        "local t = {} for i = 1, 1e6 do table.insert(t, 1, i) end",
        "local t = {} for i = 1, 10000 do t[i] = i end while true do table.remove(t, 1) table.insert(t, 1, 1) end",
        "local t = {} for i = 1, 10000 do t[i] = i end while true do table.sort(t) end",
        "local s = 'x' for i = 1, 15 do s = s .. s end local t = {} for i = 1, 2000 do t[i] = s end table.sort(t)",
        "local t = {} for i = 1, 4000 do t[i] = i end while true do select('#', unpack(t)) end",
        "return select('#', unpack({}, 1, 1e7))",
        "return select('#', string.byte(('x'):format() .. string.format('%99d', 1), 1, 1e9)) and error('short')",
        "local s = 'x' for i = 1, 17 do s = s .. s end local r = s .. '' while true do local b = s < r end",
    ] {
        stopped(script);
    }
}

#[test]
fn text_searches_are_charged_by_the_bytes_they_may_compare() {
    let text = "local s = 'a' for i = 1, 17 do s = s .. s end local p = s:sub(1, 200) .. 'b' ";
    for search in ["s:find(p, 1, true)", "s:find(p)"] {
        let script = format!("{text} for i = 1, 20 do {search} end return 1");
        let outcome = log_of(&sink(&[("bad", &script)]), &record());
        assert!(outcome.warnings[0].contains("too much work for library functions"), "{search}: {outcome:?}");
    }
    // Ordinary searches in headers and paths cost next to nothing.
    let usual = "local s = ('a'):rep(8000) for i = 1, 100 do s:find('session', 1, true) s:find('session') end return 1";
    let usual = usual.replace("('a'):rep(8000)", "string.format('%99d', 1) for i = 1, 6 do s = s .. s end");
    let outcome = log_of(&sink(&[("good", &usual)]), &record());
    assert_eq!(outcome.log["good"], json!(1), "{outcome:?}");
}

#[test]
fn the_clock_stops_work_that_instruction_counts_miss() {
    let compare =
        "local s = 'x' for i = 1, 16 do s = s .. s end local r = s .. '' while true do local b = s < r end";
    let sink = sink_with(&[("a", compare), ("b", "return 1")], &[("lua_max_time_ms", "5")]).unwrap();
    let outcome = log_of(&sink, &record());
    assert!(outcome.warnings[0].contains("stopped after the 5ms"), "{}", outcome.warnings[0]);
    assert_eq!(outcome.log["b"], json!(1), "short scripts still run");
    assert_eq!(sink.stats.script_bounds.value(), 1);
}

#[test]
fn all_scripts_of_a_record_share_its_instructions() {
    let count = "local n = 0 for i = 1, 10000 do n = n + 1 end return n";
    let alone = log_of(&sink(&[("a", count)]), &record());
    assert_eq!(alone.log["a"], json!(10_000));
    let fields: Vec<(String, &str)> = (0..10).map(|number| (format!("f{number}"), count)).collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, code)| (name.as_str(), *code)).collect();
    let sink = sink(&fields);
    assert_eq!(log_of(&sink, &record()).warnings.len(), 10);
    assert_eq!(sink.stats.script_bounds.value(), 10);
}

#[test]
fn the_bounds_can_be_set() {
    let loops = "local n = 0 for i = 1, 10000 do n = n + 1 end return n";
    let tight = sink_with(&[("a", loops)], &[("lua_max_instructions", "5000")]).unwrap();
    assert_eq!(log_of(&tight, &record()).log.get("a"), None);
    assert_eq!(tight.stats.script_bounds.value(), 1);
    let large = "local t = {} for i = 1, 3000 do t[i] = {i} end return #t";
    let tight = sink_with(&[("a", large)], &[("lua_max_memory_bytes", "65536")]).unwrap();
    assert_eq!(log_of(&tight, &record()).log.get("a"), None);
    let wide = sink_with(&[("a", large)], &[]).unwrap();
    assert_eq!(log_of(&wide, &record()).log["a"], json!(3_000));
}

#[test]
fn memory_is_given_back_between_records() {
    let sink = sink(&[("a", "local t = {} for i = 1, 1500 do t[i] = {i} end return #t")]);
    for _ in 0..100 {
        assert_eq!(log_of(&sink, &record()).log["a"], json!(1_500));
    }
}

#[test]
fn what_scripts_write_to_the_log_is_bounded_and_the_rest_is_counted() {
    let sink = sink(&[
        ("a", "for i = 1, 25 do kong.log.info(i) end return 'done'"),
        ("b", "kong.log.err('x') return 1"),
    ]);
    for _ in 0..3 {
        let log = log_of(&sink, &record()).log;
        assert_eq!((&log["a"], &log["b"]), (&json!("done"), &json!(1)));
    }
    let (lines, left_out) = sink.notes.take_lines();
    // Ten per record, and twenty altogether.
    assert_eq!((lines.len(), left_out), (20, 3 * 26 - 20));
    assert_eq!(sink.notes.take_lines(), (Vec::new(), 0));
}

#[test]
fn a_line_of_the_log_is_cut_however_much_a_script_gives_it() {
    for script in [
        "local t = 'x' for i = 1, 16 do t = t .. t end kong.log.info(t, t, t)",
        "local t = {} for i = 1, 3000 do t[i] = 'x' end kong.log.info(unpack(t))",
        "local t = 'é' for i = 1, 12 do t = t .. t end kong.log.info('a', t)",
    ] {
        let sink = sink(&[("a", script)]);
        assert_eq!(log_of(&sink, &record()).warnings, [""; 0], "{script}");
        let (lines, _) = sink.notes.take_lines();
        let [line] = &lines[..] else { panic!("{lines:?}") };
        // A character that was cut in two counts as three bytes.
        assert!(line.text.split_once("): ").unwrap().1.len() <= 1_024 + 2, "{}", line.text.len());
    }
}

//! `custom_fields_by_lua`: scripts that set, replace or remove members of the log, in a sandbox.
//!
//! A script is the body of a function. Its result becomes the member that its key names; `nil` removes the member.
//! All scripts of an entry see the log as it was before any of them ran, so their order does not matter; results
//! are applied in the order of their keys. A script that fails is counted, logged once, and its member is left as
//! it was.
//!
//! # The language
//!
//! Lua 5.1, as in Kong's LuaJIT. Bytecode cannot be loaded. Global variables last for one run of one script.
//!
//! | available | not available |
//! |---|---|
//! | `assert error ipairs next pairs pcall select tonumber tostring type unpack xpcall _VERSION`; `_G`, the script's own table; `print` | `collectgarbage dofile getfenv getmetatable load loadfile loadstring module newproxy rawequal rawget rawset require setfenv setmetatable` |
//! | `string` | `string.dump string.rep` |
//! | `table`, `bit` | |
//! | `math` | `math.randomseed` |
//! | `os.clock os.difftime os.time` | every other `os.*` |
//! | `kong`: see below | `ngx`: using it is an error with a clear message |
//! | | `coroutine debug io jit package` |
//!
//! Coroutines, which Kong has, are left out, because each level of them takes stack that a component does not have.
//!
//! All libraries are read-only. `kong` has the functions that a log-phase script uses:
//!
//! - `kong.request`: `get_scheme get_host get_port get_method get_path get_raw_path get_path_with_query get_raw_query
//!   get_query get_query_arg get_header get_headers get_http_version get_start_time get_forwarded_scheme
//!   get_forwarded_host get_forwarded_port get_forwarded_path get_forwarded_prefix`
//! - `kong.response`: `get_status get_header get_headers get_source`
//! - `kong.service.response`: `get_status get_header get_headers`, `nil` when the upstream did not answer
//! - `kong.client`: `get_ip get_forwarded_ip get_port get_forwarded_port get_protocol get_consumer get_credential`
//! - `kong.router`: `get_route get_service`
//! - `kong.log`: `serialize set_serialize_value`, and `emerg alert crit err warn notice info debug`, which write a line to the
//!   function's log; `kong.log(…)` and `print` are `notice`
//! - `kong.node`: `get_id get_hostname`; `kong.ctx`: `shared plugin`, always empty
//!
//! # Bounds
//!
//! | Bound | Default | For |
//! |---|---|---|
//! | [`Limits::max_instructions`] | 50 000 | all scripts of a record, shared evenly; steps of pattern matching count |
//! | [`Limits::max_memory_bytes`] | 512 KiB | what one script allocates, freed or not |
//! | [`Limits::max_time`] | 100 ms | all scripts of a record; checked every 64 instructions, so it can be slightly exceeded |
//! | [`Limits::max_request_time`] | 1 s | all scripts of all records of a request; later scripts are not run |
//! | work of library functions | 32 × memory | bytes and elements that library functions of one script examine |
//! | nesting, patterns, formats, spread values | 32 levels, 256 bytes, 4 096 bytes, 4 000 | one script |
//! | concatenations (`..`) in a script | 32 | one script: one instruction joins all operands of a chain |
//! | returned values | 32 levels, 10 000 values, the memory bound in bytes | one script |
//! | code | 16 KiB | one script |
//! | lines of the log | 10, of 1 024 bytes | all scripts of a record; those beyond are counted and change nothing |

use std::cell::Cell;
use std::time::Instant;

use serde_json::{Map, Value};

use crate::entries::{Entries, Entry};
use crate::error::ConfigError;
use crate::kong::request_view::RequestView;
use crate::kong::serialize_value::{self, Key, Mode};
use crate::notes::{LineLevel, Notes, ScriptLine};
use crate::stats::Stats;

mod check;
mod context;
mod convert;
pub mod limits;
mod pdk;
mod stdlib;
mod vm;

use context::{RequestFacts, ScriptContext};
pub use limits::{Limits, ScriptTime, UntrustedLua};
use vm::{Failure, Vm};

/// The compiled scripts of all entries.
#[derive(Debug, Default)]
pub struct Scripts {
    /// `None` when no entry has custom fields.
    vm: Option<Vm>,
    /// The scripts of each entry.
    by_entry: Vec<Vec<Script>>,
}

#[derive(Debug)]
struct Script {
    /// Its place in the configuration.
    name: String,
    key: Key,
    code: vm::Compiled,
    /// Whether a failure has been logged.
    reported: Cell<bool>,
}

impl Scripts {
    /// Compiles the custom fields of the entries.
    ///
    /// # Errors
    ///
    /// Every script that does not compile; under [`UntrustedLua::Off`], the presence of any script.
    pub fn compile(
        entries: &Entries,
        untrusted_lua: UntrustedLua,
        limits: Limits,
    ) -> Result<Self, ConfigError> {
        let mut with_scripts =
            entries.all().iter().filter(|entry| !entry.custom_fields.is_empty()).peekable();
        if with_scripts.peek().is_none() {
            return Ok(Self::default());
        }
        if untrusted_lua == UntrustedLua::Off {
            let problem = |entry: &Entry| {
                let (place, scope) = (&entry.place, &entry.scope);
                format!(
                    "{place}.config.custom_fields_by_lua needs untrusted_lua = sandbox (entry for {scope})"
                )
            };
            return Err(ConfigError { problems: with_scripts.map(problem).collect() });
        }
        let vm = Vm::new(limits).map_err(|error| ConfigError { problems: vec![error.to_string()] })?;
        let (mut by_entry, mut problems) = (Vec::new(), Vec::new());
        for entry in entries.all() {
            let mut scripts = Vec::new();
            for (key, code) in &entry.custom_fields {
                let (place, scope, key_text) = (&entry.place, &entry.scope, key.as_str());
                let name = format!("{place}.config.custom_fields_by_lua[{key_text:?}] (entry for {scope})");
                match vm.compile(key_text, code) {
                    Ok(code) => {
                        scripts.push(Script { name, key: key.clone(), code, reported: Cell::new(false) });
                    }
                    Err(error) => problems.push(format!("{name}: {error}")),
                }
            }
            by_entry.push(scripts);
        }
        if problems.is_empty() { Ok(Self { vm: Some(vm), by_entry }) } else { Err(ConfigError { problems }) }
    }

    /// Runs the scripts of the entry at `entry` and applies their results to `log`. Messages for the operator's
    /// log go to `notes`.
    pub fn apply(
        &self,
        entry: usize,
        view: &RequestView<'_>,
        log: &mut Map<String, Value>,
        time: &ScriptTime,
        stats: &Stats,
        notes: &Notes,
    ) {
        let (Some(vm), Some(scripts @ [_, ..])) = (&self.vm, self.by_entry.get(entry).map(Vec::as_slice))
        else {
            return;
        };
        let fail = |script: &Script, failure: Failure| {
            stats.script_errors.add(1);
            stats.script_bounds.add(usize::from(failure.bound));
            if !script.reported.replace(true) {
                notes.warn(format!("{} failed and is left out: {}", script.name, failure.reason));
            }
        };
        if time.left.get().is_zero() {
            for script in scripts {
                let reason =
                    "it was not run, the time that the scripts of a request have was used up".to_owned();
                fail(script, Failure { reason, bound: true });
            }
            return;
        }
        let context: &ScriptContext = vm.context();
        context.begin(std::mem::take(log), RequestFacts::from_view(view), time.now());
        let start = Instant::now();
        vm.start_watch(time.left.get());
        let mut writes = Vec::new();
        for script in scripts {
            let result = vm.run(&script.code, scripts.len());
            writes.extend(context.take_writes().into_iter().map(|write| (script, write)));
            for line in context.take_lines() {
                let text = format!("kong.log.{} in {}: {}", line.level, script.name, line.text);
                notes.write(ScriptLine { level: LineLevel::of_kong(&line.level), text });
            }
            match result {
                Ok(value) => {
                    let write = context::FieldWrite { key: script.key.clone(), value, mode: Mode::Set };
                    writes.push((script, write));
                }
                Err(failure) => fail(script, failure),
            }
        }
        time.left.set(time.left.get().saturating_sub(start.elapsed()));
        notes.leave_out(context.lines_left_out());
        *log = context.end();
        for (script, write) in writes {
            if let Err(error) = serialize_value::set(log, &write.key, write.value, write.mode) {
                fail(script, Failure { reason: error.to_string(), bound: false });
            }
        }
    }
}

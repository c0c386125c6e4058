//! The Lua state: created once, with fresh bounds for each script.

use std::cell::Cell;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::rc::Rc;
use std::time::{Duration, Instant};

use omnilua::{
    Function, HostHooks, Lua, LuaRuntime, LuaVersion, Sandbox, SandboxConfig, TripReason, Value as LuaValue,
};
use serde_json::Value;

use super::context::ScriptContext;
use super::limits::Limits;
use super::{check, convert, pdk, stdlib};

/// A Lua state with the sandbox set up.
pub struct Vm {
    lua: Lua,
    sandbox: Sandbox,
    /// The prelude's result, which runs a script in its own environment.
    run: Function,
    context: Rc<ScriptContext>,
    watch: Rc<Watch>,
    limits: Limits,
    /// Bytes that the state takes before any script has run.
    base_bytes: usize,
}

/// The time that the scripts of a record have. The interpreter counts instructions, but a single instruction may
/// compare two long texts, so the clock is checked as well.
#[derive(Debug, Default)]
struct Watch {
    deadline: Cell<Option<Instant>>,
    instructions: Cell<u32>,
    expired: Cell<bool>,
}

/// A compiled script.
#[derive(Debug)]
pub struct Compiled(Function);

/// A script that did not finish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What happened, cut to a length suitable for a log.
    pub reason: String,
    /// Whether it was stopped at the bound on instructions or memory.
    pub bound: bool,
}

const PRELUDE: &str = include_str!("prelude.lua");
/// Longest reason, in characters.
const MAX_REASON_CHARS: usize = 300;
/// Instructions between two checks of the clock.
const CLOCK_INTERVAL: u32 = 64;
/// Bound on setting up the state; far more than it takes.
const SETUP_INSTRUCTIONS: u64 = 1_000_000;
const SETUP_BYTES: usize = 16 * 1024 * 1024;
/// The interpreter's flag for a hook that is called after a number of instructions.
const COUNT_HOOK: i32 = 1 << 3;

impl Vm {
    /// A state for scripts within these limits.
    ///
    /// # Errors
    ///
    /// When the interpreter refuses the prelude.
    pub fn new(limits: Limits) -> omnilua::Result<Self> {
        let watch = Rc::new(Watch::default());
        let mut runtime = LuaRuntime::with_hooks_versioned(HostHooks::default(), LuaVersion::V51)?;
        let hook = Rc::clone(&watch);
        let hook = move |state: &mut lua_vm::state::LuaState, _: &lua_vm::debug::LuaDebug| {
            if hook.has_expired() {
                // With one instruction left, the next one ends the script at the bound on instructions.
                state.global().sandbox.instr_remaining.set(1);
            }
        };
        lua_vm::debug::set_hook(runtime.state_mut(), Some(Box::new(hook)), COUNT_HOOK, 1);
        let lua = runtime.into_lua();
        // Without garbage collection during a script, the script holds all that it allocates, so one bound covers
        // both, and the time that allocations take.
        lua.gc().stop()?;
        let sandbox = lua.install_sandbox(sandbox_config(SETUP_INSTRUCTIONS, SETUP_BYTES))?;
        let context = Rc::new(ScriptContext::default());
        let offered = lua.create_table()?;
        offered.set("kong", pdk::table(&lua, &context)?)?;
        offered.set("bit", stdlib::bit(&lua)?)?;
        offered.set("os", stdlib::os(&lua, &context)?)?;
        offered.set("seed", seed())?;
        offered.set("max_text_bytes", limits.max_memory_bytes)?;
        let prelude = lua.load(PRELUDE).set_name("=sandbox").into_function()?;
        let run: Function = prelude.call(offered)?;
        let mut vm = Self { lua, sandbox, run, context, watch, limits, base_bytes: 0 };
        vm.collect();
        vm.base_bytes = vm.allocated_bytes();
        Ok(vm)
    }

    /// What scripts can reach of the host.
    pub fn context(&self) -> &ScriptContext {
        &self.context
    }

    /// Starts the time of a record's scripts: the limit for a record, but no more than `left`.
    pub fn start_watch(&self, left: Duration) {
        self.watch.deadline.set(Instant::now().checked_add(self.limits.max_time.min(left)));
    }

    /// Compiles a script that reports errors under the name of its field.
    ///
    /// # Errors
    ///
    /// The compile error, as a text.
    pub fn compile(&self, name: &str, code: &str) -> Result<Compiled, String> {
        check::check(code)?;
        let function = self.lua.load(code).set_name(format!("={name}")).into_function();
        function.map(Compiled).map_err(|error| cut(error.to_string()))
    }

    /// Runs a script, one of `scripts` that share the record's instructions; `None` is `nil`.
    pub fn run(&self, script: &Compiled, scripts: usize) -> Result<Option<Value>, Failure> {
        if self.allocated_bytes() > self.base_bytes.saturating_add(self.limits.max_memory_bytes) {
            self.collect();
        }
        let instructions = (self.limits.max_instructions / scripts.max(1) as u64).max(1);
        let memory = self.allocated_bytes().saturating_add(self.limits.max_memory_bytes);
        let bounded = self.lua.install_sandbox(sandbox_config(instructions, memory));
        bounded.map_err(|error| self.failure(&error))?;
        // Installing does not clear the flag of a script that was stopped; this does.
        self.sandbox.reset();
        self.watch.instructions.set(0);
        self.watch.expired.set(false);
        let value: LuaValue = self.run.call(&script.0).map_err(|error| self.failure(&error))?;
        convert::to_json(&value, self.limits.max_memory_bytes)
            .map_err(|error| Failure { reason: cut(error.to_string()), bound: false })
    }

    fn failure(&self, error: &omnilua::Error) -> Failure {
        let Limits { max_instructions, max_memory_bytes, max_time, .. } = self.limits;
        let bound = match self.sandbox.tripped() {
            Some(TripReason::Instructions) if self.watch.expired.get() => {
                format!(
                    "stopped after the {max_time:?} that the scripts of a record have, or what was left of the request's"
                )
            }
            Some(TripReason::Instructions) => {
                format!("stopped at its share of the {max_instructions} instructions of a record")
            }
            Some(TripReason::Memory) => format!("stopped at {max_memory_bytes} bytes of memory"),
            None => return Failure { reason: cut(error.to_string()), bound: false },
        };
        Failure { reason: bound, bound: true }
    }

    fn allocated_bytes(&self) -> usize {
        // `count` returns KiB with a fraction, as collectgarbage("count") does.
        self.lua.gc().count().map_or(usize::MAX, |kib| (kib * 1024.0) as usize)
    }

    fn collect(&self) {
        self.lua.gc_collect();
    }
}

impl Watch {
    /// Called for each instruction.
    fn has_expired(&self) -> bool {
        let instructions = self.instructions.get().wrapping_add(1);
        self.instructions.set(instructions);
        if instructions.is_multiple_of(CLOCK_INTERVAL)
            && self.deadline.get().is_some_and(|deadline| Instant::now() > deadline)
        {
            self.expired.set(true);
        }
        self.expired.get()
    }
}

impl fmt::Debug for Vm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vm").field("limits", &self.limits).finish_non_exhaustive()
    }
}

fn sandbox_config(instructions: u64, memory_bytes: usize) -> SandboxConfig {
    SandboxConfig {
        instruction_limit: Some(instructions),
        memory_limit_bytes: Some(memory_bytes),
        // A text can double with each instruction, so each instruction is checked.
        check_interval: 1,
        remove_globals: Vec::new(),
    }
}

/// A seed that differs from one state to the next.
fn seed() -> f64 {
    let seed = std::hash::RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(seed >> 32).unwrap_or(0))
}

fn cut(reason: String) -> String {
    match reason.char_indices().nth(MAX_REASON_CHARS) {
        Some((end, _)) => reason.get(..end).unwrap_or_default().to_owned() + "…",
        None => reason,
    }
}

//! The `kong` table: the functions of Kong's plugin development kit that a script of the log phase uses.
//!
//! Values come from the record's log where it has them; it shows the original request, because custom fields are
//! applied later.

use std::rc::Rc;

use omnilua::{Lua, LuaString, Result, Table, Value as LuaValue};
use serde_json::Value;

use super::context::{FieldWrite, LogLine, ScriptContext, fault};
use super::convert::{self, object_to_lua, text_to_lua, to_lua};
use crate::kong::query::arguments;
use crate::kong::serialize_value::{Key, Mode};

/// Most bytes of text in a value passed to `kong.log.set_serialize_value`.
const MAX_WRITTEN_BYTES: usize = 256 * 1024;

/// The table, before the prelude makes it read-only.
///
/// # Errors
///
/// From the interpreter.
pub fn table(lua: &Lua, context: &Rc<ScriptContext>) -> Result<Table> {
    let kong = lua.create_table()?;
    kong.set("request", request(lua, context)?)?;
    kong.set("response", response(lua, context)?)?;
    let service = lua.create_table()?;
    service.set("response", service_response(lua, context)?)?;
    kong.set("service", service)?;
    kong.set("client", client(lua, context)?)?;
    let router = Module::new(lua, context)?;
    router.member("get_route", &["route"])?;
    router.member("get_service", &["service"])?;
    kong.set("router", router.table)?;
    kong.set("log", log(lua, context)?)?;
    let node = Module::new(lua, context)?;
    node.getter("get_id", |lua, context| text_to_lua(lua, &context.facts.borrow().instance))?;
    node.getter("get_hostname", |lua, context| text_to_lua(lua, &context.facts.borrow().instance))?;
    kong.set("node", node.table)?;
    let ctx = lua.create_table()?;
    ctx.set("shared", lua.create_table()?)?;
    ctx.set("plugin", lua.create_table()?)?;
    kong.set("ctx", ctx)?;
    Ok(kong)
}

fn request(lua: &Lua, context: &Rc<ScriptContext>) -> Result<Table> {
    let request = Module::new(lua, context)?;
    request.getter("get_scheme", |lua, context| text_to_lua(lua, &context.facts.borrow().scheme))?;
    request.getter("get_host", |lua, context| text_to_lua(lua, &context.facts.borrow().host))?;
    request.getter("get_port", |_, context| Ok(number(context.facts.borrow().port)))?;
    request
        .getter("get_http_version", |_, context| Ok(LuaValue::Number(context.facts.borrow().http_version)))?;
    request.member("get_method", &["request", "method"])?;
    request.member("get_path_with_query", &["request", "uri"])?;
    request.member("get_query", &["request", "querystring"])?;
    request.member("get_start_time", &["started_at"])?;
    for name in ["get_path", "get_raw_path"] {
        request.getter(name, |lua, context| text_to_lua(lua, &uri(context).0))?;
    }
    request.getter("get_raw_query", |lua, context| text_to_lua(lua, &uri(context).1))?;
    request.lookup("get_query_arg", |lua, context, name| {
        let query = uri(context).1;
        let found = arguments(&query).find(|(known, _)| known == name);
        found.map_or(Ok(LuaValue::Nil), |(_, value)| to_lua(lua, &value))
    })?;
    request.lookup("get_header", |lua, context, name| header(lua, context, "request", name))?;
    request.member("get_headers", &["request", "headers"])?;
    request.forwarded("get_forwarded_scheme", "x-forwarded-proto", |context| {
        Value::from(context.facts.borrow().scheme.as_str())
    })?;
    request.forwarded("get_forwarded_host", "x-forwarded-host", |context| {
        Value::from(context.facts.borrow().host.as_str())
    })?;
    request.forwarded("get_forwarded_path", "x-forwarded-path", |context| Value::from(uri(context).0))?;
    request.forwarded("get_forwarded_prefix", "x-forwarded-prefix", |_| Value::Null)?;
    request.getter("get_forwarded_port", |_, context| {
        let forwarded = first_text(context.member(&["request", "headers", "x-forwarded-port"]));
        let forwarded = forwarded.and_then(|port| port.trim().parse().ok());
        Ok(number(forwarded.or(context.facts.borrow().port)))
    })?;
    Ok(request.table)
}

fn response(lua: &Lua, context: &Rc<ScriptContext>) -> Result<Table> {
    let response = Module::new(lua, context)?;
    response.member("get_status", &["response", "status"])?;
    response.lookup("get_header", |lua, context, name| header(lua, context, "response", name))?;
    response.member("get_headers", &["response", "headers"])?;
    response.getter("get_source", |lua, context| text_to_lua(lua, context.facts.borrow().source))?;
    Ok(response.table)
}

/// The upstream's response. The gateway passes it on, so it equals the client's response, unless the gateway
/// answered itself.
fn service_response(lua: &Lua, context: &Rc<ScriptContext>) -> Result<Table> {
    let response = Module::new(lua, context)?;
    let answered = |context: &ScriptContext| context.facts.borrow().source == "service";
    response.getter("get_status", move |lua, context| match answered(context) {
        true => to_lua(lua, &context.member(&["response", "status"])),
        false => Ok(LuaValue::Nil),
    })?;
    response.lookup("get_header", move |lua, context, name| match answered(context) {
        true => header(lua, context, "response", name),
        false => Ok(LuaValue::Nil),
    })?;
    response.getter("get_headers", move |lua, context| match answered(context) {
        true => to_lua(lua, &context.member(&["response", "headers"])),
        false => Ok(LuaValue::Nil),
    })?;
    Ok(response.table)
}

fn client(lua: &Lua, context: &Rc<ScriptContext>) -> Result<Table> {
    let client = Module::new(lua, context)?;
    // The gateway has already decided which address is the client's.
    client.member("get_ip", &["client_ip"])?;
    client.member("get_forwarded_ip", &["client_ip"])?;
    for name in ["get_port", "get_forwarded_port"] {
        client.getter(name, |_, context| Ok(number(context.facts.borrow().client_port)))?;
    }
    client.getter("get_protocol", |lua, context| text_to_lua(lua, &context.facts.borrow().scheme))?;
    client.member("get_consumer", &["consumer"])?;
    client.member("get_credential", &["authenticated_entity"])?;
    Ok(client.table)
}

fn log(lua: &Lua, context: &Rc<ScriptContext>) -> Result<Table> {
    let log = Module::new(lua, context)?;
    log.getter("serialize", |lua, context| Ok(LuaValue::Table(object_to_lua(lua, &context.log.borrow())?)))?;
    let writer = Rc::clone(context);
    let write = lua.create_function(move |_, (key, value, options): (String, LuaValue, Option<Table>)| {
        let mode: Option<String> = options.map_or(Ok(None), |options| options.raw_get("mode"))?;
        let mode = match mode.as_deref() {
            None | Some("set") => Mode::Set,
            Some("add") => Mode::Add,
            Some("replace") => Mode::Replace,
            Some(other) => {
                return Err(fault(&format!("mode must be 'set', 'add' or 'replace', not '{other}'")));
            }
        };
        let key = Key::parse(&key).ok_or_else(|| fault("key has no name in it"))?;
        let value = convert::to_json(&value, MAX_WRITTEN_BYTES).map_err(|error| fault(&error.to_string()))?;
        match writer.write(FieldWrite { key, value, mode }) {
            true => Ok(()),
            false => Err(fault("too many values were set")),
        }
    })?;
    log.table.set("set_serialize_value", write)?;
    // The prelude makes a function of it for each level, and cuts the text.
    let writer = Rc::clone(context);
    let write_line = lua.create_function(move |_, (level, text): (String, LuaString)| {
        let text = String::from_utf8_lossy(&text.as_bytes()?).into_owned();
        writer.write_line(LogLine { level, text });
        Ok(())
    })?;
    log.table.set("write", write_line)?;
    Ok(log.table)
}

/// A table of functions over the current record.
struct Module<'l> {
    lua: &'l Lua,
    context: &'l Rc<ScriptContext>,
    table: Table,
}

impl<'l> Module<'l> {
    fn new(lua: &'l Lua, context: &'l Rc<ScriptContext>) -> Result<Self> {
        Ok(Self { lua, context, table: lua.create_table()? })
    }

    /// A function without parameters; arguments are ignored.
    fn getter(
        &self,
        name: &str,
        get: impl Fn(&Lua, &ScriptContext) -> Result<LuaValue> + 'static,
    ) -> Result<()> {
        let context = Rc::clone(self.context);
        let function = self.lua.create_function(move |lua, _: LuaValue| get(lua, &context))?;
        self.table.set(name, function)
    }

    /// A function that returns a member of the log.
    fn member(&self, name: &str, path: &'static [&'static str]) -> Result<()> {
        self.getter(name, move |lua, context| to_lua(lua, &context.member(path)))
    }

    /// A function that looks something up by name.
    fn lookup(
        &self,
        name: &str,
        get: impl Fn(&Lua, &ScriptContext, &str) -> Result<LuaValue> + 'static,
    ) -> Result<()> {
        let context = Rc::clone(self.context);
        let function = self.lua.create_function(move |lua, name: String| get(lua, &context, &name))?;
        self.table.set(name, function)
    }

    /// A function that returns a header of a proxy in front of this gateway, or else what the gateway itself
    /// saw.
    fn forwarded(
        &self,
        name: &str,
        header: &'static str,
        own: impl Fn(&ScriptContext) -> Value + 'static,
    ) -> Result<()> {
        self.getter(name, move |lua, context| {
            let forwarded = first_text(context.member(&["request", "headers", header]));
            to_lua(lua, &forwarded.map_or_else(|| own(context), Value::from))
        })
    }
}

/// The first value of a header, whatever the spelling of its name.
fn header(lua: &Lua, context: &ScriptContext, side: &str, name: &str) -> Result<LuaValue> {
    let name = name.to_ascii_lowercase().replace('_', "-");
    let value = first_text(context.member(&[side, "headers", &name]));
    value.map_or(Ok(LuaValue::Nil), |value| text_to_lua(lua, &value))
}

fn first_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Array(values) => values.into_iter().next().and_then(first_text),
        _ => None,
    }
}

/// Path and query string of the request.
fn uri(context: &ScriptContext) -> (String, String) {
    let uri = first_text(context.member(&["request", "uri"])).unwrap_or_default();
    let (path, query) = uri.split_once('?').unwrap_or((&uri, ""));
    (path.to_owned(), query.to_owned())
}

fn number(value: Option<u16>) -> LuaValue {
    value.map_or(LuaValue::Nil, |value| LuaValue::Number(f64::from(value)))
}

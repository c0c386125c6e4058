-- The environment of custom_fields_by_lua, made once for each Lua state. `...` is what the host offers: `kong`, `bit`,
-- `os`, a seed, and `max_text_bytes`. The answer is a function that runs a script in an environment of its own.
--
-- Instructions and memory are counted by the interpreter. What one instruction can do beyond that count is bounded
-- here: how large a text a library function makes, how much text and how many elements library functions look at,
-- and how deep library functions that call back into Lua nest, for each level takes stack of the host.

local host = ...
local error, getmetatable, ipairs, next, pairs, pcall = error, getmetatable, ipairs, next, pairs, pcall
local rawget, select, setfenv, setmetatable = rawget, select, setfenv, setmetatable
local tonumber, tostring, type, unpack, xpcall = tonumber, tostring, type, unpack, xpcall
local find, format, gmatch, gsub = string.find, string.format, string.gmatch, string.gsub
local lower, match, byte, sub = string.lower, string.match, string.byte, string.sub
local concat, insert, maxn, remove, sort = table.concat, table.insert, table.maxn, table.remove, table.sort

local MAX_TEXT = host.max_text_bytes
local MAX_WORK = 32 * MAX_TEXT -- bytes and elements that library functions may look at in one run
local MAX_PATTERN = 256        -- bytes of a pattern; an item of it takes a level of the host's stack
local MAX_PAIRED = 8192        -- bytes of a text that is searched with %b or %1, whose steps are not counted
local MAX_FORMAT = 4096        -- bytes of a format
local MAX_VALUES = 4000        -- values that a function may spread over the stack
local MAX_DEPTH = 32           -- library functions that call back into Lua, one within the other
local MAX_LINE = 1024          -- bytes of a line of the log

math.randomseed(host.seed)
math.randomseed = nil
string.rep, string.dump, string.gfind = nil, nil, nil

local depth, work = 0, 0

local function enter()
  if depth >= MAX_DEPTH then error("stack overflow: calls are nested too deep", 3) end
  depth = depth + 1
  return depth - 1
end

local function leave(before, ...)
  depth = before
  return ...
end

local function spend(amount)
  work = work + amount
  if work > MAX_WORK then error("too much work for library functions", 3) end
end

local function text_of(value)
  if type(value) == "number" then return tostring(value) end
  return value
end

local function check_pattern(text, pattern)
  if type(text) == "string" and type(pattern) == "string" then
    if #pattern > MAX_PATTERN then error("pattern too complex", 3) end
    if #text > MAX_PAIRED and find(pattern, "%%[b%d]") then error("text too long to search", 3) end
    spend(#text + #pattern)
  end
end

-- A search without a pattern is one step, in which the whole of it may be compared at each place of the text.
local function check_plain(text, sought)
  if type(text) == "string" and type(sought) == "string" then spend(#text + #text * #sought / 4) end
end

local function check_own(list)
  if type(list) == "table" and getmetatable(list) then error("this table is read-only", 3) end
end

function string.find(text, pattern, init, plain)
  text, pattern = text_of(text), text_of(pattern)
  -- The library searches so also for a pattern in which nothing is special.
  if plain or (type(pattern) == "string" and not find(pattern, "[%^%$%*%+%?%.%(%[%%%-]")) then
    check_plain(text, pattern)
  else
    check_pattern(text, pattern)
  end
  return find(text, pattern, init, plain)
end

function string.match(text, pattern, init)
  text, pattern = text_of(text), text_of(pattern)
  check_pattern(text, pattern)
  return match(text, pattern, init)
end

function string.gmatch(text, pattern)
  text, pattern = text_of(text), text_of(pattern)
  check_pattern(text, pattern)
  return gmatch(text, pattern)
end

local function bounded_gsub(text, pattern, replacement, count)
  local references = select(2, gsub(replacement, "%%", ""))
  local others = #text * (1 + references)
  if others + (#text + 1) * #replacement > MAX_TEXT then
    local _, matches = gsub(text, pattern, "", count)
    if others + matches * #replacement > MAX_TEXT then error("resulting string too large", 3) end
  end
  return gsub(text, pattern, replacement, count)
end

function string.gsub(text, pattern, replacement, count)
  text, pattern, replacement = text_of(text), text_of(pattern), text_of(replacement)
  check_pattern(text, pattern)
  local kind = type(replacement)
  if kind == "string" and type(text) == "string" and type(pattern) == "string" then
    return bounded_gsub(text, pattern, replacement, count)
  end
  if kind ~= "function" and kind ~= "table" then return gsub(text, pattern, replacement, count) end
  local size = 0
  local function bounded(value)
    if type(value) == "string" then
      size = size + #value
      if size > MAX_TEXT then error("resulting string too large", 2) end
    end
    return value
  end
  local replace
  if kind == "function" then
    replace = function(...) return bounded(replacement(...)) end
  else
    replace = function(key) return bounded(replacement[key]) end
  end
  return leave(enter(), gsub(text, pattern, replace, count))
end

function string.format(pattern, ...)
  local size = type(pattern) == "string" and #pattern or 0
  if size > MAX_FORMAT then error("format too long", 2) end
  local values, count = { ... }, select("#", ...)
  for index = 1, count do
    if type(values[index]) == "string" then size = size + 4 * #values[index] end
  end
  if size > 4 * MAX_TEXT then error("resulting string too large", 2) end
  return format(pattern, ...)
end

function string.byte(text, first, last)
  if type(text) == "string" and type(last) == "number" then
    if last < 0 then last = #text + last + 1 end
    if last - (tonumber(first) or 1) >= MAX_VALUES and #text > MAX_VALUES then error("string slice too long", 2) end
  end
  return byte(text, first, last)
end

function table.concat(list, separator, first, last)
  separator = text_of(separator)
  local size, pause = 0, type(separator) == "string" and #separator or 0
  if type(list) == "table" then
    for index = first or 1, last or #list do
      local value = list[index]
      if type(value) == "string" then size = size + #value else size = size + 32 end
      size = size + pause
      if size > MAX_TEXT then error("resulting string too large", 2) end
    end
  end
  return concat(list, separator, first, last)
end

function table.insert(list, ...)
  check_own(list)
  if select("#", ...) > 1 and type(list) == "table" then spend(#list) end
  return insert(list, ...)
end

function table.remove(list, ...)
  check_own(list)
  if select("#", ...) > 0 and type(list) == "table" then spend(#list) end
  return remove(list, ...)
end

function table.sort(list, before)
  check_own(list)
  if type(list) == "table" then
    local size = 8 * #list
    for index = 1, #list do
      if type(list[index]) == "string" then size = size + #list[index] end
    end
    spend(16 * size)
  end
  return leave(enter(), sort(list, before))
end

function table.maxn(list)
  if type(list) == "table" then spend(#list) end
  return maxn(list)
end

function table.getn(list) return #list end

function table.foreach(list, visit)
  for key, value in pairs(list) do
    local result = visit(key, value)
    if result ~= nil then return result end
  end
end

function table.foreachi(list, visit)
  for index, value in ipairs(list) do
    local result = visit(index, value)
    if result ~= nil then return result end
  end
end

local function readonly(name, members, call)
  return setmetatable({}, {
    __call = call,
    __index = members,
    __newindex = function() error(name .. " is read-only", 2) end,
  })
end

-- Headers are found by any spelling of their name, as OpenResty has it.
local any_spelling = {
  __index = function(headers, name)
    if type(name) == "string" then return rawget(headers, (gsub(lower(name), "_", "-"))) end
  end,
}

local function with_any_spelling(get_headers)
  return function()
    local headers = get_headers()
    return headers and setmetatable(headers, any_spelling)
  end
end

local log = host.kong.log
local write_line = log.write
log.write = nil

-- A function that writes what it is given as one line; of a long one only the start.
local function writer(level)
  return function(...)
    local values, parts, room = { ... }, {}, MAX_LINE
    for index = 1, select("#", ...) do
      if room <= 0 then break end
      parts[index] = sub(tostring(values[index]), 1, room)
      room = room - #parts[index]
    end
    write_line(level, concat(parts))
  end
end

for _, level in ipairs({ "emerg", "alert", "crit", "err", "warn", "notice", "info", "debug" }) do
  log[level] = writer(level)
end

local calls = { ["kong.log"] = function(_, ...) return log.notice(...) end }

local function module(name, members)
  for key, value in pairs(members) do
    if key == "get_headers" then
      members[key] = with_any_spelling(value)
    elseif type(value) == "table" then
      members[key] = module(name .. "." .. key, value)
    end
  end
  return readonly(name, members, calls[name])
end

local function unavailable(_, key)
  error("ngx." .. tostring(key) .. " is not available: only kong.* is", 2)
end

local base = {
  _VERSION = _VERSION,
  assert = assert,
  error = error,
  ipairs = ipairs,
  next = next,
  pairs = pairs,
  select = select,
  tostring = tostring,
  type = type,
  bit = readonly("bit", host.bit),
  math = readonly("math", math),
  os = readonly("os", host.os),
  string = readonly("string", string),
  table = readonly("table", table),
  kong = module("kong", host.kong),
  ngx = setmetatable({}, { __index = unavailable, __newindex = unavailable }),
}

base.print = log.notice

function base.pcall(...) return leave(enter(), pcall(...)) end

function base.xpcall(...) return leave(enter(), xpcall(...)) end

function base.tonumber(value, ...)
  if type(value) == "string" then spend(#value) end
  return tonumber(value, ...)
end

function base.unpack(list, first, last)
  local count = (last or #list) - (first or 1) + 1
  if count > MAX_VALUES then error("too many results to unpack", 2) end
  if count > 0 then spend(count) end
  return unpack(list, first, last)
end

local environment = { __index = base }

return function(script)
  depth, work = 0, 0
  local globals = setmetatable({}, environment)
  -- What a script calls _G is its own table: it reaches what the script reaches and nothing more.
  globals._G = globals
  return (setfenv(script, globals)())
end

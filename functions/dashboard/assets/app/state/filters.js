// Filters: one condition each, its text form, and the parameters of /query that it becomes.
//
//   model:qwen-max     is            -model:qwen-max    is not
//   path~/v1/          contains      path^/v1/          begins with
//   duration>500       at least      duration<500       at most
//   status:5xx         a status class; none is a request without a response
//   missing:model      has no value         present:model      has a value
import { kindOf } from '../fields.js';

const FORM = /^(-?)([a-z_]+)([:~^><])(.*)$/s;
const SUFFIX = { '~': '_contains', '^': '_prefix', '>': '_min', '<': '_max' };
// Filters that take a field name instead of a value.
const OF_FIELDS = { '!': 'missing', '*': 'present' };
const OPPOSITE = { ':': '-', '-': ':', '!': '*', '*': '!' };

// Reads a filter; any other word searches in paths. Blanks at the end of a value are part of it. Returns { filter } or { problem }.
export function parseFilter(text) {
  const found = FORM.exec(text.trimStart());
  if (!found) return text.trim() ? { filter: { field: 'path', op: '~', value: text.trim() } } : { problem: 'empty' };
  const [, not, name, op, value] = found;
  const ofFields = Object.keys(OF_FIELDS).find((one) => OF_FIELDS[one] === name);
  if (ofFields && op === ':') return readOfFields(not ? OPPOSITE[ofFields] : ofFields, value);
  const field = name === 'response_code' || name === 'status_class' ? 'status' : name;
  const kind = kindOf(field);
  if (!kind) return { problem: 'field', name };
  if (value === '') return { problem: 'value', name };
  const fits = { text: ':~^', host: ':', number: ':><', status: ':><', json: '~' }[kind] ?? '';
  if (!fits.includes(op) || (not && op !== ':')) return { problem: 'operator', name };
  if ((op === '>' || op === '<') && !/^\d+$/.test(value)) return { problem: 'number', name };
  return { filter: { field, op: not ? '-' : op, value } };
}

function readOfFields(op, name) {
  const field = name === 'status' ? 'response_code' : name;
  if (!field) return { problem: 'value', name: OF_FIELDS[op] };
  return ['text', 'number', 'json'].includes(kindOf(field)) ? { filter: { field, op } } : { problem: 'field', name };
}

// The filter that includes a value of a field, or excludes it.
export function valueFilter(field, value, without) {
  const isStatus = field === 'status_class' || field === 'response_code';
  if (value === null || value === '') {
    const of = { status_class: 'response_code', downstream_remote_host: 'downstream_remote_address' }[field] ?? field;
    return { field: of, op: without ? '*' : '!' };
  }
  return { field: isStatus ? 'status' : field, op: without ? '-' : ':', value: String(value) };
}

// A filter as text, in the form that parseFilter reads.
export function filterText({ field, op, value }) {
  if (OF_FIELDS[op]) return `${OF_FIELDS[op]}:${field}`;
  return op === '-' ? `-${field}:${value}` : `${field}${op}${value}`;
}

// A filter as one types it: in quotes where it has spaces.
export function typedText(filter) {
  const text = filterText(filter);
  return /\s/.test(text) ? `"${text}"` : text;
}

// Splits typed text into filters: spaces separate them, quotes keep a value together.
export function splitWords(text) {
  const words = text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
  return words.map((word) => word.replaceAll('"', ''));
}

// Adds a filter, replacing its opposite; a filter that is already there is removed.
export function toggleFilter(filters, filter) {
  const text = filterText(filter);
  const rest = filters.filter((other) => filterText(other) !== text);
  if (rest.length < filters.length) return rest;
  return [...rest.filter((other) => filterText(other) !== filterText({ ...filter, op: OPPOSITE[filter.op] })), filter];
}

export const hasFilter = (filters, filter) => filters.some((other) => filterText(other) === filterText(filter));

// A value in a list of /query, which drops unescaped blanks at either end. A NEL is a blank to it but not to \s.
const escaped = (field, value) =>
  ['text', 'host'].includes(kindOf(field)) ? value.replace(/[\\,]|^[\s\x85]|[\s\x85]$/g, '\\$&') : value;

// The parameters of /query: the values of a field are one list, because they are alternatives.
export function filterParameters(filters) {
  const lists = new Map();
  const single = [];
  const add = (name, value) => lists.set(name, [...(lists.get(name) ?? []), value]);
  for (const { field, op, value } of filters) {
    if (OF_FIELDS[op]) {
      add(OF_FIELDS[op], field);
      continue;
    }
    if (SUFFIX[op]) {
      const name = field === 'status' ? 'response_code' : field;
      single.push([name === 'path' && op === '~' ? 'path' : name + SUFFIX[op], value]);
      continue;
    }
    const base = field === 'path' ? 'path_exact' : field;
    const name = op === '-' ? `${base}!` : base;
    add(name, field === 'status' && value === 'none' ? '0' : escaped(field, value));
  }
  return [...[...lists].map(([name, values]) => [name, values.join(',')]), ...single];
}

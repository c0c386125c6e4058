// Filters: one condition each, how a reader writes it, and the parameters of /query that it becomes.
//
//   model:qwen-max     is            -model:qwen-max    is not
//   path~/v1/          contains      path^/v1/          begins with
//   duration>500       at least      duration<500       at most
//   status:5xx         a class of status; none is a request without an answer
import { kindOf } from '../fields.js';

const FORM = /^(-?)([a-z_]+)([:~^><])(.*)$/s;
const SUFFIX = { '~': '_contains', '^': '_prefix', '>': '_min', '<': '_max' };

// Reads a filter; a word that is none looks for a path. Returns { filter } or { problem }.
export function parseFilter(text) {
  const found = FORM.exec(text.trim());
  if (!found) return text.trim() ? { filter: { field: 'path', op: '~', value: text.trim() } } : { problem: 'empty' };
  const [, not, name, op, value] = found;
  const field = name === 'response_code' || name === 'status_class' ? 'status' : name;
  const kind = kindOf(field);
  if (!kind) return { problem: 'field', name };
  if (value === '') return { problem: 'value', name };
  const fits = { text: ':~^', number: ':><', status: ':><', json: '~' }[kind] ?? '';
  if (!fits.includes(op) || (not && op !== ':')) return { problem: 'operator', name };
  if ((op === '>' || op === '<') && !/^\d+$/.test(value)) return { problem: 'number', name };
  return { filter: { field, op: not ? '-' : op, value } };
}

// A filter as text, which parseFilter reads again.
export function filterText({ field, op, value }) {
  return op === '-' ? `-${field}:${value}` : `${field}${op}${value}`;
}

// Splits what a reader typed into filters: blanks part them, quotes keep a value together.
export function splitWords(text) {
  const words = text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
  return words.map((word) => word.replaceAll('"', ''));
}

// Adds a filter, in place of its opposite; a filter that is there is taken away.
export function toggleFilter(filters, filter) {
  const text = filterText(filter);
  const rest = filters.filter((other) => filterText(other) !== text);
  if (rest.length < filters.length) return rest;
  const opposite = { ':': '-', '-': ':' }[filter.op];
  return [...rest.filter((other) => filterText(other) !== filterText({ ...filter, op: opposite })), filter];
}

export const hasFilter = (filters, filter) => filters.some((other) => filterText(other) === filterText(filter));

// The parameters of /query: values of a field in one list, because a list means one of them.
export function filterParameters(filters) {
  const lists = new Map();
  const single = [];
  for (const { field, op, value } of filters) {
    if (SUFFIX[op]) {
      const name = field === 'status' ? 'response_code' : field;
      single.push([name === 'path' && op === '~' ? 'path' : name + SUFFIX[op], value]);
      continue;
    }
    const base = field === 'path' ? 'path_exact' : field;
    const name = op === '-' ? `${base}!` : base;
    const values = field === 'status' && value === 'none' ? '0' : value.replace(/[\\,]/g, '\\$&');
    lists.set(name, [...(lists.get(name) ?? []), values]);
  }
  return [...[...lists].map(([name, values]) => [name, values.join(',')]), ...single];
}

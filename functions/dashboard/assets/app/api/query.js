// What the page asks, one function for each path below /query. `scope` is the parameters of range and filters.
import { getJson } from './client.js';
import { filterParameters } from '../state/filters.js';

export const scopeOf = (range, filters) => [...range.parameters, ...filterParameters(filters)];

export const histogram = (scope, by, measures, signal) =>
  getJson('query/histogram', [...scope, ...(by ? [['by', by]] : []), ['measures', measures.join()]], { signal });

export const facets = (scope, fields, signal) =>
  getJson('query/facets', [...scope, ['fields', fields.join()], ['limit', '8']], { signal });

export const top = (scope, by, { order = 'count', limit = 10, measures }, signal) =>
  getJson('query/top', [
    ...scope, ['by', by], ['order', order], ['limit', String(limit)], ['measures', measures.join()],
  ], { signal });

export const summary = (scope, signal) => getJson('query/summary', [...scope, ['compare', 'previous']], { signal });

// The time of the newest record, in milliseconds since 1970; nothing where there is none.
export const lastTime = (signal) =>
  page([], ['start_time'], '', 1, signal).then(({ logs }) => ({ at: logs?.length ? Date.parse(logs[0].start_time) : undefined }));

// What a session is named by: its calls' session id, else their chat id.
export const sessionField = (scope, id) =>
  getJson(`query/sessions/${encodeURIComponent(id)}`, [...scope, ['fields', 'session_id']])
    .then(({ logs }) => (logs?.[0]?.session_id === id ? 'session_id' : 'chat_id'));

export const sessions = (scope, signal) => getJson('query/sessions', [...scope, ['limit', '20']], { signal });

export const prices = (signal) => getJson('query/prices', [], { signal });

export const page = (scope, fields, cursor, size, signal) =>
  getJson('query', [...scope, ['fields', fields.join()], ['page_size', String(size)], ['cursor', cursor]], { signal });

export const record = (id, signal) =>
  getJson(`query/${encodeURIComponent(id)}`, [], { signal }).then((answer) => answer.log);

// The records that came after a cursor, oldest first; without a cursor, that of now.
export const tail = (filters, fields, after, wait, signal) =>
  getJson('query/tail', [
    ...filterParameters(filters), ['fields', fields.join()], ...(after ? [['after', after], ['wait', String(wait)], ['limit', '500']] : []),
  ], { signal });

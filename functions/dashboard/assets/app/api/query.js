// The requests of the page, one function for each path below /query. `scope` holds the parameters of the range and the filters.
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

// The time of the newest record, in milliseconds since 1970; undefined when there is none.
export const lastTime = (signal) =>
  page([], ['start_time'], '', 1, signal).then(({ logs }) => ({ at: logs?.length ? Date.parse(logs[0].start_time) : undefined }));

// The field that holds a session's id: session_id, otherwise chat_id.
export const sessionField = (scope, id) =>
  getJson(`query/sessions/${encodeURIComponent(id)}`, [...scope, ['fields', 'session_id']])
    .then(({ logs }) => (logs?.[0]?.session_id === id ? 'session_id' : 'chat_id'));

export const sessions = (scope, signal) => getJson('query/sessions', [...scope, ['limit', '20']], { signal });

export const prices = (signal) => getJson('query/prices', [], { signal });

// How the cost of a record comes about.
export const cost = (id, signal) => getJson(`query/costs/${encodeURIComponent(id)}`, [], { signal });

export const page = (scope, fields, cursor, size, signal) =>
  getJson('query', [...scope, ['fields', fields.join()], ['page_size', String(size)], ['cursor', cursor]], { signal });

export const record = (id, signal) =>
  getJson(`query/${encodeURIComponent(id)}`, [], { signal }).then((answer) => answer.log);

// The records stored after a cursor, oldest first; without a cursor, only the cursor of now.
export const tail = (filters, fields, after, wait, signal) =>
  getJson('query/tail', [
    ...filterParameters(filters), ['fields', fields.join()], ...(after ? [['after', after], ['wait', String(wait)], ['limit', '500']] : []),
  ], { signal });

// What the page asks, one function for each path below /query. `scope` is the parameters of range and filters.
import { getJson } from './client.js';
import { filterParameters } from '../state/filters.js';

export const scopeOf = (range, filters) => [...range.parameters, ...filterParameters(filters)];

export const histogram = (scope, by, measures, signal) =>
  getJson('query/histogram', [...scope, ...(by ? [['by', by]] : []), ['measures', measures.join()]], { signal });

export const facets = (scope, fields, signal) =>
  getJson('query/facets', [...scope, ['fields', fields.join()], ['limit', '8']], { signal });

export const top = (scope, by, { order = 'count', limit = 10, measures, compare }, signal) =>
  getJson('query/top', [
    ...scope, ['by', by], ['order', order], ['limit', String(limit)], ['measures', measures.join()],
    ...(compare ? [['compare', 'previous']] : []),
  ], { signal });

export const summary = (scope, signal) => getJson('query/summary', [...scope, ['compare', 'previous']], { signal });

export const sessions = (scope, signal) => getJson('query/sessions', [...scope, ['limit', '20']], { signal });

export const prices = (signal) => getJson('query/prices', [], { signal });

export const page = (scope, fields, cursor, size, signal) =>
  getJson('query', [...scope, ['fields', fields.join()], ['page_size', String(size)], ['cursor', cursor]], { signal });

export const record = (id, signal) =>
  getJson(`query/${encodeURIComponent(id)}`, [], { signal }).then((answer) => answer.log);

// The records that came after a cursor, oldest first; without a cursor, that of now.
export const tail = (filters, after, wait, signal) =>
  getJson('query/tail', [
    ...filterParameters(filters), ...(after ? [['after', after], ['wait', String(wait)], ['limit', '500']] : []),
  ], { signal });

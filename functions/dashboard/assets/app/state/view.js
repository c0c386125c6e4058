// What the page shows, all of it in the query string, so that a link restores it. It never contains a token.
import { signal, useSignal } from '../signal.js';
import { filterText, parseFilter } from './filters.js';
import { isValidTime } from './time_range.js';
import { DEFAULT_COLUMNS, COLUMN_NAMES } from '../fields.js';

export const TABS = ['requests', 'overview', 'ai', 'mcp', 'pipeline'];
const DEFAULTS = { tab: 'requests', from: 'now-1h', to: 'now', by: 'status_class', group: 'model', id: '', refresh: 0, live: false };

export function readView(search) {
  const parameters = new URLSearchParams(search);
  const read = parameters.getAll('f').map((text) => ({ text, ...parseFilter(text) }));
  const value = (name) => parameters.get(name) ?? DEFAULTS[name];
  const time = (name) => (isValidTime(value(name)) ? value(name) : DEFAULTS[name]);
  const columns = (parameters.get('cols') ?? '').split(',').filter((name) => COLUMN_NAMES.includes(name));
  return {
    tab: TABS.includes(value('tab')) ? value('tab') : DEFAULTS.tab,
    from: time('from'),
    to: time('to'),
    by: value('by'),
    group: value('group'),
    id: value('id'),
    refresh: Number(value('refresh')) || 0,
    live: parameters.get('live') === '1',
    columns: columns.length ? columns : DEFAULT_COLUMNS,
    filters: read.map(({ filter }) => filter).filter(Boolean),
    // Filters of the address that are none, each with its problem.
    ignored: read.filter(({ problem }) => problem && problem !== 'empty'),
  };
}

export function viewSearch(view) {
  const parameters = new URLSearchParams();
  for (const name of ['tab', 'from', 'to', 'by', 'group', 'id', 'refresh']) {
    if (view[name] !== DEFAULTS[name]) parameters.set(name, view[name]);
  }
  if (view.live) parameters.set('live', '1');
  if (view.columns.join() !== DEFAULT_COLUMNS.join()) parameters.set('cols', view.columns.join());
  view.filters.forEach((filter) => parameters.append('f', filterText(filter)));
  const text = parameters.toString().replaceAll('%3A', ':').replaceAll('%2F', '/').replaceAll('%2C', ',');
  return text ? `?${text}` : '';
}

const current = signal(readView(location.search));
addEventListener('popstate', () => current.set(readView(location.search)));

export const getView = current.get;
export const useView = () => useSignal(current);

// Changes part of the view. The browser's back button undoes the user's changes; others replace the entry.
export function setView(change, { replace = false } = {}) {
  // What is ignored is said until the filters change.
  const view = { ...current.get(), ...(change.filters && { ignored: [] }), ...change };
  const url = location.pathname + viewSearch(view);
  history[replace ? 'replaceState' : 'pushState'](null, '', url);
  current.set(view);
}

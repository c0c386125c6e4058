// The requests: histogram, facets, table, and the drawer of one.
import { html, useEffect, useMemo, useReducer, useRef, useState } from '../dom.js';
import { useSignal } from '../signal.js';
import { token } from '../api/token.js';
import { lastTime, scopeOf } from '../api/query.js';
import { useAnswer } from '../api/use_answer.js';
import { useCurrency } from '../ai/currency.js';
import { refresh, useRange } from '../state/clock.js';
import { filterText } from '../state/filters.js';
import { setView, useView } from '../state/view.js';
import { iso } from '../state/time_range.js';
import { Empty, Failure } from '../parts/notice.js';
import { Icon } from '../parts/icons.js';
import { keys } from '../parts/keys.js';
import { whole } from '../format/number.js';
import { dayAndTime } from '../format/time.js';
import { visible } from '../format/value.js';
import { t } from '../texts/index.js';
import { Histogram } from './histogram.js';
import { Facets } from './facets.js';
import { Grid } from './grid.js';
import { Columns } from './columns.js';
import { Export } from './export.js';
import { Drawer } from './drawer.js';
import { MOST, useLive } from './live.js';
import { MOST_ROWS, Pages } from './pages.js';

// How often the counts are refreshed in the live view.
const LIVE_COUNTS_MS = 5000;

export function Requests() {
  const view = useView();
  const range = useRange();
  const scope = useMemo(() => scopeOf(range, view.filters), [range, view.filters]);
  const [narrow, setNarrow] = useState(false);
  const currency = useCurrency(view.columns.includes('cost_nano'));
  const filterKey = view.filters.map(filterText).join('\n');
  const fields = useMemo(() => [...new Set(['record_id', 'response_code', ...view.columns])], [view.columns]);
  const live = useLive(view.live, view.filters, fields, filterKey);
  useEffect(() => {
    if (!view.live) return undefined;
    const timer = setInterval(() => document.hidden || refresh(), LIVE_COUNTS_MS);
    return () => clearInterval(timer);
  }, [view.live]);
  const rate = live.since ? (live.count / Math.max(1, (Date.now() - live.since) / 1000)).toFixed(1) : '0';
  return html`<div class=${`requests ${narrow ? 'show-facets' : ''}`}>
    <${Histogram} scope=${scope} by=${view.by}>
      ${view.live && html`<span class=${`live-note ${live.error ? 'bad' : ''}`} role="status"><i></i>${live.error ? t('Live was interrupted and is retrying: {why}', { why: visible(live.error.message) }) : t('live: {n} records, {rate}/s', { n: whole(live.count), rate })}</span>`}
      <span class="push"></span>
      <button type="button" class="button square facets-button" aria-label=${t('Field values and counts')} aria-pressed=${narrow} onClick=${() => setNarrow(!narrow)}><${Icon} name="facets" /></button>
      <${Columns} columns=${view.columns} /><${Export} scope=${scope} columns=${view.columns} />
    <//>
    <div class="split">
      <${Facets} scope=${scope} filters=${view.filters} />
      <${Table} scope=${scope} range=${range} view=${view} fields=${fields} live=${live} filterKey=${filterKey} currency=${currency} />
    </div>
    ${view.id && html`<${Drawer} id=${view.id} />`}
  </div>`;
}

function Table({ scope, range, view, fields, live, filterKey, currency }) {
  const [, draw] = useReducer((count) => count + 1, 0);
  const [active, setActive] = useState(-1);
  const holder = useSignal(token);
  // In the live view, counts are refreshed, but the rows below the new ones stay those from its start: all that existed once
  // the cursor of the tail was known, so that none is missing in between.
  const isLive = view.live && Boolean(live.since);
  const key = JSON.stringify([isLive ? ['live', view.from, filterKey] : scope, fields, holder]);
  const current = useRef();
  const pages = useMemo(() => {
    current.current?.close();
    current.current = new Pages(isLive ? scope.filter(([name]) => name !== 'end') : scope, fields, () => draw());
    return current.current;
  }, [key]);
  useEffect(() => () => current.current?.close(), []);
  const fresh = useMemo(() => {
    const known = new Set();
    for (let index = 0; index < Math.min(200, pages.length); index += 1) known.add(pages.row(index)?.record_id);
    return live.rows.filter((row) => !known.has(row.record_id));
  }, [live.rows, pages, pages.length]);
  const count = fresh.length + pages.length;
  const rowAt = (index) => (index < fresh.length ? fresh[index] : pages.row(index - fresh.length));
  const open = (row) => setView({ id: row.record_id }, { replace: Boolean(view.id) });
  useEffect(() => keys.use({
    j: () => setActive(Math.min(count - 1, active + 1)),
    k: () => setActive(Math.max(0, active - 1)),
    Enter: () => rowAt(active) && open(rowAt(active)),
  }), [active, count, view.id, pages]);
  useEffect(() => setActive(-1), [key]);
  // j and k also change the open record.
  useEffect(() => {
    const row = rowAt(active);
    if (view.id && row && row.record_id !== view.id) open(row);
  }, [active]);
  pages.want(0, 0);
  if (pages.error && !count) return html`<div class="table"><${Failure} error=${pages.error} /></div>`;
  if (pages.ended && !count) return html`<div class="table"><${Nothing} view=${view} range=${range} /></div>`;
  return html`<div class="table">
    <${Grid} columns=${view.columns} count=${count} total=${pages.ended ? count + 1 : -1} rowAt=${rowAt} want=${(first, last) => pages.want(first - fresh.length, last - fresh.length)} active=${active}
      onActive=${setActive} onOpen=${open} openId=${view.id} currency=${currency} added=${{ rows: live.added ?? 0, count: live.count }} />
    <p class="table-foot" role="status">${live.count > MOST && html`<span class="warn">${t('Live keeps the newest {n} records. {m} older ones are no longer shown; stop Live to see them.', { n: whole(MOST), m: whole(live.count - MOST) })}</span> `}${foot(pages, count)}${pages.error && html` <button type="button" class="link" onClick=${refresh}>${t('Try again')}</button>`}</p>
  </div>`;
}

function foot(pages, count) {
  if (pages.error) return t('The next records could not be loaded.');
  if (pages.ended) return t('{n} requests, all that match', { n: whole(count) });
  if (pages.length >= MOST_ROWS) return t('{n} requests shown; a shorter time range shows the rest', { n: whole(count) });
  return count ? t('{n} requests loaded; scroll for more', { n: whole(count) }) : t('Loading …');
}

// No record: says whether the filters or the range are the reason, and where there are records.
function Nothing({ view, range }) {
  const { data } = useAnswer((signal) => lastTime(signal), 'last');
  const last = data?.at;
  const around = () => setView({ from: iso(last - (range.end - range.start)), to: iso(last + 1000), live: false });
  if (data && last === undefined) {
    return html`<${Empty} title=${t('No records yet')}>
      <p>${t('Install the filter in the gateway and send a request: it appears here a second later. The Pipeline tab shows whether filters are pushing.')}</p>
    <//>`;
  }
  return html`<${Empty} title=${view.filters.length ? t('No matching requests') : t('No requests in this time range')}>
    ${last < range.start && html`<p>${t('The last record is from {time}.', { time: dayAndTime(last) })}</p>`}
    <p class="actions">
      ${view.filters.length > 0 && html`<button type="button" class="button" onClick=${() => setView({ filters: [] })}>${t('Remove all filters')}</button>`}
      ${last < range.start && html`<button type="button" class="button" onClick=${around}>${t('Show that time')}</button>`}
      <button type="button" class="button" onClick=${() => setView({ from: 'now-24h', to: 'now' })}>${t('Last 24 hours')}</button>
    </p>
  <//>`;
}

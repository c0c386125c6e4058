// MCP: which servers and tools are called, by whom, how well and how fast.
import { html, useMemo } from '../dom.js';
import { useAnswer } from '../api/use_answer.js';
import { histogram, scopeOf, summary, top } from '../api/query.js';
import { useRange } from '../state/clock.js';
import { setView, useView } from '../state/view.js';
import { Answer, Empty, Sampled } from '../parts/notice.js';
import { Card, ErrorRate } from '../parts/card.js';
import { DataTable } from '../parts/data_table.js';
import { bytes, milliseconds, percent, ratio, short, whole } from '../format/number.js';
import { dayAndTime } from '../format/time.js';
import { Lines, openRequests, percentiles } from '../overview/tab.js';
import { seriesOf } from '../requests/histogram.js';
import { t, fieldLabel } from '../texts/index.js';

// Paths of MCP servers are below this one, as in Higress.
const MCP_ONLY = [['bizType', 'MCP_SERVER']];
const MEASURES = ['count', 'errors', 'client_errors', 'duration_p50', 'duration_p95', 'bytes_sent'];
const TABLES = [['mcp_server', 'Servers'], ['mcp_tool', 'Tools'], ['consumer', 'Consumers'], ['response_code', 'Status codes']];

export function Mcp() {
  const view = useView();
  const range = useRange();
  const scope = useMemo(() => [...scopeOf(range, view.filters), ...MCP_ONLY], [range, view.filters]);
  const sums = useAnswer((signal) => summary(scope, signal), ['mcp', scope]);
  if (sums.data && !sums.loading && sums.data.values.count === 0) {
    return html`<${Empty} title=${t('No MCP calls in this time range')}>
      <p>${t('MCP calls are those whose path begins with /mcp-servers.')}</p>
      <p class="actions"><button type="button" class="button" onClick=${() => setView({ from: 'now-7d', to: 'now' })}>${t('7 days')}</button></p><//>`;
  }
  return html`<div class="stack">
    <${Answer} answer=${sums}>${(data) => html`<${Figures} data=${data} />`}<//>
    <${Charts} scope=${scope} />
    <div class="tables">${TABLES.map(([field, title]) => html`<${Top} key=${field} field=${field} title=${title} scope=${scope} filters=${view.filters} />`)}</div>
  </div>`;
}

function Figures({ data }) {
  const now = data.values;
  const before = data.previous ?? {};
  return html`<div class="cards">
      <${Card} title=${t('Calls')} value=${short(now.count)} now=${now.count} before=${before.count} />
      <${Card} title=${t('Errors')} value=${percent(ratio(now.errors, now.count))} detail=${t('{n} with 5xx or no response', { n: whole(now.errors) })} now=${ratio(now.errors, now.count)} before=${ratio(before.errors, before.count)} worse=${1} />
      <${Card} title=${t('Client errors (4xx)')} value=${percent(ratio(now.client_errors, now.count))} detail=${whole(now.client_errors)} now=${now.client_errors} before=${before.client_errors} worse=${1} />
      <${Card} title=${t('Median duration')} value=${milliseconds(now.duration_p50)} detail="p50" now=${now.duration_p50} before=${before.duration_p50} worse=${1} />
      <${Card} title=${t('95th percentile')} value=${milliseconds(now.duration_p95)} detail="p95" now=${now.duration_p95} before=${before.duration_p95} worse=${1} />
    </div><${Sampled} data=${data} format=${{ whole, time: dayAndTime }} />`;
}

function Charts({ scope }) {
  const calls = useAnswer((signal) => histogram(scope, 'mcp_server', ['count'], signal), ['mcp-calls', scope]);
  const times = useAnswer((signal) => histogram(scope, '', ['duration_p50', 'duration_p95', 'duration_p99'], signal), ['mcp-times', scope]);
  return html`<div class="charts">
    <section class="card"><h3>${t('Calls by server')}</h3><${Answer} answer=${calls}>${(data) => html`<${Lines} data=${data} kind="bars" series=${seriesOf(data, 'count', 'mcp_server')} />`}<//></section>
    <section class="card"><h3>${t('Duration')}</h3><${Answer} answer=${times}>${(data) => html`<${Lines} data=${data} format=${milliseconds} series=${percentiles(data, 'duration')} />`}<//></section>
  </div>`;
}

function Top({ field, title, scope, filters }) {
  const answer = useAnswer((signal) => top(scope, field, { measures: MEASURES, limit: 15 }, signal), ['mcp-top', field, scope]);
  const columns = [
    { title: t('calls'), value: (row) => short(row.values.count) },
    { title: t('errors'), value: (row) => html`<${ErrorRate} values=${row.values} />` },
    { title: 'p50', value: (row) => milliseconds(row.values.duration_p50) },
    { title: 'p95', value: (row) => milliseconds(row.values.duration_p95) },
    { title: t('sent'), value: (row) => bytes(row.values.bytes_sent) },
  ];
  return html`<${Answer} answer=${answer}>${(data) => html`<${DataTable} title=${t(title)} rows=${data.rows} nameTitle=${fieldLabel(field)} name=${(row) => String(row.key)}
    share=${(row) => row.values.count} columns=${columns} onOpen=${openRequests(field, filters)} />`}<//>`;
}

// The overview: volume, errors and latency, compared with the previous period; and the top routes, clients and so on.
import { html, useMemo } from '../dom.js';
import { useAnswer } from '../api/use_answer.js';
import { histogram, scopeOf, summary, top } from '../api/query.js';
import { useRange } from '../state/clock.js';
import { setView, useView } from '../state/view.js';
import { toggleFilter, valueFilter } from '../state/filters.js';
import { Answer, Sampled } from '../parts/notice.js';
import { Card, ErrorRate } from '../parts/card.js';
import { Chart } from '../parts/chart.js';
import { DataTable } from '../parts/data_table.js';
import { bytes, milliseconds, percent, ratio, short, whole } from '../format/number.js';
import { dayAndTime } from '../format/time.js';
import { brush, seriesOf } from '../requests/histogram.js';
import { t, fieldLabel } from '../texts/index.js';

const sampledFormat = { whole, time: dayAndTime };
const TOPS = [['route_name', 'Routes'], ['path', 'Paths'], ['consumer', 'Consumers'], ['service', 'Services'], ['upstream_host', 'Upstreams'], ['user_agent', 'User agents'], ['authority', 'Hosts'], ['downstream_remote_host', 'Client addresses']];
const MEASURES = ['count', 'errors', 'duration_p50', 'duration_p95', 'bytes_sent'];

// Shows the requests with this value; with Alt, those without it.
export const openRequests = (field, filters) => (row, event) =>
  setView({ tab: 'requests', filters: toggleFilter(filters, valueFilter(field, row.key, event.altKey)) });

export function Overview() {
  const view = useView();
  const range = useRange();
  const scope = useMemo(() => scopeOf(range, view.filters), [range, view.filters]);
  const sums = useAnswer((signal) => summary(scope, signal), ['summary', scope]);
  return html`<div class="stack">
    <${Answer} answer=${sums}>${(data) => html`<${Figures} data=${data} range=${range} /><${Sampled} data=${data} format=${sampledFormat} />`}<//>
    <${Charts} scope=${scope} />
    <div class="tables">${TOPS.map(([field, title]) => html`<${Top} key=${field} field=${field} title=${title} scope=${scope} filters=${view.filters} />`)}</div>
  </div>`;
}

function Figures({ data, range }) {
  const now = data.values;
  // Absent when the two ranges hold more records than the database may examine.
  const before = data.previous ?? {};
  const seconds = Math.max(1, (range.end - range.start) / 1000);
  const rate = ratio(now.errors, now.count);
  return html`<div class="cards">
    <${Card} title=${t('Requests')} value=${short(now.count)} detail=${t('{n} per second', { n: short(now.count / seconds) })} now=${now.count} before=${before.count} />
    <${Card} title=${t('Errors')} value=${percent(rate)} detail=${t('{n} with 5xx or no response', { n: short(now.errors) })} now=${rate} before=${ratio(before.errors, before.count)} worse=${1} />
    <${Card} title=${t('Client errors (4xx)')} value=${percent(ratio(now.client_errors, now.count))} detail=${short(now.client_errors)} now=${ratio(now.client_errors, now.count)} before=${ratio(before.client_errors, before.count)} worse=${1} />
    <${Card} title=${t('Median duration')} value=${milliseconds(now.duration_p50)} detail="p50" now=${now.duration_p50} before=${before.duration_p50} worse=${1} />
    <${Card} title=${t('95th percentile')} value=${milliseconds(now.duration_p95)} detail="p95" now=${now.duration_p95} before=${before.duration_p95} worse=${1} />
    <${Card} title=${t('99th percentile')} value=${milliseconds(now.duration_p99)} detail="p99" now=${now.duration_p99} before=${before.duration_p99} worse=${1} />
    <${Card} title=${t('Bytes sent')} value=${bytes(now.bytes_sent)} detail=${t('{n} received', { n: bytes(now.bytes_received) })} now=${now.bytes_sent} before=${before.bytes_sent} />
  </div>`;
}

function Charts({ scope }) {
  const all = useAnswer((signal) => histogram(scope, '', ['count', 'errors', 'duration_p50', 'duration_p95', 'duration_p99'], signal), ['overview', scope]);
  const byStatus = useAnswer((signal) => histogram(scope, 'status_class', ['count'], signal), ['overview-status', scope]);
  return html`<div class="charts">
    <section class="card"><h3>${t('Requests over time')}</h3><${Answer} answer=${byStatus}>${(data) => html`<${Lines} data=${data} kind="bars" series=${seriesOf(data, 'count', 'status_class')} />`}<//></section>
    <section class="card"><h3>${t('Duration')}</h3><${Answer} answer=${all}>${(data) => html`<${Lines} data=${data} format=${milliseconds} series=${percentiles(data, 'duration')} />`}<//></section>
  </div>`;
}

export const percentiles = (data, measure) => ['p50', 'p95', 'p99'].filter((name) => data.series[0]?.values[`${measure}_${name}`])
  .map((name, index) => ({ label: name, color: ['--c-1', '--c-2', '--c-3'][index], values: data.series[0].values[`${measure}_${name}`] }));

export function Lines({ data, series, kind = 'line', format, label }) {
  const times = useMemo(() => data.times.map((time) => Date.parse(time)), [data]);
  const stable = useMemo(() => series, [data]);
  return html`<${Chart} times=${times} series=${stable} stepMs=${data.interval_ms} kind=${kind} format=${format} onBrush=${brush} label=${label ?? t('Over time. Drag across a part to zoom in.')} />`;
}

function Top({ field, title, scope, filters }) {
  const answer = useAnswer((signal) => top(scope, field, { measures: MEASURES }, signal), ['top', field, scope]);
  const columns = [
    { title: t('requests'), value: (row) => short(row.values.count) },
    { title: t('errors'), value: (row) => html`<${ErrorRate} values=${row.values} />` },
    { title: 'p50', value: (row) => milliseconds(row.values.duration_p50) },
    { title: 'p95', value: (row) => milliseconds(row.values.duration_p95) },
    { title: t('sent'), value: (row) => bytes(row.values.bytes_sent) },
  ];
  return html`<${Answer} answer=${answer}>${(data) => html`<${DataTable} title=${t(title)} rows=${data.rows} nameTitle=${fieldLabel(field)} name=${(row) => row.key}
    share=${(row) => row.values.count} columns=${columns} onOpen=${openRequests(field, filters)} />`}<//>`;
}

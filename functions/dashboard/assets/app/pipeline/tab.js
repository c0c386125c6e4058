// The pipeline: what became of every record, by gatelog's own counters. These count since the database was created, whatever
// the time range.
import { html, useEffect, useRef, useState } from '../dom.js';
import { useAnswer } from '../api/use_answer.js';
import { metrics } from '../api/prometheus.js';
import { lastTime } from '../api/query.js';
import { refresh, useRange } from '../state/clock.js';
import { Answer } from '../parts/notice.js';
import { Card } from '../parts/card.js';
import { milliseconds, ratio, percent, short, whole } from '../format/number.js';
import { dayAndTime } from '../format/time.js';
import { t } from '../texts/index.js';

const OUTCOMES = [['accepted', 'stored'], ['duplicate', 'sent again, stored once'], ['rejected', 'could not be read']];
const AGAIN_MS = 5000;

export function Pipeline() {
  const range = useRange();
  const answer = useAnswer((signal) => metrics(signal), ['metrics', range.end]);
  useEffect(() => {
    const timer = setInterval(() => document.hidden || refresh(), AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  return html`<div class="stack"><${Answer} answer=${answer}>${(data) => html`<${Whole} data=${data} />`}<//></div>`;
}

function Whole({ data }) {
  const records = (outcome) => data.sum('gatelog_ingest_records_total', { outcome }) ?? 0;
  const perSecond = useRate(data);
  const dropped = data.sum('gatelog_filter_dropped_records_total') ?? 0;
  const rejected = records('rejected');
  const lost = dropped + rejected;
  const all = records('accepted') + lost;
  const seconds = (share) => { const value = data.quantile('gatelog_ingest_write_seconds', share); return value === undefined ? undefined : value * 1000; };
  const lastSeen = useAnswer((signal) => lastTime(signal), ['last', data.sum('gatelog_ingest_records_total')]).data?.at;
  return html`
    <section class=${`card verdict ${lost ? 'bad-side' : 'good-side'}`} role="status"><p class="figure">${t('{lost} lost of {all}', { lost: whole(lost), all: whole(all) })}</p>
      <p class="detail">${lost ? t('{share} of all records that filters made', { share: percent(ratio(lost, all)) }) : t('Every record that a filter reported is stored.')}</p></section>
    <div class="cards">
      <${Card} title=${t('Stored')} value=${short(records('accepted'))} detail=${perSecond} />
      <${Card} title=${t('Duplicates')} value=${short(records('duplicate'))} detail=${t('sent again, stored once')} />
      <${Card} title=${t('Waiting in filters')} value=${short(data.sum('gatelog_filter_queue_entries'))} detail=${t('at their last push')} />
      <${Card} title=${t('Filter retries')} value=${short(data.sum('gatelog_filter_retries_total'))} detail=${t('pushes repeated')} />
      <${Card} title=${t('Active filters')} value=${short(data.sum('gatelog_filters'))} detail=${t('in the last two minutes')} />
      <${Card} title=${t('Write time')} value=${milliseconds(seconds(0.5))} detail=${t('p99 {n}', { n: milliseconds(seconds(0.99)) })} />
      <${Card} title=${t('Last record')} value=${lastSeen === undefined ? '–' : milliseconds(Math.max(0, Date.now() - lastSeen))} detail=${lastSeen === undefined ? '' : t('ago, at {time}', { time: dayAndTime(lastSeen) })} />
    </div>
    <div class="tables">
      <${Counts} title=${t('Records at ingest')} rows=${OUTCOMES.map(([outcome, text]) => [`${outcome}: ${t(text)}`, records(outcome), outcome === 'rejected'])} />
      <${Counts} title=${t('Lost, by reason')} rows=${[[t('dropped in filters: the gateway’s statistics gatelog_dropped_… say why'), dropped, true], [t('rejected by ingest'), rejected, true]]} />
      <${Counts} title=${t('Requests to ingest, by status')} rows=${data.all('gatelog_ingest_requests_total').filter((one) => one.value || one.labels.code === '200').map((one) => [one.labels.code, one.value, one.labels.code !== '200'])} />
      <${Counts} title=${t('Ingest failures')} rows=${data.all('gatelog_ingest_failures_total').map((one) => [one.labels.class.replaceAll('_', ' '), one.value, true])} />
      <${Counts} title=${t('Repaired on the way')} rows=${[[t('values cut, left out or repaired'), data.sum('gatelog_ingest_values_cut_total'), false], [t('AI logs left out'), data.sum('gatelog_ingest_invalid_ai_logs_total'), false], [t('records deleted by retention'), data.sum('gatelog_retention_deleted_records_total'), false], [t('counts added late'), data.sum('gatelog_flush_failures_total'), false]]} />
      <${Counts} title="Syslog" rows=${data.all('gatelog_syslog_events_total').map((one) => [one.labels.event.replaceAll('_', ' '), one.value, ['dropped', 'failed', 'misconfigured'].includes(one.labels.event)])} />
    </div>`;
}

// Records per second since the previous response.
function useRate(data) {
  const before = useRef();
  const [text, setText] = useState('');
  useEffect(() => {
    const now = { at: Date.now(), count: data.sum('gatelog_ingest_records_total', { outcome: 'accepted' }) ?? 0 };
    if (before.current) setText(t('{n} per second', { n: short(((now.count - before.current.count) * 1000) / Math.max(1, now.at - before.current.at)) }));
    before.current = now;
  }, [data]);
  return text;
}

const Counts = ({ title, rows }) => html`<section class="card table-card"><h3>${title}</h3><table class="sums"><tbody>
  ${rows.map(([name, value, isBad]) => html`<tr key=${name}><th scope="row">${name}</th><td class=${`numeric ${value > 0 && isBad ? 'bad' : ''}`}>${whole(value)}</td></tr>`)}
</tbody></table></section>`;

// AI calls: tokens, cost and speed, by model, provider, consumer and route. Each sum shows what it leaves out.
import { html, useMemo } from '../dom.js';
import { useAnswer } from '../api/use_answer.js';
import { histogram, scopeOf, summary, top } from '../api/query.js';
import { useRange } from '../state/clock.js';
import { setView, useView } from '../state/view.js';
import { Answer, Empty, Sampled } from '../parts/notice.js';
import { Card, ErrorRate } from '../parts/card.js';
import { DataTable } from '../parts/data_table.js';
import { milliseconds, money, percent, ratio, short, whole } from '../format/number.js';
import { dayAndTime } from '../format/time.js';
import { Lines, openRequests, percentiles } from '../overview/tab.js';
import { seriesOf } from '../requests/histogram.js';
import { t, fieldLabel } from '../texts/index.js';
import { useCurrency } from './currency.js';
import { Sessions } from './sessions.js';

const GROUPS = ['model', 'provider', 'consumer', 'route_name'];
// Records with a model are the AI calls.
export const AI_ONLY = [['bizType', 'MODEL_API']];
const MEASURES = ['count', 'errors', 'input_tokens', 'cached_tokens', 'output_tokens', 'reasoning_tokens', 'total_tokens', 'cost_nano', 'unpriced', 'ai_without_usage', 'time_to_first_token_p50', 'time_to_first_token_p95', 'duration_p50'];

export function Ai() {
  const view = useView();
  const range = useRange();
  const currency = useCurrency();
  const scope = useMemo(() => [...scopeOf(range, view.filters), ...AI_ONLY], [range, view.filters]);
  const sums = useAnswer((signal) => summary(scope, signal), ['ai', scope]);
  if (sums.data && !sums.loading && sums.data.values.count === 0) {
    return html`<${Empty} title=${t('No AI calls in this time range')}>
      <p>${t('An AI call is a request whose body or response names a model. The filter looks for them on the paths in ai.paths.')}</p>
      <p class="actions"><button type="button" class="button" onClick=${() => setView({ from: 'now-7d', to: 'now' })}>${t('7 days')}</button></p><//>`;
  }
  return html`<div class="stack">
    <${Answer} answer=${sums}>${(data) => html`<${Figures} data=${data} currency=${currency} /><${Sampled} data=${data} format=${{ whole, time: dayAndTime }} />`}<//>
    <${Charts} scope=${scope} />
    <${Groups} group=${view.group} scope=${scope} filters=${view.filters} currency=${currency} />
    <${Sessions} scope=${scope} currency=${currency} />
  </div>`;
}

// What a sum leaves out: calls without usage, and calls without a price.
export const Missing = ({ values }) => {
  const parts = [
    values.ai_without_usage > 0 && t('excludes {n} calls without usage', { n: whole(values.ai_without_usage) }),
    values.unpriced > 0 && t('excludes {n} calls without a price', { n: whole(values.unpriced) }),
  ].filter(Boolean);
  return parts.length ? html`<span class="missing">${parts.join(t(', '))}</span>` : null;
};

function Figures({ data, currency }) {
  const now = data.values;
  const before = data.previous ?? {};
  const fresh = now.input_tokens === null ? null : now.input_tokens - (now.cached_tokens ?? 0);
  const priced = now.count - (now.unpriced ?? 0) - (now.ai_without_usage ?? 0);
  const usage = html`<${Missing} values=${{ ai_without_usage: now.ai_without_usage }} />`;
  return html`<div class="cards">
    <${Card} title=${t('Calls')} value=${short(now.count)} detail=${t('{n} errors', { n: percent(ratio(now.errors, now.count)) })} now=${now.count} before=${before.count} />
    <${Card} title=${t('Tokens')} value=${short(now.total_tokens)} detail=${usage} now=${now.total_tokens} before=${before.total_tokens} />
    <${Card} title=${t('Input')} value=${short(now.input_tokens)} detail=${t('{fresh} fresh, {cached} cached', { fresh: short(fresh), cached: short(now.cached_tokens ?? 0) })} now=${now.input_tokens} before=${before.input_tokens} />
    <${Card} title=${t('Output')} value=${short(now.output_tokens)} detail=${t('{n} reasoning', { n: short(now.reasoning_tokens ?? 0) })} now=${now.output_tokens} before=${before.output_tokens} />
    <${Card} title=${t('Cost')} value=${money(now.cost_nano, currency)} detail=${html`${now.cost_nano !== null && priced > 0 && html`<span>${t('{n} per call', { n: money(now.cost_nano / priced, currency) })}</span>`} <${Missing} values=${now} />`} now=${now.cost_nano} before=${before.cost_nano} worse=${1} />
    <${Card} title=${t('First token')} value=${milliseconds(now.time_to_first_token_p50)} detail=${t('p95 {n}', { n: milliseconds(now.time_to_first_token_p95) })} now=${now.time_to_first_token_p50} before=${before.time_to_first_token_p50} worse=${1} />
  </div>`;
}

function Charts({ scope }) {
  const tokens = useAnswer((signal) => histogram(scope, 'model', ['total_tokens'], signal), ['ai-tokens', scope]);
  const first = useAnswer((signal) => histogram(scope, '', ['time_to_first_token_p50', 'time_to_first_token_p95', 'time_to_first_token_p99'], signal), ['ai-first', scope]);
  return html`<div class="charts">
    <section class="card"><h3>${t('Tokens by model')}</h3><${Answer} answer=${tokens}>${(data) => html`<${Lines} data=${data} kind="bars" series=${seriesOf(data, 'total_tokens', 'model')} />`}<//></section>
    <section class="card"><h3>${t('First token')}</h3><${Answer} answer=${first}>${(data) => html`<${Lines} data=${data} format=${milliseconds} series=${percentiles(data, 'time_to_first_token')} />`}<//></section>
  </div>`;
}

// Tokens per second while a typical response is generated: mean output tokens divided by the median generation time.
const speed = ({ output_tokens: tokens, count, ai_without_usage: without, duration_p50: whole50, time_to_first_token_p50: first }) => {
  const seconds = ((whole50 ?? 0) - (first ?? 0)) / 1000;
  const calls = count - (without ?? 0);
  return tokens && calls > 0 && seconds > 0 ? short(tokens / calls / seconds) : '–';
};

function Groups({ group, scope, filters, currency }) {
  const by = GROUPS.includes(group) ? group : 'model';
  const answer = useAnswer((signal) => top(scope, by, { order: 'total_tokens', limit: 20, measures: MEASURES }, signal), ['ai-top', by, scope]);
  const columns = [
    { title: t('calls'), value: (row) => short(row.values.count) },
    { title: t('errors'), value: (row) => html`<${ErrorRate} values=${row.values} />` },
    { title: t('fresh'), value: (row) => short(row.values.input_tokens === null ? null : row.values.input_tokens - (row.values.cached_tokens ?? 0)), help: t('input tokens that did not come from a cache') },
    { title: t('cached'), value: (row) => short(row.values.cached_tokens) },
    { title: t('output'), value: (row) => short(row.values.output_tokens) },
    { title: t('reasoning'), value: (row) => short(row.values.reasoning_tokens), help: t('part of the output') },
    { title: t('cost'), value: (row) => (row.values.unpriced > 0 && row.values.cost_nano === null ? html`<span class="warn">${t('no price')}</span>` : money(row.values.cost_nano, currency)) },
    { title: t('first token'), value: (row) => milliseconds(row.values.time_to_first_token_p50), help: 'p50' },
    { title: t('tokens/s'), value: (row) => speed(row.values), help: t('mean output tokens divided by the median time from first token to end') },
    { title: t('no usage'), value: (row) => html`<span class=${row.values.ai_without_usage ? 'warn' : 'quiet'}>${whole(row.values.ai_without_usage)}</span>`, help: t('calls without token counts') },
    { title: t('no price'), value: (row) => html`<span class=${row.values.unpriced ? 'warn' : 'quiet'}>${whole(row.values.unpriced)}</span>`, help: t('calls with tokens whose model has no price') },
  ];
  return html`<div>
    <fieldset class="segments by"><legend>${t('by')}</legend>${GROUPS.map((name) => html`<button type="button" key=${name} aria-pressed=${name === by} onClick=${() => setView({ group: name }, { replace: true })}>${fieldLabel(name)}</button>`)}</fieldset>
    <${Answer} answer=${answer}>${(data) => html`<${DataTable} title=${t('AI calls by {name}', { name: fieldLabel(by) })} rows=${data.rows} nameTitle=${fieldLabel(by)} name=${(row) => row.key}
      share=${(row) => row.values.total_tokens ?? 0} columns=${columns} onOpen=${openRequests(by, filters)} />`}<//>
  </div>`;
}

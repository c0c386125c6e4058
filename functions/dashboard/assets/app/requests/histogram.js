// The number of requests over time, split by a field. Dragging across a part zooms in.
import { html, useMemo } from '../dom.js';
import { useAnswer } from '../api/use_answer.js';
import { histogram } from '../api/query.js';
import { Chart } from '../parts/chart.js';
import { seriesColor } from '../parts/palette.js';
import { Answer } from '../parts/notice.js';
import { add, short, whole } from '../format/number.js';
import { visible } from '../format/value.js';
import { setView } from '../state/view.js';
import { iso } from '../state/time_range.js';
import { t, fieldLabel } from '../texts/index.js';

export const SPLITS = ['status_class', 'method', 'route_name', 'service', 'consumer', 'model', 'provider', 'mcp_tool', 'instance_id', 'downstream_remote_host'];

export const seriesLabel = (one) =>
  one.other ? t('other') : one.key === null || one.key === '' || one.key === 'none' ? t('(none)') : visible(one.key);

// The series of a response for one measure, in an order that keeps good and bad apart.
export function seriesOf(data, measure, by) {
  const known = by === 'status_class' ? [...data.series].sort((a, b) => String(a.key).localeCompare(String(b.key))) : data.series;
  return known.map((one, index) => ({
    label: seriesLabel(one), color: seriesColor(by, one.key, index, one.other), values: one.values[measure],
  }));
}

export function brush(from, to) {
  setView({ from: iso(Math.floor(from)), to: iso(Math.ceil(to)), live: false });
}

export function Histogram({ scope, by, total, children }) {
  const answer = useAnswer((signal) => histogram(scope, by, ['count'], signal), ['histogram', scope, by]);
  return html`<section class="card histogram" aria-label=${t('Requests over time')}>
    <div class="card-head">
      <h2>${total ?? html`<${Count} data=${answer.data} />`}</h2>
      <label class="field-choice"><span>${t('split by')}</span>
        <select value=${by} onChange=${(event) => setView({ by: event.target.value })}>
          ${SPLITS.map((name) => html`<option value=${name}>${fieldLabel(name)}</option>`)}
        </select></label>
      ${children}
    </div>
    <${Answer} answer=${answer}>${(data) => html`<${Bars} data=${data} by=${by} />`}<//>
  </section>`;
}

const Count = ({ data }) => (data ? t('{n} requests', { n: whole(sum(data)) }) : t('Requests'));
const sum = (data) => add(data.series.flatMap((one) => one.values.count)) ?? 0;

function Bars({ data, by }) {
  const times = useMemo(() => data.times.map((time) => Date.parse(time)), [data]);
  const series = useMemo(() => seriesOf(data, 'count', by), [data, by]);
  return html`<${Chart} times=${times} series=${series} stepMs=${data.interval_ms} kind="bars" height=${120} format=${short}
    onBrush=${brush} label=${t('Requests over time. Drag across a part to zoom in.')} />
    ${data.sampled && html`<p class="hint">${t('Only the newest {n} records.', { n: whole(data.sampled.records) })}</p>`}`;
}

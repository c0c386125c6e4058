// A figure in a card: its name, its value, and its change from the previous period.
import { html } from '../dom.js';
import { t } from '../texts/index.js';
import { percent, ratio } from '../format/number.js';

// `worse` says which direction is bad: 1 for more, -1 for less, 0 for neither.
export function Change({ now, before, worse = 0 }) {
  if (before === null || before === undefined || now === null || now === undefined) return null;
  if (before === 0) return now === 0 ? null : html`<span class="change">${t('none before')}</span>`;
  const change = (now - before) / Math.abs(before);
  if (Math.abs(change) < 0.0005) return html`<span class="change">${t('unchanged')}</span>`;
  const kind = worse && Math.abs(change) >= 0.05 ? (Math.sign(change) === worse ? 'bad' : 'good') : '';
  return html`<span class=${`change ${kind}`} title=${t('compared with the previous period')}>${change > 0 ? '▲' : '▼'} ${percent(Math.abs(change))}</span>`;
}

export const Card = ({ title, value, detail, now, before, worse, help }) => html`<div class="card figure-card" title=${help}>
  <h3>${title}</h3>
  <p class="figure">${value}</p>
  <p class="detail"><${Change} now=${now} before=${before} worse=${worse} />${detail && html` <span>${detail}</span>`}</p>
</div>`;

// The share of errors; red from here on.
const HIGH = 0.05;
export function ErrorRate({ values: { errors, count } }) {
  const rate = ratio(errors, count);
  return html`<span class=${rate >= HIGH ? 'bad' : rate > 0 ? '' : 'quiet'}>${percent(rate)}</span>`;
}

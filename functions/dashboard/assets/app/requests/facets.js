// Facets: the values of fields with their counts. A click takes a value into the filters, with Alt it leaves it out.
import { html } from '../dom.js';
import { useAnswer } from '../api/use_answer.js';
import { facets } from '../api/query.js';
import { FACETS } from '../fields.js';
import { Answer } from '../parts/notice.js';
import { whole } from '../format/number.js';
import { visible } from '../format/value.js';
import { hasFilter, toggleFilter } from '../state/filters.js';
import { setView } from '../state/view.js';
import { t, fieldLabel } from '../texts/index.js';

export function Facets({ scope, filters }) {
  const answer = useAnswer((signal) => facets(scope, FACETS, signal), ['facets', scope]);
  return html`<aside class="facets" aria-label=${t('Values with their counts')}>
    <${Answer} answer=${answer}>${(data) =>
      data.facets.filter((facet) => facet.values.some((one) => one.value !== null)).map((facet) =>
        html`<${Facet} key=${facet.field} facet=${facet} filters=${filters} />`)}<//>
  </aside>`;
}

function Facet({ facet, filters }) {
  const most = Math.max(...facet.values.map((one) => one.count), 1);
  const more = facet.distinct - facet.values.length;
  return html`<details class="facet" open>
    <summary>${fieldLabel(facet.field)}<span class="count">${whole(facet.distinct)}${facet.distinct_is_lower_bound ? '+' : ''}</span></summary>
    <ul>${facet.values.map((one) => html`<${Value} key=${one.value} field=${facet.field} one=${one} most=${most} filters=${filters} />`)}</ul>
    ${more > 0 && html`<p class="hint">${t('{n} more', { n: whole(more) })}</p>`}
  </details>`;
}

function Value({ field, one, most, filters }) {
  const bar = html`<span class="bar" style=${{ width: `${(100 * one.count) / most}%` }}></span>`;
  if (one.value === null || one.value === '') {
    return html`<li><span class="value none">${bar}<span class="name">${t('(none)')}</span><span class="count">${whole(one.count)}</span></span></li>`;
  }
  const name = field === 'status_class' ? 'status' : field;
  const include = { field: name, op: ':', value: one.value };
  const exclude = { ...include, op: '-' };
  const state = hasFilter(filters, include) ? 'included' : hasFilter(filters, exclude) ? 'excluded' : '';
  const toggle = (filter) => setView({ filters: toggleFilter(filters, filter) });
  const shown = visible(one.value);
  return html`<li class=${state}>
    <button type="button" class="value" aria-pressed=${state === 'included'} title=${`${shown}\n${t('Click: only these. Alt and click: without these.')}`}
      onClick=${(event) => toggle(event.altKey ? exclude : include)}>
      ${bar}<span class="name" dir="auto">${shown}</span><span class="count">${whole(one.count)}</span>
    </button>
    <button type="button" class="exclude" aria-pressed=${state === 'excluded'} aria-label=${t('without {value}', { value: shown })} title=${t('without {value}', { value: shown })}
      onClick=${() => toggle(exclude)}>−</button>
  </li>`;
}

// Facets: the values of fields with their counts. A click includes a value, Alt and a click exclude it.
import { html } from '../dom.js';
import { useAnswer } from '../api/use_answer.js';
import { facets } from '../api/query.js';
import { FACETS } from '../fields.js';
import { Answer } from '../parts/notice.js';
import { whole } from '../format/number.js';
import { visible } from '../format/value.js';
import { hasFilter, toggleFilter, valueFilter } from '../state/filters.js';
import { setView } from '../state/view.js';
import { t, fieldLabel } from '../texts/index.js';

export function Facets({ scope, filters }) {
  const answer = useAnswer((signal) => facets(scope, FACETS, signal), ['facets', scope]);
  return html`<aside class="facets" aria-label=${t('Field values and counts')}>
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
  const [include, exclude] = [valueFilter(field, one.value), valueFilter(field, one.value, true)];
  const state = hasFilter(filters, include) ? 'included' : hasFilter(filters, exclude) ? 'excluded' : '';
  const toggle = (filter) => setView({ filters: toggleFilter(filters, filter) });
  const isNone = one.value === null || one.value === '';
  const shown = isNone ? t('(none)') : visible(one.value);
  return html`<li class=${state}>
    <button type="button" class=${`value ${isNone ? 'none' : ''}`} aria-pressed=${state === 'included'} title=${`${shown}\n${t('Click to include, Alt-click to exclude.')}`}
      onClick=${(event) => toggle(event.altKey ? exclude : include)}>
      ${bar}<span class="name" dir="auto">${shown}</span><span class="count">${whole(one.count)}</span>
    </button>
    <button type="button" class="exclude" aria-pressed=${state === 'excluded'} aria-label=${t('exclude {value}', { value: shown })} title=${t('exclude {value}', { value: shown })}
      onClick=${() => toggle(exclude)}>−</button>
  </li>`;
}

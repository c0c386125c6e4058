// Choosing the columns of the table.
import { html, useState } from '../dom.js';
import { Menu } from '../parts/menu.js';
import { COLUMN_NAMES, DEFAULT_COLUMNS } from '../fields.js';
import { setView } from '../state/view.js';
import { t, fieldLabel } from '../texts/index.js';

// The order of the field table, with the time first.
const inOrder = (names) => COLUMN_NAMES.filter((name) => names.includes(name));

export const Columns = ({ columns }) => html`<${Menu} label=${t('Columns')} icon="columns" side="right" kind="square">
  ${() => html`<${Choice} columns=${columns} />`}<//>`;

function Choice({ columns }) {
  const [part, setPart] = useState('');
  const shown = COLUMN_NAMES.filter((name) => name.includes(part.toLowerCase().replaceAll(' ', '_')) || fieldLabel(name).includes(part));
  const toggle = (name) => {
    const next = columns.includes(name) ? columns.filter((other) => other !== name) : [...columns, name];
    if (next.length) setView({ columns: next.length > columns.length ? [...columns, name] : next }, { replace: true });
  };
  return html`<div class="columns">
    <input type="search" placeholder=${t('Find a column')} aria-label=${t('Find a column')} value=${part} onInput=${(event) => setPart(event.target.value)} />
    <div class="list">${shown.map((name) => html`<label key=${name}><input type="checkbox" checked=${columns.includes(name)} onChange=${() => toggle(name)} />
      ${fieldLabel(name)}<code>${name}</code></label>`)}</div>
    <div class="actions">
      <button type="button" class="button" onClick=${() => setView({ columns: DEFAULT_COLUMNS }, { replace: true })}>${t('Default columns')}</button>
      <button type="button" class="button" onClick=${() => setView({ columns: inOrder(columns) }, { replace: true })}>${t('Default order')}</button>
    </div>
  </div>`;
}

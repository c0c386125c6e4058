// A table of sums: a name with a bar, then numbers. A click on a name shows its requests.
import { html } from '../dom.js';
import { t } from '../texts/index.js';
import { visible } from '../format/value.js';

// columns: { title, value(row), isText, help }. name(row) is the text, share(row) the length of its bar from 0 to 1.
export function DataTable({ title, rows, nameTitle, name, columns, share, onOpen, note }) {
  const most = Math.max(...rows.map((row) => share?.(row) ?? 0), 0) || 1;
  return html`<section class="card table-card">
    <h3>${title}</h3>
    ${rows.length === 0
      ? html`<p class="hint">${t('Nothing in this time range.')}</p>`
      : html`<div class="scroll-x" tabindex="0" role="region" aria-label=${title}><table class="sums">
        <thead><tr><th scope="col">${nameTitle}</th>${columns.map((column) => html`<th scope="col" class=${column.isText ? '' : 'numeric'} title=${column.help}>${column.title}</th>`)}</tr></thead>
        <tbody>${rows.map((row) => html`<tr key=${row.key}>
          <th scope="row" dir="auto">
            ${share && html`<span class="bar" style=${{ width: `${Math.max(1, (100 * (share(row) ?? 0)) / most)}%` }}></span>`}
            <${Name} text=${row.key === null || row.key === '' ? '' : visible(name(row))} open=${onOpen && ((event) => onOpen(row, event))} />
          </th>
          ${columns.map((column) => html`<td class=${column.isText ? '' : 'numeric'}>${column.value(row)}</td>`)}
        </tr>`)}</tbody>
      </table></div>`}
    ${note && html`<p class="hint">${note}</p>`}
  </section>`;
}

function Name({ text, open }) {
  const kind = `name ${text ? '' : 'none'}`;
  const shown = text || t('(none)');
  return open ? html`<button type="button" class=${kind} title=${shown} onClick=${open}>${shown}</button>` : html`<span class=${kind}>${shown}</span>`;
}

// The matching requests as a file: CSV or NDJSON, read from /query with the token in a header and saved by the browser.
import { html, useState } from '../dom.js';
import { Menu } from '../parts/menu.js';
import { request } from '../api/client.js';
import { t } from '../texts/index.js';
import { visible } from '../format/value.js';

// The file is collected in memory before it is saved.
const MOST_BYTES = 200e6;

async function save(scope, fields, format) {
  const parameters = [...scope, ['format', format], ...(fields ? [['fields', fields.join()]] : [])];
  const answer = await request('query', parameters, { accept: '*/*' });
  const parts = [];
  let size = 0;
  const reader = answer.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.length;
    if (size > MOST_BYTES) {
      reader.cancel();
      throw new Error(t('More than {n} MB: narrow the time range, or export with curl.', { n: MOST_BYTES / 1e6 }));
    }
    parts.push(part.value);
  }
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob(parts, { type: answer.headers.get('content-type') ?? '' }));
  link.download = `gatelog-requests.${format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

export function Export({ scope, columns }) {
  const [state, setState] = useState('');
  const run = (close, format, fields) => {
    setState(t('Exporting …'));
    save(scope, fields, format).then(() => { setState(''); close(); }, (error) => setState(visible(error.message) || t('gatelog is not responding')));
  };
  const choices = [['csv', columns, t('CSV, these columns')], ['csv', null, t('CSV, all fields')], ['ndjson', columns, t('NDJSON, these columns')], ['ndjson', null, t('NDJSON, all fields')]];
  return html`<${Menu} label=${t('Export')} icon="download" side="right" kind="square">${(close) => html`<div class="list">
    ${choices.map(([format, fields, text]) => html`<button type="button" class="choice" onClick=${() => run(close, format, fields)}>${text}</button>`)}
    ${state && html`<p class="hint" role="status">${state}</p>`}
  </div>`}<//>`;
}

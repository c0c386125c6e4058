// The keys and the filters, on one sheet.
import { html, useEffect, useRef } from '../dom.js';
import { keys } from '../parts/keys.js';
import { t } from '../texts/index.js';

const KEYS = [['/', 'Filter'], ['j k', 'next and previous request'], ['Enter', 'open the request'], ['Esc', 'Close'], ['[ ]', 'earlier, later'], ['r', 'Refresh'], ['l', 'Live'], ['1 … 5', 'the tabs'], ['?', 'this sheet']];
const FILTERS = [['status:5xx', 'a class of status, a code or a range; none is no answer'], ['model:qwen-max', 'is'], ['-consumer:bot', 'is not'], ['path~/v1/', 'contains'], ['path^/v1/', 'begins with'], ['duration>500', 'at least'], ['duration<500', 'at most'], ['user_agent~"curl 8"', 'quotes keep blanks']];

export function Help({ close }) {
  const root = useRef();
  useEffect(() => { root.current.focus(); return keys.use({ Escape: close, '?': close }); }, []);
  const rows = (list) => html`<dl class="sheet">${list.map(([key, what]) => html`<dt><kbd>${key}</kbd></dt><dd>${t(what)}</dd>`)}</dl>`;
  return html`<div class="veil" onClick=${(event) => event.target === event.currentTarget && close()}>
    <div class="dialog help" ref=${root} tabindex="-1" role="dialog" aria-modal="true" aria-label=${t('Help')}>
      <div><h2>${t('Keys')}</h2>${rows(KEYS)}</div><div><h2>${t('Filters')}</h2>${rows(FILTERS)}
        <p class="hint">${t('Filters of one field with = are alternatives; all others have to hold together.')}</p></div>
      <p class="actions"><button type="button" class="button" onClick=${close}>${t('Close')}</button></p>
    </div></div>`;
}

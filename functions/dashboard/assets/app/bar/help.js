// Help: the keys and the filters.
import { html, useEffect, useRef } from '../dom.js';
import { keys } from '../parts/keys.js';
import { t } from '../texts/index.js';

const KEYS = [['/', 'Filter'], ['j k', 'next and previous request'], ['Enter', 'open the request'], ['Esc', 'Close'], ['[ ]', 'earlier, later'], ['r', 'Refresh'], ['l', 'Live'], ['1 … 5', 'switch tabs'], ['?', 'this help']];
const FILTERS = [['status:5xx', 'a status class, code or range; none means no response'], ['model:qwen-max', 'is'], ['-consumer:bot', 'is not'], ['path~/v1/', 'contains'], ['path^/v1/', 'begins with'], ['duration>500', 'at least'], ['duration<500', 'at most'], ['missing:model', 'has no value'], ['present:model', 'has a value'], ['user_agent~"curl 8"', 'quotes preserve spaces']];

export function Help({ close }) {
  const root = useRef();
  useEffect(() => { root.current.focus(); return keys.use({ Escape: close, '?': close }); }, []);
  const rows = (list) => html`<dl class="sheet">${list.map(([key, what]) => html`<dt><kbd>${key}</kbd></dt><dd>${t(what)}</dd>`)}</dl>`;
  return html`<div class="veil" onClick=${(event) => event.target === event.currentTarget && close()}>
    <div class="dialog help" ref=${root} tabindex="-1" role="dialog" aria-modal="true" aria-label=${t('Help')}>
      <div><h2>${t('Keys')}</h2>${rows(KEYS)}</div><div><h2>${t('Filters')}</h2>${rows(FILTERS)}
        <p class="hint">${t('Filters with : on the same field are alternatives; all others must match.')}</p></div>
      <p class="actions"><button type="button" class="button" onClick=${close}>${t('Close')}</button></p>
    </div></div>`;
}

// All of one request: its phases, its tokens and cost, every field, what was captured, and related requests.
import { html, useEffect, useRef } from '../dom.js';
import { useAnswer } from '../api/use_answer.js';
import { record } from '../api/query.js';
import { Answer } from '../parts/notice.js';
import { Icon } from '../parts/icons.js';
import { CopyButton } from '../parts/copy.js';
import { keys } from '../parts/keys.js';
import { setView } from '../state/view.js';
import { exact } from '../format/time.js';
import { milliseconds } from '../format/number.js';
import { statusClass, visible } from '../format/value.js';
import { t } from '../texts/index.js';
import { useCurrency } from '../ai/currency.js';
import { Phases } from './phases.js';
import { TokensAndCost } from './tokens.js';
import { Captured } from './captured.js';
import { Details } from './details.js';
import { Related } from './related.js';
import { asCurl } from './curl.js';

const close = () => setView({ id: '' });

export function Drawer({ id }) {
  const answer = useAnswer((signal) => record(id, signal), ['record', id]);
  const root = useRef();
  const data = answer.data?.record_id === id || !answer.loading ? answer : { loading: true };
  useEffect(() => keys.use({ Escape: close }), []);
  useEffect(() => {
    const before = document.activeElement;
    return () => before?.focus?.();
  }, []);
  return html`<aside class="drawer" ref=${root} role="dialog" aria-label=${t('Request details')}>
    <div class="drawer-head">
      <h2>${t('Request')} <code>${visible(id)}</code></h2>
      <${CopyButton} icon="link" label=${t('Copy link')} text=${() => location.href} />
      <button type="button" class="button square" aria-label=${t('Close')} title=${`${t('Close')} (Esc)`} onClick=${close}><${Icon} name="close" /></button>
    </div>
    <div class="drawer-body" tabindex="0" role="region" aria-label=${t('Request details')}><${Answer} answer=${data}>${(log) => html`<${Whole} log=${log} />`}<//></div>
  </aside>`;
}

function Whole({ log }) {
  const currency = useCurrency(Boolean(log.model));
  const raw = JSON.stringify(log, null, 2);
  return html`
    <p class="request-line"><span class=${`status s-${statusClass(log.response_code)}`}>${log.response_code || t('no response')}</span>
      <b>${visible(log.method)}</b> <span class="path" dir="ltr">${visible(log.path)}</span></p>
    <p class="hint">${exact(Date.parse(log.start_time))} · ${milliseconds(log.duration)} · ${visible(log.authority)}</p>
    <p class="actions"><${CopyButton} icon="copy" text=${() => asCurl(log)} visibleText=${t('Copy as curl')} />
      <${CopyButton} icon="copy" text=${() => raw} visibleText=${t('Copy JSON')} /></p>
    <${Phases} log=${log} />
    <${TokensAndCost} log=${log} />
    <${Related} log=${log} />
    <${Details} log=${log} currency=${currency} />
    <${Captured} log=${log} />
    <details class="part"><summary>${t('Raw JSON')}</summary><pre class="text" dir="ltr" tabindex="0">${visible(raw)}</pre></details>`;
}

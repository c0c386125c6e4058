// Asks for the token when /query requires one.
import { html, useEffect, useRef, useState } from '../dom.js';
import { useSignal } from '../signal.js';
import { isPossible, setToken, wanted } from '../api/token.js';
import { Icon } from '../parts/icons.js';
import { t } from '../texts/index.js';

export function TokenDialog() {
  const why = useSignal(wanted);
  const [value, setValue] = useState('');
  const input = useRef();
  useEffect(() => { if (why) input.current?.focus(); }, [why]);
  if (!why) return null;
  const possible = isPossible(value.trim());
  const submit = (event) => {
    event.preventDefault();
    if (!possible) return;
    setToken(value.trim());
    setValue('');
  };
  return html`<div class="veil"><form class="dialog" role="dialog" aria-modal="true" aria-labelledby="token-title" onSubmit=${submit}>
    <h2 id="token-title"><${Icon} name="key" /> ${t('Token')}</h2>
    ${why === 'wrong' && html`<p class="problem" role="alert">${t('This token is wrong.')}</p>`}
    <p>${t('Enter the query token (the value of query_token) to see the records. It stays in this tab and is sent only in a header.')}</p>
    <input ref=${input} type="password" autocomplete="current-password" aria-label=${t('Token')} value=${value} onInput=${(event) => setValue(event.target.value)} />
    ${value.trim() && !possible && html`<p class="problem" role="alert">${t('A token cannot contain these characters.')}</p>`}
    <p class="actions"><button type="submit" class="button primary" disabled=${!possible}>${t('Show records')}</button></p>
  </form></div>`;
}

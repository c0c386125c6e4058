// Theme, language, and the token.
import { html } from '../dom.js';
import { useSignal } from '../signal.js';
import { Menu } from '../parts/menu.js';
import { applyTheme, language, theme } from '../state/preferences.js';
import { setToken, token, wanted } from '../api/token.js';
import { t } from '../texts/index.js';

export const Looks = () => html`<${Menu} label=${t('Appearance and token')} icon="theme" kind="square" side="right">${(close) => html`<${Choice} close=${close} />`}<//>`;

function Choice({ close }) {
  const [chosen, speaks, held] = [useSignal(theme.value), useSignal(language.value), useSignal(token)];
  const segment = (value, now, text, set) => html`<button type="button" aria-pressed=${value === now} onClick=${() => set(value)}>${text}</button>`;
  const paint = (name) => { applyTheme(name); theme.set(name); };
  return html`<div class="looks">
    <fieldset class="segments"><legend>${t('Theme')}</legend>${[['auto', t('system')], ['light', t('light')], ['dark', t('dark')]].map(([value, text]) => segment(value, chosen, text, paint))}</fieldset>
    <fieldset class="segments"><legend>${t('Language')}</legend>${[['en', 'English'], ['zh', '中文']].map(([value, text]) => segment(value, speaks, text, language.set))}</fieldset>
    <p class="actions">${held
      ? html`<button type="button" class="button" onClick=${() => { setToken(''); close(); wanted.set('missing'); }}>${t('Forget the token')}</button>`
      : html`<button type="button" class="button" onClick=${() => { close(); wanted.set('missing'); }}>${t('Enter a token')}</button>`}</p>
  </div>`;
}

// A button that copies a text and confirms it.
import { html, useState } from '../dom.js';
import { Icon } from './icons.js';
import { t } from '../texts/index.js';

// Pages loaded without TLS have no clipboard API; they select a text and copy it.
async function copy(text) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return;
    } catch {
      // Not allowed: use the other way.
    }
  }
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'off-screen';
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

export function CopyButton({ icon, label, text, visibleText }) {
  const [done, setDone] = useState(false);
  const run = () => copy(text()).then(() => {
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  });
  const name = done ? t('Copied') : (label ?? visibleText);
  return html`<button type="button" class=${`button ${visibleText ? '' : 'square'}`} aria-label=${name} title=${name} onClick=${run}>
    <${Icon} name=${icon} />${visibleText && html`<span aria-live="polite">${done ? t('Copied') : visibleText}</span>`}</button>`;
}

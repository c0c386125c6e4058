// A button with a panel below it: closed by Escape, a click outside, or a choice.
import { html, useEffect, useRef, useState } from '../dom.js';
import { Icon } from './icons.js';

export function Menu({ label, text, icon, kind = '', side = 'left', children }) {
  const [open, setOpen] = useState(false);
  const root = useRef();
  const close = () => setOpen(false);
  useEffect(() => {
    if (!open) return undefined;
    const onPress = (event) => root.current?.contains(event.target) || close();
    const onKey = (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      close();
      root.current?.querySelector('button').focus();
    };
    document.addEventListener('pointerdown', onPress);
    document.addEventListener('keydown', onKey, true);
    root.current?.querySelector('.panel input, .panel button')?.focus();
    return () => {
      document.removeEventListener('pointerdown', onPress);
      document.removeEventListener('keydown', onKey, true);
    };
  }, [open]);
  return html`<div class="menu" ref=${root}>
    <button type="button" class=${`button ${kind}`} aria-label=${text?.trim() ? undefined : label} title=${label} aria-expanded=${open} aria-haspopup="true"
      onClick=${() => setOpen(!open)}>
      ${icon && html`<${Icon} name=${icon} />`}${text && html`<span class="menu-text">${text}</span>`}
      ${text && html`<${Icon} name="down" />`}
    </button>
    ${open && html`<div class=${`panel ${side}`} role="group" aria-label=${label}>${children(close)}</div>`}
  </div>`;
}

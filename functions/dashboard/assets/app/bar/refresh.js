// Refreshing: on demand, periodically, or live.
import { html, useEffect } from '../dom.js';
import { Menu } from '../parts/menu.js';
import { Icon } from '../parts/icons.js';
import { refresh } from '../state/clock.js';
import { setView, useView } from '../state/view.js';
import { t } from '../texts/index.js';

const SECONDS = [0, 5, 10, 30, 60];
const text = (seconds) => (seconds ? t('every {n} s', { n: seconds }) : t('off'));

export function toggleLive(view) {
  refresh();
  setView(view.live ? { live: false } : { live: true, tab: 'requests', to: 'now', ...(view.to === 'now' ? {} : { from: 'now-15m' }) });
}

export function Refresh() {
  const view = useView();
  const every = SECONDS.includes(view.refresh) ? view.refresh : 0;
  useEffect(() => {
    if (!every || view.live) return undefined;
    const timer = setInterval(() => document.hidden || refresh(), every * 1000);
    return () => clearInterval(timer);
  }, [every, view.live]);
  return html`<div class="joined">
    <button type="button" class="button square" aria-label=${t('Refresh')} title=${`${t('Refresh')} (r)`} onClick=${refresh}><${Icon} name="refresh" /></button>
    <${Menu} label=${t('Auto-refresh')} text=${every ? `${every} s` : ' '} side="right">${(close) => html`<div class="list">
      ${SECONDS.map((seconds) => html`<button type="button" key=${seconds} class=${`choice ${seconds === every ? 'chosen' : ''}`} aria-pressed=${seconds === every}
        onClick=${() => { setView({ refresh: seconds }, { replace: true }); close(); }}>${text(seconds)}</button>`)}</div>`}<//>
    <button type="button" class=${`button live ${view.live ? 'on' : ''}`} aria-pressed=${view.live} title=${t('Show records as they arrive')} onClick=${() => toggleLive(view)}><i></i>${t('Live')}</button>
  </div>`;
}

// Saved views: the page's query string under a name, kept by the browser.
import { html, useState } from '../dom.js';
import { useSignal } from '../signal.js';
import { Menu } from '../parts/menu.js';
import { Icon } from '../parts/icons.js';
import { CopyButton } from '../parts/copy.js';
import { savedViews } from '../state/preferences.js';
import { getView, readView, setView, viewSearch } from '../state/view.js';
import { refresh } from '../state/clock.js';
import { t } from '../texts/index.js';

const MOST = 50;

export const SavedViews = () => html`<${Menu} label=${t('Saved views')} icon="save" kind="square" side="right">${(close) => html`<${List} close=${close} />`}<//>`;

function List({ close }) {
  const views = useSignal(savedViews.value);
  const [name, setName] = useState('');
  const save = (event) => {
    event.preventDefault();
    if (!name.trim()) return;
    const search = viewSearch({ ...getView(), id: '' });
    savedViews.set([...views.filter((view) => view.name !== name.trim()), { name: name.trim(), search }].slice(-MOST));
    setName('');
  };
  const open = (view) => { setView(readView(view.search)); refresh(); close(); };
  return html`<div class="saved">
    ${views.length === 0 && html`<p class="hint">${t('A saved view keeps the tab, time range, filters and columns under a name, in this browser.')}</p>`}
    <div class="list">${views.map((view) => html`<div class="saved-row" key=${view.name}>
      <button type="button" class="choice" onClick=${() => open(view)}>${view.name}</button>
      <${CopyButton} icon="link" label=${t('Copy link')} text=${() => location.origin + location.pathname + view.search} />
      <button type="button" class="button square" aria-label=${t('Delete {name}', { name: view.name })} onClick=${() => savedViews.set(views.filter((other) => other !== view))}><${Icon} name="close" /></button>
    </div>`)}</div>
    <form class="save-form" onSubmit=${save}><input value=${name} maxlength="60" aria-label=${t('Name of the view')} placeholder=${t('Name of the view')} onInput=${(event) => setName(event.target.value)} />
      <button type="submit" class="button primary" disabled=${!name.trim()}>${t('Save')}</button></form>
  </div>`;
}

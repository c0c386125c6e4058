// The page: bar, tabs, and the view of the chosen tab.
import { html, render, useEffect, useState } from './dom.js';
import { applyTheme, theme, utc } from './state/preferences.js';
import { useSignal } from './signal.js';
import { refresh, useRange } from './state/clock.js';
import { setView, TABS, useView } from './state/view.js';
import { keys } from './parts/keys.js';
import { Icon } from './parts/icons.js';
import { t, useLanguage } from './texts/index.js';
import { FilterBar } from './bar/filter_bar.js';
import { move, TimePicker } from './bar/time_picker.js';
import { Refresh, toggleLive } from './bar/refresh.js';
import { SavedViews } from './bar/saved_views.js';
import { Looks } from './bar/looks.js';
import { Help } from './bar/help.js';
import { TokenDialog } from './bar/token_dialog.js';
import { Requests } from './requests/tab.js';
import { Overview } from './overview/tab.js';
import { Ai } from './ai/tab.js';
import { Mcp } from './mcp/tab.js';
import { Pipeline } from './pipeline/tab.js';

const VIEWS = { requests: Requests, overview: Overview, ai: Ai, mcp: Mcp, pipeline: Pipeline };
const TITLES = { requests: 'Requests', overview: 'Overview', ai: 'AI', mcp: 'MCP', pipeline: 'Pipeline' };
const select = (tab) => setView({ tab, id: '', live: false });

function App() {
  const view = useView();
  const range = useRange();
  const [help, setHelp] = useState(false);
  const language = useLanguage();
  useSignal(utc.value);
  useEffect(() => { document.documentElement.lang = language; }, [language]);
  useEffect(() => { document.title = `${t(TITLES[view.tab])} · gatelog`; }, [view.tab, language]);
  useEffect(() => keys.use({
    '?': () => setHelp(true), r: refresh, l: () => toggleLive(view), '[': () => move(range, -1), ']': () => view.to === 'now' || move(range, 1),
    ...Object.fromEntries(TABS.map((tab, index) => [String(index + 1), () => select(tab)])),
  }), [view, range]);
  const View = VIEWS[view.tab];
  return html`<div class="page">
    <header class="top">
      <div class="top-row">
        <h1><a class="brand" href="./" onClick=${(event) => { event.preventDefault(); setView({ tab: 'requests', filters: [], id: '', live: false }); }}>gatelog</a></h1>
        <${Tabs} tab=${view.tab} />
        <span class="push"></span>
        <div class="tools"><${TimePicker} /><${Refresh} /><${SavedViews} /><${Looks} />
          <button type="button" class="button square narrow-hidden" aria-label=${t('Help')} title=${`${t('Help')} (?)`} onClick=${() => setHelp(true)}><${Icon} name="help" /></button></div>
      </div>
      ${view.tab !== 'pipeline' && html`<${FilterBar} />`}
    </header>
    <main tabindex="0"><div id="view" role="tabpanel" aria-labelledby=${`tab-${view.tab}`}><${View} key=${view.tab} /></div></main>
    ${help && html`<${Help} close=${() => setHelp(false)} />`}
    <${TokenDialog} />
  </div>`;
}

function Tabs({ tab }) {
  const onKey = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length];
    select(next);
    document.getElementById(`tab-${next}`).focus();
  };
  return html`<nav class="tabs" role="tablist" aria-label=${t('Views')} onKeyDown=${onKey}>${TABS.map((name) => html`<button type="button" role="tab" key=${name} id=${`tab-${name}`}
    aria-selected=${name === tab} aria-controls="view" tabindex=${name === tab ? 0 : -1} onClick=${() => select(name)}>${t(TITLES[name])}</button>`)}</nav>`;
}

applyTheme(theme.value.get());
render(html`<${App} />`, document.getElementById('app'));

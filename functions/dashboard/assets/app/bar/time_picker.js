// The time range: presets, an absolute range, the zone, and the arrows that move it.
import { html, useState } from '../dom.js';
import { useSignal } from '../signal.js';
import { Menu } from '../parts/menu.js';
import { Icon } from '../parts/icons.js';
import { utc } from '../state/preferences.js';
import { refresh, useRange } from '../state/clock.js';
import { followsNow, iso, PRESETS, presetName, shifted } from '../state/time_range.js';
import { setView, useView } from '../state/view.js';
import { forInput, fromInput, span } from '../format/time.js';
import { t } from '../texts/index.js';

export const move = (range, direction) => setView({ ...shifted(range, direction), live: false });

export function TimePicker() {
  const { from, to } = useView();
  const range = useRange();
  const name = presetName(from, to);
  return html`<div class="time-picker">
    <button type="button" class="button square narrow-hidden" aria-label=${t('Earlier')} title=${`${t('Earlier')} ([)`} onClick=${() => move(range, -1)}><${Icon} name="left" /></button>
    <${Menu} label=${t('Time range')} icon="clock" text=${name ? t(name) : span(range.start, range.end)} side="right">
      ${(close) => html`<${Choice} from=${from} to=${to} range=${range} close=${close} />`}<//>
    <button type="button" class="button square narrow-hidden" aria-label=${t('Later')} title=${`${t('Later')} (])`} disabled=${followsNow(to)} onClick=${() => move(range, 1)}><${Icon} name="right" /></button>
  </div>`;
}

function Choice({ from, to, range, close }) {
  const isUtc = useSignal(utc.value);
  const [start, setStart] = useState(forInput(range.start));
  const [end, setEnd] = useState(forInput(range.end));
  const [first, last] = [fromInput(start), fromInput(end)];
  const valid = first < last;
  const apply = (event) => {
    event.preventDefault();
    if (!valid) return;
    setView({ from: iso(first), to: iso(last), live: false });
    close();
  };
  const zone = (next) => {
    setStart(''); setEnd('');
    utc.set(next);
    setStart(forInput(range.start)); setEnd(forInput(range.end));
  };
  return html`<div class="time-choice">
    <div class="list">${PRESETS.map(([a, b, name]) => html`<button type="button" key=${name} class=${`choice ${a === from && b === to ? 'chosen' : ''}`}
      aria-pressed=${a === from && b === to} onClick=${() => { setView({ from: a, to: b, ...(followsNow(b) ? {} : { live: false }) }); refresh(); close(); }}>${t(name)}</button>`)}</div>
    <form class="absolute" onSubmit=${apply}>
      <label>${t('From')}<input type="datetime-local" step="1" value=${start} onInput=${(event) => setStart(event.target.value)} /></label>
      <label>${t('To')}<input type="datetime-local" step="1" value=${end} onInput=${(event) => setEnd(event.target.value)} /></label>
      ${!valid && start && end && html`<p class="problem" role="alert">${t('The start must be before the end.')}</p>`}
      <button type="submit" class="button primary" disabled=${!valid}>${t('Apply')}</button>
      <fieldset class="segments"><legend>${t('Time zone')}</legend>
        <button type="button" aria-pressed=${isUtc} onClick=${() => zone(true)}>UTC</button>
        <button type="button" aria-pressed=${!isUtc} onClick=${() => zone(false)}>${t('local')} (${Intl.DateTimeFormat().resolvedOptions().timeZone})</button>
      </fieldset>
    </form>
  </div>`;
}

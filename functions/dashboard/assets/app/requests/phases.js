// Where the time of a request went: one bar for each phase, scaled to the whole duration.
import { html } from '../dom.js';
import { milliseconds, whole } from '../format/number.js';
import { t } from '../texts/index.js';

// The phases in the record; each begins where the previous one ended.
function phases(log) {
  const marks = [
    [t('until the headers'), log.time_to_headers, 'p-headers'],
    [t('until the first token'), log.time_to_first_token, 'p-first'],
    [t('until the end'), log.duration, 'p-end'],
  ];
  const found = [];
  let from = 0;
  for (const [name, at, kind] of marks) {
    if (!at && at !== log.duration) continue;
    const until = Math.max(from, Math.min(at, log.duration));
    found.push({ name, kind, from, until });
    from = until;
  }
  return found;
}

export function Phases({ log }) {
  const length = Math.max(log.duration, 1);
  const upstream = Number(log.upstream_service_time);
  const bars = phases(log);
  if (log.upstream_service_time && Number.isFinite(upstream)) {
    bars.splice(1, 0, { name: t('of which upstream'), kind: 'p-upstream', from: Math.max(0, (log.time_to_headers || upstream) - upstream), until: log.time_to_headers || upstream });
  }
  return html`<section class="part"><h3>${t('Time')}</h3>
    <div class="phases">${bars.map(({ name, kind, from, until }) => html`<div class="phase" key=${name}>
      <span class="phase-name">${name}</span>
      <span class="track"><span class=${`phase-bar ${kind}`} style=${{ marginLeft: `${(100 * from) / length}%`, width: `max(2px, ${(100 * (until - from)) / length}%)` }}></span></span>
      <span class="numeric">${milliseconds(until - from)}</span>
    </div>`)}
    <div class="phase total"><span class="phase-name">${t('total')}</span><span></span><span class="numeric">${milliseconds(log.duration)}</span></div></div>
    ${log.upstream_attempts > 1 && html`<p class="hint warn">${t('Sent upstream {n} times; the time until the headers covers all attempts.', { n: whole(log.upstream_attempts) })}</p>`}
    ${log.time_to_first_token > 0 && log.output_tokens > 0 && log.duration > log.time_to_first_token &&
      html`<p class="hint">${t('{n} tokens/s after the first token', { n: (log.output_tokens / ((log.duration - log.time_to_first_token) / 1000)).toFixed(1) })}</p>`}
  </section>`;
}

// Links to related requests: same trace, session, consumer, client address.
import { html } from '../dom.js';
import { setView } from '../state/view.js';
import { iso } from '../state/time_range.js';
import { t } from '../texts/index.js';

const AROUND_MS = 5 * 60000;
const TRACE_MS = 60 * 60000;

// The host of an address, as /query derives it: without the port and without the brackets of IPv6.
const host = (address) => /^\[(.*?)\]/.exec(address)?.[1] ?? address?.replace(/^([^:]*):\d*$/, '$1');

export function Related({ log }) {
  const at = Date.parse(log.start_time);
  const show = (filter, around) => setView({
    tab: 'requests', filters: [filter], from: iso(at - around), to: iso(at + log.duration + around), live: false,
  });
  const links = [
    [log.trace_id, t('Same trace'), { field: 'trace_id', op: ':', value: log.trace_id }, TRACE_MS],
    [log.session_id, t('Same session'), { field: 'session_id', op: ':', value: log.session_id }, 24 * TRACE_MS],
    [log.consumer, t('Same consumer, ±5 min'), { field: 'consumer', op: ':', value: log.consumer }, AROUND_MS],
    [log.downstream_remote_address, t('Same client address, ±5 min'), { field: 'downstream_remote_host', op: ':', value: host(log.downstream_remote_address) }, AROUND_MS],
    [log.mcp_server, t('Same MCP server, ±5 min'), { field: 'mcp_server', op: ':', value: log.mcp_server }, AROUND_MS],
  ].filter(([value]) => value);
  if (!links.length) return null;
  return html`<p class="actions related">${links.map(([, text, filter, around]) =>
    html`<button type="button" class="button" key=${text} onClick=${() => show(filter, around)}>${text}</button>`)}</p>`;
}

// Every field of a record, in groups. Next to a value: buttons that include or exclude it.
import { html } from '../dom.js';
import { kindOf } from '../fields.js';
import { fieldValue } from '../format/value.js';
import { toggleFilter } from '../state/filters.js';
import { getView, setView } from '../state/view.js';
import { t, fieldLabel } from '../texts/index.js';

const GROUPS = [
  ['Request', ['method', 'scheme', 'authority', 'path', 'protocol', 'user_agent', 'bytes_received', 'requested_server_name', 'tls_version', 'mtls']],
  ['Response', ['response_code', 'response_flags', 'response_code_details', 'bytes_sent', 'grpc_status']],
  ['Client', ['consumer', 'downstream_remote_address', 'x_forwarded_for', 'downstream_local_address']],
  ['Upstream', ['route_name', 'api', 'service', 'upstream_cluster', 'upstream_host', 'upstream_path', 'upstream_attempts', 'upstream_transport_failure_reason', 'upstream_local_address']],
  ['AI', ['model', 'response_model', 'provider', 'response_type', 'finish_reason', 'service_tier', 'usage_source', 'chat_id', 'session_id']],
  ['MCP', ['mcp_server', 'mcp_tool']],
  ['Ids', ['record_id', 'request_id', 'trace_id', 'instance_id', 'istio_policy_status']],
];

const isThere = (value) => value !== undefined && value !== null && value !== '' && value !== '-';

export const Details = ({ log, currency }) => GROUPS.map(([title, names]) => {
  const present = names.filter((name) => isThere(log[name]));
  if (!present.length) return null;
  return html`<section class="part" key=${title}><h3>${t(title)}</h3><dl class="fields">
    ${present.map((name) => html`<${Field} key=${name} name=${name} value=${log[name]} currency=${currency} />`)}
  </dl></section>`;
});

function Field({ name, value, currency }) {
  const filter = { field: name === 'response_code' ? 'status' : name, op: ':', value: String(value) };
  const can = ['text', 'number', 'status'].includes(kindOf(name)) && String(value).length < 1000;
  const add = (op) => setView({ filters: toggleFilter(getView().filters, { ...filter, op }) });
  return html`<dt title=${name}>${fieldLabel(name)}</dt>
    <dd><span dir="auto">${fieldValue(name, value, { long: true, currency })}</span>
      ${can && html`<span class="pair"><button type="button" class="mini" aria-label=${t('only this {name}', { name: fieldLabel(name) })} title=${t('only this {name}', { name: fieldLabel(name) })} onClick=${() => add(':')}>+</button>
      <button type="button" class="mini" aria-label=${t('exclude this {name}', { name: fieldLabel(name) })} title=${t('exclude this {name}', { name: fieldLabel(name) })} onClick=${() => add('-')}>−</button></span>`}</dd>`;
}

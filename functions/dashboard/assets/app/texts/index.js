// Texts in the user's language. The English text is the key; `{name}` in it is a value.
import { language } from '../state/preferences.js';
import { useSignal } from '../signal.js';
import { zh } from './zh.js';

export function t(text, values = {}) {
  const english = values.n === '1' ? text.replace(/(\{n\} \w+)s\b/, '$1') : text;
  const found = language.value.get() === 'zh' ? (zh[text] ?? text) : english;
  return found.replace(/\{(\w+)\}/g, (mark, name) => values[name] ?? mark);
}
export const useLanguage = () => useSignal(language.value);
// The label of a field: its name with spaces, unless it has a shorter one.
export const fieldLabel = (name) => t(LABELS[name] ?? name.replaceAll('_', ' '));
const LABELS = {
  start_time: 'time', response_code: 'status', status_class: 'status', route_name: 'route', total_tokens: 'tokens',
  mcp_server: 'MCP server', mcp_tool: 'MCP tool', instance_id: 'gateway', downstream_remote_address: 'client address', downstream_remote_host: 'client address',
  upstream_host: 'upstream', time_to_first_token: 'first token', time_to_headers: 'headers after', cost_nano: 'cost',
};

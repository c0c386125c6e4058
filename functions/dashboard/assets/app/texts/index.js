// Texts in the reader's language. The English text is the key; `{name}` in it is a value.
import { language } from '../state/preferences.js';
import { useSignal } from '../signal.js';
import { zh } from './zh.js';

export function t(text, values = {}) {
  const found = language.value.get() === 'zh' ? (zh[text] ?? text) : text;
  return found.replace(/\{(\w+)\}/g, (mark, name) => values[name] ?? mark);
}
export const useLanguage = () => useSignal(language.value);
// The name of a field for readers: its own, with blanks.
export const fieldLabel = (name) => t(LABELS[name] ?? name.replaceAll('_', ' '));
const LABELS = {
  start_time: 'time', response_code: 'status', status_class: 'status', route_name: 'route', total_tokens: 'tokens',
  mcp_server: 'MCP server', mcp_tool: 'MCP tool', instance_id: 'gateway', downstream_remote_address: 'client address',
  upstream_host: 'upstream', time_to_first_token: 'first token', time_to_headers: 'headers after', cost_nano: 'cost',
};

// The fields of a record as views need them: the kind of each, and how its values are shown. A test compares names and
// kinds with the field table.
const TEXT = [
  'record_id', 'trace_id', 'authority', 'method', 'path', 'protocol', 'request_id', 'user_agent', 'x_forwarded_for',
  'response_flags', 'response_code_details', 'upstream_cluster', 'upstream_host', 'upstream_service_time',
  'upstream_transport_failure_reason', 'upstream_local_address', 'downstream_local_address',
  'downstream_remote_address', 'route_name', 'requested_server_name', 'istio_policy_status', 'instance_id', 'api',
  'model', 'consumer', 'route', 'service', 'mcp_server', 'mcp_tool', 'response_type', 'chat_id', 'session_id', 'scheme',
  'upstream_path', 'tls_version', 'request_body', 'response_body', 'response_model', 'provider', 'finish_reason',
  'service_tier', 'usage_source', 'price_id',
];
const NUMBER = [
  'response_code', 'bytes_received', 'bytes_sent', 'duration', 'input_tokens', 'output_tokens', 'total_tokens',
  'cached_tokens', 'reasoning_tokens', 'time_to_first_token', 'upstream_attempts', 'time_to_headers', 'mtls',
  'grpc_status', 'cache_write_tokens', 'cost_nano',
];
const JSON_FIELDS = ['ai_log', 'request_headers', 'response_headers'];

const KINDS = new Map([
  ...TEXT.map((name) => [name, 'text']),
  ...NUMBER.map((name) => [name, 'number']),
  ...JSON_FIELDS.map((name) => [name, 'json']),
  ['start_time', 'time'],
  ['status', 'status'],
  // Not in the field table: the host of downstream_remote_address, and the filters that take field names.
  ['downstream_remote_host', 'host'],
  ['missing', 'fields'],
  ['present', 'fields'],
]);

export const kindOf = (name) => KINDS.get(name);

// The names that a filter may begin with, the most used first.
export const FILTER_NAMES = [
  'status', 'method', 'path', 'route_name', 'service', 'consumer', 'model', 'provider', 'duration', 'authority',
  ...[...KINDS.keys()].filter((name) => !['start_time', 'response_code'].includes(name)),
].filter((name, index, all) => all.indexOf(name) === index);

// The fields that may have no value.
export const OPTIONAL_NAMES = [...TEXT, ...NUMBER, ...JSON_FIELDS];

// The possible columns of the table. Bodies and headers are shown in the drawer only.
const TOO_LARGE = ['ai_log', 'request_headers', 'response_headers', 'request_body', 'response_body'];
export const COLUMN_NAMES = ['start_time', ...TEXT, ...NUMBER].filter((name) => !TOO_LARGE.includes(name));

export const DEFAULT_COLUMNS = [
  'start_time', 'method', 'path', 'response_code', 'duration', 'route_name', 'service', 'consumer', 'model', 'total_tokens',
];

// The fields whose values are shown next to the table with their counts.
export const FACETS = [
  'status_class', 'method', 'route_name', 'service', 'authority', 'consumer', 'model', 'provider', 'mcp_server', 'mcp_tool',
  'response_flags', 'instance_id',
];

// The unit of a number: ms, bytes, or nano (billionths of the price table's currency).
const UNITS = {
  duration: 'ms', time_to_first_token: 'ms', time_to_headers: 'ms', upstream_service_time: 'ms',
  bytes_received: 'bytes', bytes_sent: 'bytes', cost_nano: 'nano',
};
export const unitOf = (name) => UNITS[name];
export const isNumeric = (name) => kindOf(name) === 'number' || name in UNITS;

-- The schema of gatelog, version 5, for sqlite.
CREATE TABLE IF NOT EXISTS gatelog_schema (
  version INTEGER NOT NULL PRIMARY KEY
);
CREATE TABLE IF NOT EXISTS access_logs (
  id INTEGER PRIMARY KEY,
  record_id TEXT NOT NULL,
  start_time TEXT NOT NULL,
  trace_id TEXT,
  authority TEXT,
  method TEXT,
  path TEXT,
  protocol TEXT,
  request_id TEXT,
  user_agent TEXT,
  x_forwarded_for TEXT,
  response_code INTEGER NOT NULL DEFAULT 0,
  response_flags TEXT,
  response_code_details TEXT,
  bytes_received INTEGER NOT NULL DEFAULT 0,
  bytes_sent INTEGER NOT NULL DEFAULT 0,
  duration INTEGER NOT NULL DEFAULT 0,
  upstream_cluster TEXT,
  upstream_host TEXT,
  upstream_service_time TEXT,
  upstream_transport_failure_reason TEXT,
  upstream_local_address TEXT,
  downstream_local_address TEXT,
  downstream_remote_address TEXT,
  route_name TEXT,
  requested_server_name TEXT,
  istio_policy_status TEXT,
  ai_log TEXT,
  instance_id TEXT,
  api TEXT,
  model TEXT,
  consumer TEXT,
  route TEXT,
  service TEXT,
  mcp_server TEXT,
  mcp_tool TEXT,
  input_tokens INTEGER,
  output_tokens INTEGER,
  total_tokens INTEGER,
  cached_tokens INTEGER,
  reasoning_tokens INTEGER,
  response_type TEXT,
  time_to_first_token INTEGER,
  chat_id TEXT,
  session_id TEXT,
  scheme TEXT,
  upstream_path TEXT,
  upstream_attempts INTEGER,
  time_to_headers INTEGER,
  tls_version TEXT,
  mtls INTEGER,
  request_headers TEXT,
  response_headers TEXT,
  request_body TEXT,
  response_body TEXT,
  response_model TEXT,
  grpc_status INTEGER,
  provider TEXT,
  cache_write_tokens INTEGER,
  finish_reason TEXT,
  service_tier TEXT,
  usage_source TEXT,
  cost_nano INTEGER,
  price_id TEXT,
  created_at TEXT DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX IF NOT EXISTS idx_record_id ON access_logs (record_id);
CREATE INDEX IF NOT EXISTS idx_start_time ON access_logs (start_time, id, response_code, duration);
CREATE INDEX IF NOT EXISTS idx_trace_id ON access_logs (trace_id) WHERE trace_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_model_time ON access_logs (model, start_time) WHERE model IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_consumer_time ON access_logs (consumer, start_time) WHERE consumer IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_mcp_server_time ON access_logs (mcp_server, start_time) WHERE mcp_server IS NOT NULL;
CREATE TABLE IF NOT EXISTS gatelog_counters (
  name TEXT NOT NULL PRIMARY KEY,
  value INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS gatelog_filters (
  vm TEXT NOT NULL PRIMARY KEY,
  seen_ms INTEGER NOT NULL,
  queue_entries INTEGER NOT NULL,
  dropped INTEGER NOT NULL,
  retries INTEGER NOT NULL
);
REPLACE INTO gatelog_schema (version) VALUES (5);

-- The narrower form that the log-collector's own script makes: shorter texts, smaller numbers, TIMESTAMP in whole seconds,
-- no created_at, indexes over texts that have to become longer.
CREATE TABLE access_logs (
  id BIGINT AUTO_INCREMENT PRIMARY KEY, start_time TIMESTAMP NOT NULL, trace_id VARCHAR(64), authority VARCHAR(255),
  method VARCHAR(10), path VARCHAR(1024), protocol VARCHAR(20), request_id VARCHAR(64), user_agent VARCHAR(512),
  x_forwarded_for VARCHAR(256), response_code INT, response_flags VARCHAR(64), response_code_details VARCHAR(256),
  bytes_received INT, bytes_sent INT, duration INT, upstream_cluster VARCHAR(255), upstream_host VARCHAR(64),
  upstream_service_time VARCHAR(32), upstream_transport_failure_reason VARCHAR(256),
  upstream_local_address VARCHAR(64), downstream_local_address VARCHAR(64), downstream_remote_address VARCHAR(64),
  route_name VARCHAR(255), requested_server_name VARCHAR(255), istio_policy_status VARCHAR(64), ai_log TEXT,
  instance_id VARCHAR(128), api VARCHAR(128), model VARCHAR(128), consumer VARCHAR(128), route VARCHAR(255),
  service VARCHAR(255), mcp_server VARCHAR(128), mcp_tool VARCHAR(128), input_tokens BIGINT, output_tokens BIGINT,
  total_tokens BIGINT,
  INDEX idx_start_time (start_time), INDEX idx_trace_id (trace_id), INDEX idx_path (path(255)),
  INDEX idx_x_forwarded_for (x_forwarded_for), INDEX idx_route_name (route_name), INDEX idx_model (model)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4

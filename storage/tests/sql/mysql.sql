-- two records, one with a model
INSERT INTO access_logs (record_id, start_time, method, response_code, bytes_received, bytes_sent, duration, model) VALUES (?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE record_id = record_id;
-- values: [Text("a"), Text("2026-01-31 12:00:00.123456"), Text("GET"), Integer(0), Integer(0), Integer(0), Integer(0), Null, Text("b"), Text("2026-01-31 12:00:00.123456"), Text("GET"), Integer(0), Integer(0), Integer(0), Integer(0), Text("m")]
-- then: SELECT ROW_COUNT() AS new_rows, CAST(LAST_INSERT_ID() AS SIGNED) AS first_id

-- more values than placeholders
INSERT INTO access_logs (record_id, start_time, method, response_code, bytes_received, bytes_sent, duration) SELECT c0, c1, c2, c3, c4, c5, c6 FROM JSON_TABLE(?, '$[*]' COLUMNS (c0 VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[0]', c1 TIMESTAMP(6) PATH '$[1]', c2 VARCHAR(32) PATH '$[2]', c3 INT PATH '$[3]', c4 BIGINT PATH '$[4]', c5 BIGINT PATH '$[5]', c6 BIGINT PATH '$[6]')) AS batch ON DUPLICATE KEY UPDATE record_id = record_id;
-- values: [Text("[[\"0\",\"2026-01-31 12:00:00.123456\",\"GET\",0,0,0,0],[\"1\",\"2026-01-31 12:00:00.123456\",\"GET\",0,0,0,0],[\"2\",\"2026-01-31 12:00:00.123456\",\"GET\",0,0,0,0],[\"3\",\"2026-01-31 12:00:00.123456\",\"GET\",0,0,0,0],[\"4\",\"2026-01-31 12:00:00.123456\",\"GET\",0,0,0,0],[\"5\",\"2026-01-31 12:00:00.123456\",\"GET\",0,0,0,0],[\"6\",\"2026-01-31 12:00:00.123456\",\"GET\",0,0,0,0],[\"7\",\"2026-01-31 12:00:00.123456\",\"GET\",0,0,0,0],[\"8\",\"2026-01-31 12:00:00.123456\",\"GET\",0,0,0,0],[\"9\",\"2026-01-31 12:00:00.123456\",\"GET\",0,0,0,0],[\"10\",\"2026-01-31 12:00:00.123456\",\"G
-- then: SELECT ROW_COUNT() AS new_rows, CAST(LAST_INSERT_ID() AS SIGNED) AS first_id

-- counts added
INSERT INTO gatelog_counters (name, value) VALUES (?, ?), (?, ?) ON DUPLICATE KEY UPDATE value = LEAST(gatelog_counters.value, 4611686018427387903) + LEAST(VALUES(value), 4611686018427387903);
-- values: [Text("a"), Integer(1), Text("b"), Integer(2)]

-- counts read
SELECT name, value FROM gatelog_counters;
-- values: []

-- reports of two filters
INSERT INTO gatelog_filters (vm, seen_ms, queue_entries, dropped, retries) VALUES (?, ?, ?, ?, ?), (?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE queue_entries = CASE WHEN VALUES(seen_ms) >= gatelog_filters.seen_ms THEN VALUES(queue_entries) ELSE gatelog_filters.queue_entries END, dropped = GREATEST(gatelog_filters.dropped, VALUES(dropped)), retries = GREATEST(gatelog_filters.retries, VALUES(retries)), seen_ms = GREATEST(gatelog_filters.seen_ms, VALUES(seen_ms));
-- values: [Text("a"), Integer(1), Integer(2), Integer(3), Integer(4), Text("b"), Integer(1), Integer(2), Integer(3), Integer(4)]

-- which filters are known
SELECT vm FROM gatelog_filters WHERE vm IN (?, ?);
-- values: [Text("a"), Text("b")]

-- the first filter too many
SELECT seen_ms FROM gatelog_filters WHERE vm <> '' ORDER BY seen_ms DESC LIMIT 1 OFFSET 1000;
-- values: []

-- filters forgotten
DELETE FROM gatelog_filters WHERE vm <> '' AND seen_ms <= ?;
-- values: [Integer(7)]

-- reports summed
SELECT COUNT(CASE WHEN seen_ms >= ? THEN 1 END) AS live, CAST(COALESCE(LEAST(SUM(CASE WHEN seen_ms >= ? THEN queue_entries END), 9223372036854775807), 0) AS SIGNED) AS queue_entries, CAST(COALESCE(LEAST(SUM(dropped), 9223372036854775807), 0) AS SIGNED) AS dropped, CAST(COALESCE(LEAST(SUM(retries), 9223372036854775807), 0) AS SIGNED) AS retries FROM gatelog_filters;
-- values: [Integer(7), Integer(7)]

-- reports of filters that are gone
UPDATE gatelog_filters, (SELECT CAST(COALESCE(LEAST(SUM(dropped), 9223372036854775807), 0) AS SIGNED) AS gone_dropped, CAST(COALESCE(LEAST(SUM(retries), 9223372036854775807), 0) AS SIGNED) AS gone_retries FROM gatelog_filters WHERE seen_ms < ? AND vm <> '') AS gone SET dropped = CASE WHEN gatelog_filters.vm = '' THEN LEAST(gatelog_filters.dropped, 4611686018427387903) + LEAST(gone.gone_dropped, 4611686018427387903) ELSE 0 END, retries = CASE WHEN gatelog_filters.vm = '' THEN LEAST(gatelog_filters.retries, 4611686018427387903) + LEAST(gone.gone_retries, 4611686018427387903) ELSE 0 END WHERE seen_ms < ?;
-- values: [Integer(7), Integer(7)]

-- old records
DELETE FROM access_logs WHERE start_time < ? ORDER BY start_time LIMIT ?;
-- values: [Text("1970-01-01 00:00:01.000000"), Integer(500)]
-- then: SELECT ROW_COUNT() AS changed

-- one record
SELECT id, record_id, CAST(UNIX_TIMESTAMP(start_time) * 1000000 AS SIGNED) AS start_time, trace_id, authority, method, path, protocol, request_id, user_agent, x_forwarded_for, response_code, response_flags, response_code_details, bytes_received, bytes_sent, duration, upstream_cluster, upstream_host, upstream_service_time, upstream_transport_failure_reason, upstream_local_address, downstream_local_address, downstream_remote_address, route_name, requested_server_name, istio_policy_status, ai_log, instance_id, api, model, consumer, route, service, mcp_server, mcp_tool, input_tokens, output_tokens, total_tokens, cached_tokens, reasoning_tokens, response_type, time_to_first_token, chat_id, session_id, scheme, upstream_path, upstream_attempts, time_to_headers, tls_version, mtls, request_headers, response_headers, request_body, response_body, response_model, grpc_status, provider, cache_write_tokens, finish_reason, service_tier, usage_source, cost_nano, price_id FROM access_logs WHERE record_id = ? LIMIT 1;
-- values: [Text("0198")]

-- count
SELECT COUNT(*) AS total FROM access_logs WHERE model IN (?, ?);
-- values: [Text("a"), Text("b")]

-- first page
SELECT id, record_id, CAST(UNIX_TIMESTAMP(start_time) * 1000000 AS SIGNED) AS start_time, trace_id, authority, method, path, protocol, request_id, user_agent, x_forwarded_for, response_code, response_flags, response_code_details, bytes_received, bytes_sent, duration, upstream_cluster, upstream_host, upstream_service_time, upstream_transport_failure_reason, upstream_local_address, downstream_local_address, downstream_remote_address, route_name, requested_server_name, istio_policy_status, ai_log, instance_id, api, model, consumer, route, service, mcp_server, mcp_tool, input_tokens, output_tokens, total_tokens, cached_tokens, reasoning_tokens, response_type, time_to_first_token, chat_id, session_id, scheme, upstream_path, upstream_attempts, time_to_headers, tls_version, mtls, request_headers, response_headers, request_body, response_body, response_model, grpc_status, provider, cache_write_tokens, finish_reason, service_tier, usage_source, cost_nano, price_id FROM access_logs ORDER BY access_logs.start_time DESC, access_logs.id DESC LIMIT ?;
-- values: [Integer(10)]

-- every filter, third page by duration
SELECT id, record_id, CAST(UNIX_TIMESTAMP(start_time) * 1000000 AS SIGNED) AS start_time, trace_id, authority, method, path, protocol, request_id, user_agent, x_forwarded_for, response_code, response_flags, response_code_details, bytes_received, bytes_sent, duration, upstream_cluster, upstream_host, upstream_service_time, upstream_transport_failure_reason, upstream_local_address, downstream_local_address, downstream_remote_address, route_name, requested_server_name, istio_policy_status, ai_log, instance_id, api, model, consumer, route, service, mcp_server, mcp_tool, input_tokens, output_tokens, total_tokens, cached_tokens, reasoning_tokens, response_type, time_to_first_token, chat_id, session_id, scheme, upstream_path, upstream_attempts, time_to_headers, tls_version, mtls, request_headers, response_headers, request_body, response_body, response_model, grpc_status, provider, cache_write_tokens, finish_reason, service_tier, usage_source, cost_nano, price_id FROM access_logs WHERE start_time >= ? AND start_time <= ? AND method = ? AND (model IS NULL OR NOT model IN (?, ?)) AND model <> '' AND (provider IS NULL OR provider = '') AND (consumer = ? OR (consumer IS NULL OR consumer = '')) AND cost_nano IS NULL AND (downstream_remote_address IS NULL OR NOT CASE WHEN downstream_remote_address LIKE '[%]%' THEN SUBSTRING(downstream_remote_address, 2, LOCATE(']', downstream_remote_address) - 2) WHEN downstream_remote_address = CONCAT(SUBSTRING_INDEX(downstream_remote_address, ':', 1), ':', SUBSTRING_INDEX(downstream_remote_address, ':', -1)) AND SUBSTRING_INDEX(downstream_remote_address, ':', -1) NOT REGEXP '[^0-9]' THEN SUBSTRING_INDEX(downstream_remote_address, ':', 1) ELSE downstream_remote_address END = ?) AND LOWER(path) LIKE LOWER(?) ESCAPE '|' AND LOWER(path) LIKE LOWER(?) ESCAPE '|' AND (response_code IN (?, ?) OR response_code BETWEEN ? AND ?) AND (response_code IS NULL OR NOT (response_code = ?)) AND duration >= ? AND duration <= ? ORDER BY access_logs.duration ASC, access_logs.id ASC LIMIT ? OFFSET ?;
-- values: [Text("2026-01-31 12:00:00.000000"), Text("2026-01-31 12:01:00.000000"), Text("GET"), Text("a"), Text("b"), Text("c"), Text("192.0.2.1"), Text("%50|%|_||%"), Text("/v1%"), Integer(200), Integer(404), Integer(500), Integer(599), Integer(503), Integer(5), Integer(50), Integer(10), Integer(20)]

-- after a cursor, Descending
SELECT id, record_id, CAST(UNIX_TIMESTAMP(start_time) * 1000000 AS SIGNED) AS start_time, trace_id, authority, method, path, protocol, request_id, user_agent, x_forwarded_for, response_code, response_flags, response_code_details, bytes_received, bytes_sent, duration, upstream_cluster, upstream_host, upstream_service_time, upstream_transport_failure_reason, upstream_local_address, downstream_local_address, downstream_remote_address, route_name, requested_server_name, istio_policy_status, ai_log, instance_id, api, model, consumer, route, service, mcp_server, mcp_tool, input_tokens, output_tokens, total_tokens, cached_tokens, reasoning_tokens, response_type, time_to_first_token, chat_id, session_id, scheme, upstream_path, upstream_attempts, time_to_headers, tls_version, mtls, request_headers, response_headers, request_body, response_body, response_model, grpc_status, provider, cache_write_tokens, finish_reason, service_tier, usage_source, cost_nano, price_id FROM access_logs WHERE start_time <= ? AND (start_time < ? OR id < ?) ORDER BY access_logs.start_time DESC, access_logs.id DESC LIMIT ?;
-- values: [Text("2026-01-31 12:00:00.000001"), Text("2026-01-31 12:00:00.000001"), Integer(7), Integer(10)]

-- after a cursor, Ascending
SELECT id, record_id, CAST(UNIX_TIMESTAMP(start_time) * 1000000 AS SIGNED) AS start_time, trace_id, authority, method, path, protocol, request_id, user_agent, x_forwarded_for, response_code, response_flags, response_code_details, bytes_received, bytes_sent, duration, upstream_cluster, upstream_host, upstream_service_time, upstream_transport_failure_reason, upstream_local_address, downstream_local_address, downstream_remote_address, route_name, requested_server_name, istio_policy_status, ai_log, instance_id, api, model, consumer, route, service, mcp_server, mcp_tool, input_tokens, output_tokens, total_tokens, cached_tokens, reasoning_tokens, response_type, time_to_first_token, chat_id, session_id, scheme, upstream_path, upstream_attempts, time_to_headers, tls_version, mtls, request_headers, response_headers, request_body, response_body, response_model, grpc_status, provider, cache_write_tokens, finish_reason, service_tier, usage_source, cost_nano, price_id FROM access_logs WHERE start_time >= ? AND (start_time > ? OR id > ?) ORDER BY access_logs.start_time ASC, access_logs.id ASC LIMIT ?;
-- values: [Text("2026-01-31 12:00:00.000001"), Text("2026-01-31 12:00:00.000001"), Integer(7), Integer(10)]


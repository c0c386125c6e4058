-- selected fields, which fit
SELECT id, record_id, path, ai_log, start_time FROM access_logs WHERE consumer = ? AND start_time <= ? AND (start_time < ? OR id < ?) ORDER BY access_logs.start_time DESC, access_logs.id DESC LIMIT ?;
-- values: [Text("a"), Text("2026-01-31T12:00:00.000000Z"), Text("2026-01-31T12:00:00.000000Z"), Integer(7), Integer(500)]

-- as many as fit
SELECT id, record_id, path, ai_log, start_time, page_rows FROM (SELECT id AS place, COUNT(*) OVER () AS page_rows, SUM(row_bytes) OVER (ORDER BY start_time DESC, id DESC) - row_bytes AS bytes_before FROM (SELECT id, start_time, 176 + COALESCE(OCTET_LENGTH(path), 0) + COALESCE(OCTET_LENGTH(ai_log), 0) AS row_bytes FROM access_logs WHERE consumer = ? AND start_time <= ? AND (start_time < ? OR id < ?) ORDER BY access_logs.start_time DESC, access_logs.id DESC LIMIT ?) AS page) AS measured CROSS JOIN access_logs ON access_logs.id = place WHERE bytes_before < ? ORDER BY access_logs.start_time DESC, access_logs.id DESC;
-- values: [Text("a"), Text("2026-01-31T12:00:00.000000Z"), Text("2026-01-31T12:00:00.000000Z"), Integer(7), Integer(500), Integer(1000000)]

-- as many as fit, by duration
SELECT id, record_id, path, ai_log, start_time, page_rows FROM (SELECT id AS place, COUNT(*) OVER () AS page_rows, SUM(row_bytes) OVER (ORDER BY duration ASC, id ASC) - row_bytes AS bytes_before FROM (SELECT id, duration, 176 + COALESCE(OCTET_LENGTH(path), 0) + COALESCE(OCTET_LENGTH(ai_log), 0) AS row_bytes FROM access_logs ORDER BY access_logs.duration ASC, access_logs.id ASC LIMIT ? OFFSET ?) AS page) AS measured CROSS JOIN access_logs ON access_logs.id = place WHERE bytes_before < ? ORDER BY access_logs.duration ASC, access_logs.id ASC;
-- values: [Integer(500), Integer(20), Integer(1000000)]

-- several models
SELECT * FROM (SELECT * FROM (SELECT id, record_id, path, ai_log, start_time FROM access_logs WHERE method = ? AND model = ? AND start_time <= ? AND (start_time < ? OR id < ?) ORDER BY access_logs.start_time DESC, access_logs.id DESC LIMIT ?) AS part0 UNION ALL SELECT * FROM (SELECT id, record_id, path, ai_log, start_time FROM access_logs WHERE method = ? AND model = ? AND start_time <= ? AND (start_time < ? OR id < ?) ORDER BY access_logs.start_time DESC, access_logs.id DESC LIMIT ?) AS part1) AS listed ORDER BY start_time DESC, id DESC LIMIT ?;
-- values: [Text("GET"), Text("a"), Text("2026-01-31T12:00:00.000000Z"), Text("2026-01-31T12:00:00.000000Z"), Integer(7), Integer(500), Text("GET"), Text("b"), Text("2026-01-31T12:00:00.000000Z"), Text("2026-01-31T12:00:00.000000Z"), Integer(7), Integer(500), Integer(500)]

-- several models, as many as fit
SELECT id, record_id, path, ai_log, start_time, page_rows FROM (SELECT id AS place, COUNT(*) OVER () AS page_rows, SUM(row_bytes) OVER (ORDER BY start_time DESC, id DESC) - row_bytes AS bytes_before FROM (SELECT * FROM (SELECT * FROM (SELECT id, start_time, 176 + COALESCE(OCTET_LENGTH(path), 0) + COALESCE(OCTET_LENGTH(ai_log), 0) AS row_bytes FROM access_logs WHERE method = ? AND model = ? AND start_time <= ? AND (start_time < ? OR id < ?) ORDER BY access_logs.start_time DESC, access_logs.id DESC LIMIT ?) AS part0 UNION ALL SELECT * FROM (SELECT id, start_time, 176 + COALESCE(OCTET_LENGTH(path), 0) + COALESCE(OCTET_LENGTH(ai_log), 0) AS row_bytes FROM access_logs WHERE method = ? AND model = ? AND start_time <= ? AND (start_time < ? OR id < ?) ORDER BY access_logs.start_time DESC, access_logs.id DESC LIMIT ?) AS part1) AS listed ORDER BY start_time DESC, id DESC LIMIT ?) AS page) AS measured CROSS JOIN access_logs ON access_logs.id = place WHERE bytes_before < ? ORDER BY access_logs.start_time DESC, access_logs.id DESC;
-- values: [Text("GET"), Text("a"), Text("2026-01-31T12:00:00.000000Z"), Text("2026-01-31T12:00:00.000000Z"), Integer(7), Integer(500), Text("GET"), Text("b"), Text("2026-01-31T12:00:00.000000Z"), Text("2026-01-31T12:00:00.000000Z"), Integer(7), Integer(500), Integer(500), Integer(1000000)]

-- text search
SELECT id, record_id, path, ai_log, start_time FROM access_logs WHERE ai_log LIKE ? ESCAPE '|' ORDER BY access_logs.start_time DESC, access_logs.id DESC LIMIT ?;
-- values: [Text("%a|_b%"), Integer(500)]

-- services
SELECT id, record_id, path, ai_log, start_time FROM access_logs WHERE (service IN (?, ?, ?) OR (service LIKE ? ESCAPE '|' AND SUBSTR(service, ?) = ?)) ORDER BY access_logs.start_time DESC, access_logs.id DESC LIMIT ?;
-- values: [Text("qwen.test"), Text("outbound|80||a_b"), Text("a_b"), Text("outbound||%||%||qwen.test"), Integer(-9), Text("qwen.test"), Integer(500)]

-- one record
SELECT id, record_id, path, ai_log, start_time FROM access_logs WHERE record_id = ? LIMIT 1;
-- values: [Text("0198")]

-- values since
SELECT DISTINCT api AS value FROM access_logs WHERE start_time >= ? AND api LIKE ? ESCAPE '|' ORDER BY value LIMIT ?;
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("ch%"), Integer(100)]

-- values of the newest
SELECT DISTINCT api AS value FROM (SELECT api FROM access_logs ORDER BY start_time DESC LIMIT ?) AS newest WHERE api LIKE ? ESCAPE '|' ORDER BY value LIMIT ?;
-- values: [Integer(100000), Text("ch%"), Integer(100)]

-- pv
SELECT COUNT(*) AS amount FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND CASE WHEN json_valid(ai_log) THEN CASE json_type(ai_log, '$.model') WHEN 'text' THEN json_extract(ai_log, '$.model') ELSE ai_log -> '$.model' END END <> '';
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2")]

-- uv
SELECT COUNT(DISTINCT x_forwarded_for) AS amount FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND CASE WHEN json_valid(ai_log) THEN CASE json_type(ai_log, '$.model') WHEN 'text' THEN json_extract(ai_log, '$.model') ELSE ai_log -> '$.model' END END <> '';
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2")]

-- fallback_count
SELECT COUNT(*) AS amount FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND response_code_details = ?;
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Text("internal_redirect")]

-- bytes_received
SELECT CASE WHEN COUNT(bytes_received) > 0 THEN CAST(TOTAL(bytes_received) AS INTEGER) END AS amount FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?);
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2")]

-- bytes_sent
SELECT CASE WHEN COUNT(bytes_sent) > 0 THEN CAST(TOTAL(bytes_sent) AS INTEGER) END AS amount FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?);
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2")]

-- input_token_total
SELECT CAST(TOTAL(input_tokens) AS INTEGER) AS amount FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?);
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2")]

-- output_token_total
SELECT CAST(TOTAL(output_tokens) AS INTEGER) AS amount FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?);
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2")]

-- token_total
SELECT CAST(TOTAL(total_tokens) AS INTEGER) AS amount FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?);
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2")]

-- qps_stream
SELECT unixepoch(substr(start_time, 1, 19)) / ? AS bucket, COUNT(*) AS amount, COUNT(*) AS records FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND CASE WHEN json_valid(ai_log) THEN CASE json_type(ai_log, '$.response_type') WHEN 'text' THEN json_extract(ai_log, '$.response_type') ELSE ai_log -> '$.response_type' END END = ? GROUP BY bucket ORDER BY bucket LIMIT ?;
-- values: [Integer(60), Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Text("stream"), Integer(1001)]

-- qps_normal
SELECT unixepoch(substr(start_time, 1, 19)) / ? AS bucket, COUNT(*) AS amount, COUNT(*) AS records FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND CASE WHEN json_valid(ai_log) THEN CASE json_type(ai_log, '$.response_type') WHEN 'text' THEN json_extract(ai_log, '$.response_type') ELSE ai_log -> '$.response_type' END END = ? GROUP BY bucket ORDER BY bucket LIMIT ?;
-- values: [Integer(60), Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Text("normal"), Integer(1001)]

-- qps_total
SELECT unixepoch(substr(start_time, 1, 19)) / ? AS bucket, COUNT(*) AS amount, COUNT(*) AS records FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND CASE WHEN json_valid(ai_log) THEN CASE json_type(ai_log, '$.response_type') WHEN 'text' THEN json_extract(ai_log, '$.response_type') ELSE ai_log -> '$.response_type' END END IN (?, ?) GROUP BY bucket ORDER BY bucket LIMIT ?;
-- values: [Integer(60), Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Text("normal"), Text("stream"), Integer(1001)]

-- success_rate
SELECT unixepoch(substr(start_time, 1, 19)) / ? AS bucket, COUNT(CASE WHEN response_code > 0 AND response_code < 300 THEN 1 END) AS amount, COUNT(*) AS records FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) GROUP BY bucket ORDER BY bucket LIMIT ?;
-- values: [Integer(60), Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(1001)]

-- token_per_sec_input
SELECT unixepoch(substr(start_time, 1, 19)) / ? AS bucket, CAST(TOTAL(input_tokens) AS INTEGER) AS amount, COUNT(*) AS records FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) GROUP BY bucket ORDER BY bucket LIMIT ?;
-- values: [Integer(60), Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(1001)]

-- token_per_sec_output
SELECT unixepoch(substr(start_time, 1, 19)) / ? AS bucket, CAST(TOTAL(output_tokens) AS INTEGER) AS amount, COUNT(*) AS records FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) GROUP BY bucket ORDER BY bucket LIMIT ?;
-- values: [Integer(60), Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(1001)]

-- token_per_sec_total
SELECT unixepoch(substr(start_time, 1, 19)) / ? AS bucket, CAST(TOTAL(total_tokens) AS INTEGER) AS amount, COUNT(*) AS records FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) GROUP BY bucket ORDER BY bucket LIMIT ?;
-- values: [Integer(60), Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(1001)]

-- rt_avg_total
SELECT bucket, SUM(amount) AS amount, COUNT(*) AS records FROM (SELECT unixepoch(substr(start_time, 1, 19)) / ? AS bucket, MAX(MIN(CAST(CASE WHEN json_valid(ai_log) THEN CASE json_type(ai_log, '$.llm_service_duration') WHEN 'text' THEN json_extract(ai_log, '$.llm_service_duration') ELSE ai_log -> '$.llm_service_duration' END END AS REAL), 9007199254740992), -9007199254740992) AS amount FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) LIMIT -1) AS measured WHERE amount IS NOT NULL GROUP BY bucket ORDER BY bucket LIMIT ?;
-- values: [Integer(60), Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(1001)]

-- rt_avg_stream
SELECT bucket, SUM(amount) AS amount, COUNT(*) AS records FROM (SELECT unixepoch(substr(start_time, 1, 19)) / ? AS bucket, MAX(MIN(CAST(CASE WHEN json_valid(ai_log) THEN CASE json_type(ai_log, '$.llm_service_duration') WHEN 'text' THEN json_extract(ai_log, '$.llm_service_duration') ELSE ai_log -> '$.llm_service_duration' END END AS REAL), 9007199254740992), -9007199254740992) AS amount FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND CASE WHEN json_valid(ai_log) THEN CASE json_type(ai_log, '$.response_type') WHEN 'text' THEN json_extract(ai_log, '$.response_type') ELSE ai_log -> '$.response_type' END END = ? LIMIT -1) AS measured WHERE amount IS NOT NULL GROUP BY bucket ORDER BY bucket LIMIT ?;
-- values: [Integer(60), Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Text("stream"), Integer(1001)]

-- rt_avg_normal
SELECT bucket, SUM(amount) AS amount, COUNT(*) AS records FROM (SELECT unixepoch(substr(start_time, 1, 19)) / ? AS bucket, MAX(MIN(CAST(CASE WHEN json_valid(ai_log) THEN CASE json_type(ai_log, '$.llm_service_duration') WHEN 'text' THEN json_extract(ai_log, '$.llm_service_duration') ELSE ai_log -> '$.llm_service_duration' END END AS REAL), 9007199254740992), -9007199254740992) AS amount FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND CASE WHEN json_valid(ai_log) THEN CASE json_type(ai_log, '$.response_type') WHEN 'text' THEN json_extract(ai_log, '$.response_type') ELSE ai_log -> '$.response_type' END END = ? LIMIT -1) AS measured WHERE amount IS NOT NULL GROUP BY bucket ORDER BY bucket LIMIT ?;
-- values: [Integer(60), Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Text("normal"), Integer(1001)]

-- rt_first_token
SELECT bucket, SUM(amount) AS amount, COUNT(*) AS records FROM (SELECT unixepoch(substr(start_time, 1, 19)) / ? AS bucket, MAX(MIN(CAST(CASE WHEN json_valid(ai_log) THEN CASE json_type(ai_log, '$.llm_first_token_duration') WHEN 'text' THEN json_extract(ai_log, '$.llm_first_token_duration') ELSE ai_log -> '$.llm_first_token_duration' END END AS REAL), 9007199254740992), -9007199254740992) AS amount FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) LIMIT -1) AS measured WHERE amount IS NOT NULL GROUP BY bucket ORDER BY bucket LIMIT ?;
-- values: [Integer(60), Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(1001)]

-- cache_hit
SELECT unixepoch(substr(start_time, 1, 19)) / ? AS bucket, COUNT(*) AS amount, COUNT(*) AS records FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND CASE WHEN json_valid(ai_log) THEN CASE json_type(ai_log, '$.cache_status') WHEN 'text' THEN json_extract(ai_log, '$.cache_status') ELSE ai_log -> '$.cache_status' END END = ? GROUP BY bucket ORDER BY bucket LIMIT ?;
-- values: [Integer(60), Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Text("hit"), Integer(1001)]

-- cache_miss
SELECT unixepoch(substr(start_time, 1, 19)) / ? AS bucket, COUNT(*) AS amount, COUNT(*) AS records FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND CASE WHEN json_valid(ai_log) THEN CASE json_type(ai_log, '$.cache_status') WHEN 'text' THEN json_extract(ai_log, '$.cache_status') ELSE ai_log -> '$.cache_status' END END = ? GROUP BY bucket ORDER BY bucket LIMIT ?;
-- values: [Integer(60), Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Text("miss"), Integer(1001)]

-- cache_skip
SELECT unixepoch(substr(start_time, 1, 19)) / ? AS bucket, COUNT(*) AS amount, COUNT(*) AS records FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND CASE WHEN json_valid(ai_log) THEN CASE json_type(ai_log, '$.cache_status') WHEN 'text' THEN json_extract(ai_log, '$.cache_status') ELSE ai_log -> '$.cache_status' END END = ? GROUP BY bucket ORDER BY bucket LIMIT ?;
-- values: [Integer(60), Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Text("skip"), Integer(1001)]

-- ratelimited_per_sec
SELECT unixepoch(substr(start_time, 1, 19)) / ? AS bucket, COUNT(*) AS amount, COUNT(*) AS records FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND CASE WHEN json_valid(ai_log) THEN CASE json_type(ai_log, '$.token_ratelimit_status') WHEN 'text' THEN json_extract(ai_log, '$.token_ratelimit_status') ELSE ai_log -> '$.token_ratelimit_status' END END = ? GROUP BY bucket ORDER BY bucket LIMIT ?;
-- values: [Integer(60), Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Text("limited"), Integer(1001)]

-- qps_total_simple
SELECT unixepoch(substr(start_time, 1, 19)) / ? AS bucket, COUNT(*) AS amount, COUNT(*) AS records FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) GROUP BY bucket ORDER BY bucket LIMIT ?;
-- values: [Integer(60), Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(1001)]

-- rt_avg
SELECT unixepoch(substr(start_time, 1, 19)) / ? AS bucket, CAST(TOTAL(duration) AS INTEGER) AS amount, COUNT(*) AS records FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND duration IS NOT NULL GROUP BY bucket ORDER BY bucket LIMIT ?;
-- values: [Integer(60), Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(1001)]

-- rt_p50
SELECT bucket, duration AS amount, COALESCE(records, 0) AS records FROM (SELECT bucket, duration, equal, SUM(equal) OVER (PARTITION BY bucket ORDER BY duration) AS place, SUM(equal) OVER (PARTITION BY bucket) AS records FROM (SELECT unixepoch(substr(start_time, 1, 19)) / ? AS bucket, duration, COUNT(*) AS equal FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND duration IS NOT NULL GROUP BY bucket, duration) AS counted) AS ranked WHERE place >= (records * 50 + 99) / 100 AND place - equal < (records * 50 + 99) / 100 ORDER BY bucket LIMIT ?;
-- values: [Integer(60), Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(1001)]

-- rt_p90
SELECT bucket, duration AS amount, COALESCE(records, 0) AS records FROM (SELECT bucket, duration, equal, SUM(equal) OVER (PARTITION BY bucket ORDER BY duration) AS place, SUM(equal) OVER (PARTITION BY bucket) AS records FROM (SELECT unixepoch(substr(start_time, 1, 19)) / ? AS bucket, duration, COUNT(*) AS equal FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND duration IS NOT NULL GROUP BY bucket, duration) AS counted) AS ranked WHERE place >= (records * 90 + 99) / 100 AND place - equal < (records * 90 + 99) / 100 ORDER BY bucket LIMIT ?;
-- values: [Integer(60), Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(1001)]

-- rt_p95
SELECT bucket, duration AS amount, COALESCE(records, 0) AS records FROM (SELECT bucket, duration, equal, SUM(equal) OVER (PARTITION BY bucket ORDER BY duration) AS place, SUM(equal) OVER (PARTITION BY bucket) AS records FROM (SELECT unixepoch(substr(start_time, 1, 19)) / ? AS bucket, duration, COUNT(*) AS equal FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND duration IS NOT NULL GROUP BY bucket, duration) AS counted) AS ranked WHERE place >= (records * 95 + 99) / 100 AND place - equal < (records * 95 + 99) / 100 ORDER BY bucket LIMIT ?;
-- values: [Integer(60), Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(1001)]

-- rt_p99
SELECT bucket, duration AS amount, COALESCE(records, 0) AS records FROM (SELECT bucket, duration, equal, SUM(equal) OVER (PARTITION BY bucket ORDER BY duration) AS place, SUM(equal) OVER (PARTITION BY bucket) AS records FROM (SELECT unixepoch(substr(start_time, 1, 19)) / ? AS bucket, duration, COUNT(*) AS equal FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND duration IS NOT NULL GROUP BY bucket, duration) AS counted) AS ranked WHERE place >= (records * 99 + 99) / 100 AND place - equal < (records * 99 + 99) / 100 ORDER BY bucket LIMIT ?;
-- values: [Integer(60), Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(1001)]

-- model_token_table
SELECT model AS model, CAST(TOTAL(input_tokens) AS INTEGER) AS input_token, CAST(TOTAL(output_tokens) AS INTEGER) AS output_token, CAST(TOTAL(total_tokens) AS INTEGER) AS total_token, COUNT(*) AS request FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND COALESCE(model, NULL) IS NOT NULL GROUP BY 1 ORDER BY total_token DESC, 1 LIMIT ?;
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(1001)]

-- consumer_token_table
SELECT consumer AS consumer, CAST(TOTAL(input_tokens) AS INTEGER) AS input_token, CAST(TOTAL(output_tokens) AS INTEGER) AS output_token, CAST(TOTAL(total_tokens) AS INTEGER) AS total_token, COUNT(*) AS request FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND COALESCE(consumer, NULL) IS NOT NULL GROUP BY 1 ORDER BY total_token DESC, 1 LIMIT ?;
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(1001)]

-- service_token_table
SELECT upstream_cluster AS upstream_cluster, CAST(TOTAL(input_tokens) AS INTEGER) AS input_token, CAST(TOTAL(output_tokens) AS INTEGER) AS output_token, CAST(TOTAL(total_tokens) AS INTEGER) AS total_token, COUNT(*) AS request FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND upstream_cluster IS NOT NULL GROUP BY 1 ORDER BY total_token DESC, 1 LIMIT ?;
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(1001)]

-- error_requests_table
SELECT response_code AS response_code, response_code_details AS response_code_details, response_flags AS response_flags, COUNT(*) AS cnt FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND (response_code = 0 OR response_code >= 400) GROUP BY 1, 2, 3 ORDER BY COUNT(*) DESC, 1, 2, 3 LIMIT ?;
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(1001)]

-- ratelimited_consumer_table
SELECT consumer AS consumer, COUNT(*) AS ratelimited_count FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND CASE WHEN json_valid(ai_log) THEN CASE json_type(ai_log, '$.token_ratelimit_status') WHEN 'text' THEN json_extract(ai_log, '$.token_ratelimit_status') ELSE ai_log -> '$.token_ratelimit_status' END END = ? AND COALESCE(consumer, NULL) IS NOT NULL GROUP BY 1 ORDER BY COUNT(*) DESC, 1 LIMIT ?;
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Text("limited"), Integer(1001)]

-- risk_label_table
SELECT substr(CASE WHEN json_valid(ai_log) THEN CASE json_type(ai_log, '$.safecheck_riskLabel') WHEN 'text' THEN json_extract(ai_log, '$.safecheck_riskLabel') ELSE ai_log -> '$.safecheck_riskLabel' END END, 1, 1024) AS risklabel, COUNT(*) AS cnt FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND CASE WHEN json_valid(ai_log) THEN CASE json_type(ai_log, '$.safecheck_status') WHEN 'text' THEN json_extract(ai_log, '$.safecheck_status') ELSE ai_log -> '$.safecheck_status' END END = ? GROUP BY 1 ORDER BY COUNT(*) DESC, 1 LIMIT ?;
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Text("reqeust deny"), Integer(1001)]

-- risk_consumer_table
SELECT consumer AS consumer, COUNT(*) AS cnt FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND CASE WHEN json_valid(ai_log) THEN CASE json_type(ai_log, '$.safecheck_status') WHEN 'text' THEN json_extract(ai_log, '$.safecheck_status') ELSE ai_log -> '$.safecheck_status' END END = ? AND COALESCE(consumer, NULL) IS NOT NULL GROUP BY 1 ORDER BY COUNT(*) DESC, 1 LIMIT ?;
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Text("reqeust deny"), Integer(1001)]

-- method_distribution
SELECT method AS method, COUNT(*) AS count FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND method IS NOT NULL GROUP BY 1 ORDER BY COUNT(*) DESC, 1 LIMIT ?;
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(1001)]

-- gateway_status_distribution
SELECT response_code AS status, COUNT(*) AS count FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) GROUP BY 1 ORDER BY COUNT(*) DESC, 1 LIMIT ?;
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(1001)]

-- backend_status_distribution
SELECT response_code_details AS status, COUNT(*) AS count FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND response_code_details IS NOT NULL AND CASE WHEN json_valid(ai_log) THEN CASE json_type(ai_log, '$.model') WHEN 'text' THEN json_extract(ai_log, '$.model') ELSE ai_log -> '$.model' END END <> '' GROUP BY 1 ORDER BY COUNT(*) DESC, 1 LIMIT ?;
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(1001)]

-- request_distribution
SELECT mcp_tool AS tool_name, response_code AS response_code, response_flags AS response_flags, response_code_details AS response_code_details, COUNT(*) AS cnt FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) GROUP BY 1, 2, 3, 4 ORDER BY COUNT(*) DESC, 1, 2, 3, 4 LIMIT ?;
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(1001)]

-- filter_service_options
SELECT instance_id AS service FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND instance_id IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT ?;
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(101)]

-- filter_api_options
SELECT api AS api FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND api IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT ?;
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(101)]

-- filter_model_options
SELECT model AS model FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND COALESCE(model, NULL) IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT ?;
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(101)]

-- filter_route_options
SELECT route_name AS route_name FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND route_name IS NOT NULL AND CASE WHEN json_valid(ai_log) THEN CASE json_type(ai_log, '$.model') WHEN 'text' THEN json_extract(ai_log, '$.model') ELSE ai_log -> '$.model' END END <> '' GROUP BY 1 ORDER BY 1 LIMIT ?;
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(101)]

-- filter_consumer_options
SELECT consumer AS consumer FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND COALESCE(consumer, NULL) IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT ?;
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(101)]

-- filter_upstream_options
SELECT upstream_cluster AS upstream_cluster FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND upstream_cluster IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT ?;
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(101)]

-- filter_mcp_tool_options
SELECT mcp_tool AS mcp_tool_name FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND mcp_tool IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT ?;
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(101)]

-- filter_mcp_server_options
SELECT mcp_server AS mcp_server FROM access_logs WHERE start_time >= ? AND instance_id IN (?, ?) AND mcp_tool IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT ?;
-- values: [Text("2026-01-31T12:00:00.000000Z"), Text("i1"), Text("i2"), Integer(101)]

-- pv, MCP servers
SELECT COUNT(*) AS amount FROM access_logs WHERE SUBSTR(path, 1, 12) = ?;
-- values: [Text("/mcp-servers")]


-- Rows of access_logs with the numbers from ?1 up to ?2, which is not among them. Everything follows from the number of a row:
-- 30 % are AI calls, 5 % calls of MCP tools, 6 % errors. ?3 is the time of row 0 and ?4 the time between two rows, both in
-- microseconds; as at a gateway, a row is stored when its request ends, so start_time runs back and forth a little.
INSERT INTO access_logs (record_id, start_time, trace_id, authority, method, path, protocol, request_id, user_agent,
  x_forwarded_for, response_code, response_flags, response_code_details, bytes_received, bytes_sent, duration,
  upstream_cluster, upstream_host, upstream_service_time, upstream_local_address, downstream_local_address,
  downstream_remote_address, route_name, requested_server_name, ai_log, instance_id, api, model, consumer, route, service,
  mcp_server, mcp_tool, input_tokens, output_tokens, total_tokens, response_type, time_to_first_token, chat_id)
WITH RECURSIVE
  numbers(n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?2),
  drawn AS (SELECT n,
    (n * 2654435761 % 4294967296) >> 8 AS a,
    (n * 3266489917 % 4294967296) >> 8 AS b,
    (n * 2246822519 % 4294967296) >> 8 AS c,
    (n * 668265263 % 4294967296) >> 4 AS d
    FROM numbers),
  kinds AS (SELECT *,
    a % 100 < 30 AS ai, a % 100 BETWEEN 30 AND 34 AS mcp,
    CASE WHEN b % 100 < 94 THEN 200 WHEN b % 100 < 97 THEN 404 WHEN b % 100 < 98 THEN 429 WHEN b % 1000 < 990 THEN 401 ELSE 503 END AS status,
    CASE WHEN a % 100 < 30 THEN 400 + c % 20000 * (c % 7) / 6 ELSE 2 + c % 60 + (c % 50 = 0) * (d % 3000) END AS ms,
    CASE WHEN c % 10 < 4 THEN c % 3 WHEN c % 10 < 8 THEN 3 + c % 5 ELSE 8 + c % 12 END AS model_no
    FROM drawn),
  timed AS (SELECT *, ?3 + n * ?4 - ms * 1000 AS micros FROM kinds)
SELECT
  printf('%08x-%04x-7%03x-a%03x-%012x', micros / 1000 >> 16, micros / 1000 & 65535, a & 4095, b & 4095, n),
  strftime('%Y-%m-%dT%H:%M:%S', micros / 1000000, 'unixepoch') || printf('.%06dZ', micros % 1000000),
  CASE WHEN d % 2 = 0 THEN printf('%08x%08x%08x%08x', a, d, c, b) END,
  CASE WHEN ai THEN 'llm.example.com' WHEN mcp THEN 'mcp.example.com' ELSE printf('www%d.example.com', b % 12) END,
  CASE WHEN ai OR mcp THEN 'POST' WHEN c % 10 < 7 THEN 'GET' WHEN c % 10 < 9 THEN 'POST' ELSE 'PUT' END,
  CASE WHEN ai THEN '/v1/chat/completions' WHEN mcp THEN printf('/mcp-servers/tools-%d/mcp', b % 8)
    ELSE printf('/shop/products/%d?page=%d&session=%08x', c % 50000, d % 9, a) END,
  'HTTP/1.1',
  printf('%08x-%04x-4%03x-9%03x-%06x%06x', d, a & 65535, b & 4095, c & 4095, a, b),
  CASE WHEN ai THEN 'OpenAI/Python 1.52.2' ELSE 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' END,
  printf('10.%d.%d.%d', b % 4, c % 250, d % 50),
  status,
  CASE status WHEN 404 THEN CASE WHEN b % 2 THEN 'NR' ELSE '-' END WHEN 429 THEN 'RL' WHEN 503 THEN 'UF' ELSE '-' END,
  CASE status WHEN 404 THEN CASE WHEN b % 2 THEN 'route_not_found' ELSE 'via_upstream' END WHEN 429 THEN 'rate_limited'
    WHEN 503 THEN 'upstream_reset_before_response_started{connection_failure}' ELSE CASE WHEN ai AND d % 100 = 0 THEN 'internal_redirect' ELSE 'via_upstream' END END,
  400 + c % 2000, 200 + d % 9000, ms,
  CASE WHEN ai THEN printf('outbound|443||llm-%d.internal.dns', model_no % 6) WHEN mcp THEN 'outbound|8080||mcp.tools.svc.cluster.local'
    ELSE printf('outbound|80||shop-%d.default.svc.cluster.local', c % 15) END,
  printf('10.8.%d.%d:8080', c % 4, b % 30),
  CAST(ms - ms / 20 AS TEXT),
  printf('10.0.0.5:%d', 32768 + d % 28000), '10.0.0.5:8443', printf('10.%d.%d.%d:%d', b % 4, c % 250, d % 50, 1024 + d % 60000),
  CASE WHEN ai THEN printf('model-api-%d', model_no % 6) WHEN mcp THEN 'mcp' ELSE printf('shop-%d', c % 15) END,
  CASE WHEN ai THEN 'llm.example.com' END,
  CASE WHEN ai THEN '{"api":"openai/v1","cache_status":"' || CASE WHEN d % 20 = 0 THEN 'hit' WHEN d % 20 < 10 THEN 'miss' ELSE 'skip' END
    || '","chat_id":"chatcmpl-' || printf('%08x%08x', d, c) || '","chat_round":' || (1 + d % 6) || ',"consumer":"team-' || (b % 150)
    || '","fallback_from":"-","input_token":' || (20 + c % 3000) || ',"llm_first_token_duration":' || (ms / 5)
    || ',"llm_service_duration":' || ms || ',"model":"model-' || model_no || '","output_token":' || (5 + d % 1200)
    || ',"question":"What does request ' || n || ' ask the gateway to do, and how long may the answer to it take at most?","response_type":"'
    || CASE WHEN d % 3 = 0 THEN 'normal' ELSE 'stream' END
    || CASE WHEN status = 429 THEN '","token_ratelimit_status":"limited' ELSE '' END
    || CASE WHEN d % 500 = 0 THEN '","safecheck_status":"reqeust deny","safecheck_riskLabel":"' || CASE WHEN d % 1000 = 0 THEN 'violence' ELSE 'injection' END ELSE '' END
    || '","total_token":' || (25 + c % 3000 + d % 1200) || '}' END,
  printf('gateway-7d4b9c-%d', d % 3),
  CASE WHEN ai THEN printf('model-api-%d', model_no % 6) END,
  CASE WHEN ai THEN 'model-' || model_no END,
  CASE WHEN ai OR mcp THEN 'team-' || (b % 150) END,
  CASE WHEN ai THEN printf('model-api-%d', model_no % 6) WHEN mcp THEN 'mcp' ELSE printf('shop-%d', c % 15) END,
  CASE WHEN ai THEN printf('llm-%d.internal.dns', model_no % 6) WHEN mcp THEN 'mcp.tools.svc.cluster.local'
    ELSE printf('shop-%d.default.svc.cluster.local', c % 15) END,
  CASE WHEN mcp THEN printf('tools-%d', b % 8) END, CASE WHEN mcp THEN printf('tool-%d', c % 40) END,
  CASE WHEN ai THEN 20 + c % 3000 END, CASE WHEN ai THEN 5 + d % 1200 END, CASE WHEN ai THEN 25 + c % 3000 + d % 1200 END,
  CASE WHEN ai THEN CASE WHEN d % 3 = 0 THEN 'normal' ELSE 'stream' END END,
  CASE WHEN ai AND d % 3 THEN ms / 5 END,
  CASE WHEN ai THEN printf('chatcmpl-%08x%08x', d, c) END
FROM timed;

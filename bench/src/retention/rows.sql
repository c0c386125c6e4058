-- Rows of access_logs with the numbers of `numbers` from @from on: everything follows from the number of a row. @first is the time
-- of row 0 in seconds, and @gap the seconds between two rows. As in the rows of the query benchmark, 30 % are AI calls; bodies and
-- AI logs are left out, because the server only has to find and delete them.
INSERT INTO access_logs (record_id, start_time, trace_id, authority, method, path, protocol, request_id, user_agent,
  response_code, response_flags, bytes_received, bytes_sent, duration, upstream_cluster, upstream_host, route_name, instance_id,
  api, model, consumer, route, service, mcp_server, input_tokens, output_tokens, total_tokens)
SELECT CONCAT(LPAD(HEX(FLOOR(@first + number * @gap)), 8, '0'), '-', LPAD(HEX(number * 2654435761 % 4294967296), 8, '0'), '-', number),
  FROM_UNIXTIME(@first + number * @gap),
  IF(number % 2 = 0, MD5(number), NULL), CONCAT('www', number % 12, '.example.com'), 'GET',
  CONCAT('/shop/products/', number % 50000, '?session=', LPAD(HEX(number * 3266489917 % 4294967296), 8, '0')), 'HTTP/1.1',
  CONCAT('request-', number), 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  IF(number % 17 = 0, 503, 200), '-', 400 + number % 2000, 200 + number % 9000, number % 3000,
  CONCAT('outbound|80||shop-', number % 15, '.default.svc.cluster.local'), CONCAT('10.8.1.', number % 30, ':8080'),
  CONCAT('shop-', number % 15), 'gateway-7d4b9c-1', IF(number % 10 < 3, 'model-api', NULL),
  IF(number % 10 < 3, CONCAT('model-', number % 20), NULL), IF(number % 10 < 4, CONCAT('team-', number % 150), NULL),
  CONCAT('shop-', number % 15), CONCAT('shop-', number % 15, '.default.svc.cluster.local'),
  IF(number % 20 = 5, CONCAT('tools-', number % 8), NULL), IF(number % 10 < 3, number % 3000, NULL),
  IF(number % 10 < 3, number % 1200, NULL), IF(number % 10 < 3, number % 3000 + number % 1200, NULL)
FROM (SELECT @from + n AS number FROM numbers) AS counted;

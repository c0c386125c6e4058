-- Divides an existing table of gatelog on MySQL or MariaDB by day, for mysql_partitions = day. Stop ingest, or run it on a copy:
-- the rows are copied once, and writing waits for it. Days more than 400 days ago share the first partition.
SET SESSION time_zone = '+00:00', SESSION group_concat_max_len = 1000000;
SET @today = FLOOR(UNIX_TIMESTAMP() / 86400);
SET @first = (SELECT GREATEST(FLOOR(UNIX_TIMESTAMP(COALESCE(MIN(start_time), NOW())) / 86400), @today - 400) FROM access_logs);
SET @days = (
  WITH RECURSIVE days (day) AS (
    SELECT CAST(LEAST(@first, @today) AS SIGNED) UNION ALL SELECT day + 1 FROM days WHERE day < @today + 3
  )
  SELECT GROUP_CONCAT('PARTITION p', DATE_FORMAT(FROM_UNIXTIME(day * 86400), '%Y%m%d'), ' VALUES LESS THAN (', (day + 1) * 86400, ')'
    ORDER BY day) FROM days
);
SET @divide = CONCAT(
  'ALTER TABLE access_logs DROP PRIMARY KEY, ADD PRIMARY KEY (id, start_time), DROP INDEX idx_record_id, ',
  'ADD UNIQUE INDEX idx_record_id (record_id, start_time) ',
  'PARTITION BY RANGE (/*!80017 FLOOR(UNIX_TIMESTAMP(start_time)) *//*M! UNIX_TIMESTAMP(start_time) */) (',
  @days, ', PARTITION pmax VALUES LESS THAN MAXVALUE)');
PREPARE divide FROM @divide;
EXECUTE divide;
DEALLOCATE PREPARE divide;

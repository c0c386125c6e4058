-- A user for each of gatelog's functions on MySQL or MariaDB, with the rights that it needs and no others.
--
-- Run it as an administrator when the tables exist. deploy/schema/mysql.sql creates them (mysql-by-day.sql with a partition
-- for each day), and so do the functions, once, with a user that may do so. These users cannot change the tables: after an
-- update of gatelog that changes them, start one function once with a user that has ALL on gatelog.*.
--
-- Replace the passwords and, if it has another name, the database. Each function has its own user where each is an
-- application of its own, as on SpinKube. One user for all needs the rights of all three.

CREATE USER 'gatelog_ingest'@'%' IDENTIFIED BY 'change-me-ingest';
GRANT SELECT ON gatelog.gatelog_schema TO 'gatelog_ingest'@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON gatelog.access_logs TO 'gatelog_ingest'@'%';
GRANT SELECT, INSERT, UPDATE ON gatelog.gatelog_counters TO 'gatelog_ingest'@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON gatelog.gatelog_filters TO 'gatelog_ingest'@'%';
-- Only with mysql_partitions = day: makes the partitions of coming days and drops those of old ones.
GRANT ALTER, DROP ON gatelog.access_logs TO 'gatelog_ingest'@'%';

CREATE USER 'gatelog_query'@'%' IDENTIFIED BY 'change-me-query';
GRANT SELECT ON gatelog.gatelog_schema TO 'gatelog_query'@'%';
GRANT SELECT ON gatelog.access_logs TO 'gatelog_query'@'%';

CREATE USER 'gatelog_health'@'%' IDENTIFIED BY 'change-me-health';
GRANT SELECT ON gatelog.gatelog_schema TO 'gatelog_health'@'%';
GRANT SELECT ON gatelog.gatelog_counters TO 'gatelog_health'@'%';
GRANT SELECT ON gatelog.gatelog_filters TO 'gatelog_health'@'%';

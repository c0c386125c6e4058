//! HiMarket asks the MySQL table with SQL of its own. Statements like its own, over the records of the scenarios' story,
//! answer what was worked out by hand.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use gatelog_databases::{MariaDb, MySql, SqlServer};
use gatelog_storage::driver::native_mysql::NativeMysql;

use crate::stories::scenarios::{RECORDS, store};

/// The two minutes that are asked for.
const TIME: &str = "start_time >= '2026-01-31 12:00:00' AND start_time <= '2026-01-31 12:02:00'";
/// Requests to AI models.
const MODEL: &str = "JSON_VALID(ai_log) AND JSON_UNQUOTE(JSON_EXTRACT(ai_log, '$.model')) <> ''";
/// The minute that a request began in.
const MINUTE: &str = "FLOOR(UNIX_TIMESTAMP(start_time) / 60) * 60";
/// 12:00:00 of that day.
const NOON: u64 = 1_769_860_800;

/// What is selected, which records, what follows, and the rows; in them, 12:01 and 12:02 stand for those minutes.
const ASKED: &[(&str, &str, &str, &str)] = &[
    ("COUNT(*)", "MODEL", "", "6"),
    ("COUNT(*)", "path REGEXP '^/mcp-servers'", "", "2"),
    ("COUNT(DISTINCT x_forwarded_for)", "MODEL", "", "3"),
    ("COUNT(*)", "response_code_details = 'internal_redirect'", "", "1"),
    (
        "ROUND(SUM(bytes_received) / 1024 / 1024, 3), ROUND(SUM(bytes_sent) / 1024 / 1024, 3)",
        "1",
        "",
        "1.501 2.000",
    ),
    ("SUM(input_tokens), SUM(output_tokens), SUM(total_tokens)", "1", "", "71 62 133"),
    (
        "MINUTE AS minute, COUNT(*) / 60",
        "JSON_VALID(ai_log) AND JSON_UNQUOTE(JSON_EXTRACT(ai_log, '$.response_type')) = 'stream'",
        "GROUP BY minute ORDER BY minute",
        "12:00 0.0167, 12:01 0.0167",
    ),
    (
        "MINUTE AS minute, SUM(CASE WHEN response_code > 0 AND response_code < 300 THEN 1 ELSE 0 END) / COUNT(*)",
        "1",
        "GROUP BY minute ORDER BY minute",
        "12:00 0.6000, 12:01 0.3333, 12:02 0.0000",
    ),
    (
        "MINUTE AS minute, SUM(total_tokens) / 60",
        "1",
        "GROUP BY minute ORDER BY minute",
        "12:00 0.5500, 12:01 1.6667, 12:02 NULL",
    ),
    (
        "MINUTE AS minute, AVG(CAST(JSON_UNQUOTE(JSON_EXTRACT(ai_log, '$.llm_service_duration')) AS DECIMAL(20, 3)))",
        "JSON_VALID(ai_log) AND JSON_UNQUOTE(JSON_EXTRACT(ai_log, '$.llm_service_duration')) <> 'null'",
        "GROUP BY minute ORDER BY minute",
        "12:00 150.0000000, 12:01 290.0000000",
    ),
    (
        "model, SUM(input_tokens), SUM(output_tokens), SUM(total_tokens), COUNT(*)",
        "model IS NOT NULL",
        "GROUP BY model ORDER BY 4 DESC",
        "gpt 60 40 100 4, qwen 11 22 33 2",
    ),
    (
        "response_code, response_code_details, response_flags, COUNT(*)",
        "(response_code = 0 OR response_code >= 400)",
        "GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1",
        "403 denied - 2, 0 NULL DC 1, 429 ratelimit RL 1, 503 upstream_reset UF 1",
    ),
    (
        "consumer, COUNT(*)",
        "JSON_VALID(ai_log) AND JSON_UNQUOTE(JSON_EXTRACT(ai_log, '$.token_ratelimit_status')) = 'limited'",
        "GROUP BY consumer",
        "c1 1",
    ),
    (
        "JSON_UNQUOTE(JSON_EXTRACT(ai_log, '$.safecheck_riskLabel')) AS label, COUNT(*)",
        "JSON_VALID(ai_log) AND JSON_UNQUOTE(JSON_EXTRACT(ai_log, '$.safecheck_status')) = 'reqeust deny'",
        "GROUP BY label ORDER BY label",
        "NULL 1, violence 1",
    ),
    (
        "mcp_tool, response_code, response_flags, response_code_details, COUNT(*)",
        "mcp_server = 'weather'",
        "GROUP BY 1, 2, 3, 4 ORDER BY 2",
        "forecast 200 - via_upstream 1, forecast 503 UF upstream_reset 1",
    ),
    ("DISTINCT instance_id", "instance_id <> ''", "ORDER BY 1 LIMIT 100", "i1, i2"),
    ("DISTINCT route_name", "api IN ('a1', 'a2')", "ORDER BY 1 LIMIT 100", "rt1, rt2"),
    (
        "DISTINCT upstream_cluster, method",
        "consumer = 'c1'",
        "ORDER BY 1 LIMIT 100",
        "u1 POST, u2 POST, u3 GET",
    ),
];

#[tokio::test(flavor = "current_thread")]
async fn statements_like_himarkets_answer_what_was_worked_out_by_hand() {
    for (server, name) in stored().await {
        for (columns, condition, rest, expected) in ASKED {
            let sql = format!("SELECT {columns} FROM access_logs WHERE {TIME} AND {condition} {rest}")
                .replace("MODEL", MODEL)
                .replace("MINUTE", MINUTE);
            assert_eq!(rows(server, &name, "+00:00", &sql), *expected, "{sql}");
        }
    }
}

/// The row at place `ceil(p * n)` of each minute, numbered by duration.
#[tokio::test(flavor = "current_thread")]
async fn percentiles_by_row_number_are_those_of_the_story() {
    for (server, name) in stored().await {
        for (share, expected) in
            [("0.50", "12:00 40, 12:01 9, 12:02 1"), ("0.95", "12:00 200, 12:01 300, 12:02 1")]
        {
            let sql = format!(
                "SELECT minute, duration FROM (SELECT {MINUTE} AS minute, duration, \
                 ROW_NUMBER() OVER (PARTITION BY {MINUTE} ORDER BY duration) AS rn, \
                 COUNT(*) OVER (PARTITION BY {MINUTE}) AS cnt FROM access_logs WHERE {TIME}) AS ranked \
                 WHERE rn = CEIL({share} * cnt) ORDER BY minute"
            );
            assert_eq!(rows(server, &name, "+00:00", &sql), expected, "{sql}");
        }
    }
}

/// A `TIMESTAMP` means the same moment whatever the session's time zone.
#[tokio::test(flavor = "current_thread")]
async fn times_are_read_in_the_time_zone_of_the_session() {
    let sql = "SELECT COUNT(*), MIN(UNIX_TIMESTAMP(start_time)) FROM access_logs \
               WHERE start_time >= '2026-01-31 20:00:00' AND start_time <= '2026-01-31 20:02:00'";
    for (server, name) in stored().await {
        assert_eq!(rows(server, &name, "+08:00", sql), format!("9 {NOON}.000000"));
    }
}

/// Databases with the records, on either server.
async fn stored() -> Vec<(&'static SqlServer, String)> {
    let mut stored = Vec::new();
    for server in [&**MariaDb::shared().unwrap(), &**MySql::shared().unwrap()] {
        let url = server.database().unwrap();
        store(&NativeMysql::open(&url).await.unwrap(), RECORDS).await;
        stored.push((server, url.rsplit('/').next().unwrap().to_owned()));
    }
    stored
}

/// The rows of an answer in one line, minutes by their time of day.
fn rows(server: &SqlServer, name: &str, time_zone: &str, sql: &str) -> String {
    let answer = server.sql(&format!("USE {name}; SET time_zone = '{time_zone}'; {sql}")).unwrap();
    let mut rows = answer.trim_end().replace('\t', " ").replace('\n', ", ");
    for minute in 0..3 {
        rows = rows.replace(&format!("{} ", NOON + 60 * minute), &format!("12:{minute:02} "));
    }
    rows
}

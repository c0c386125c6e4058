//! The paths that the OpenAPI description does not have, those of ingest, health and the dashboard, and an example of each path.

/// A path and what it answers.
pub struct Path {
    /// `POST`, `GET`.
    pub method: &'static str,
    /// `/ingest`.
    pub path: &'static str,
    /// What it is for, in a few words.
    pub summary: &'static str,
    /// What else there is to know.
    pub text: &'static str,
    /// Its statuses and their meanings.
    pub answers: &'static [(&'static str, &'static str)],
}

const WRONG_TOKEN: (&str, &str) = ("401", "The token is missing or wrong.");
const WRONG_METHOD: (&str, &str) = ("405", "The method is another; `Allow` names those that there are.");

/// The path that stores.
pub const INGEST: Path = Path {
    method: "POST",
    path: "/ingest",
    summary: "Stores records",
    text: "\
The body is one JSON object, an array of objects, or one object on each line; its keys are the [fields](fields.md). [query.md](query.md#storing) says what is accepted and repaired,
[delivery.md](delivery.md#at-ingest) what happens when something is wrong. It needs `authorization: Bearer …` with [`ingest_token`](configuration.md#access), if that is set.

```json
{\"accepted\":2,\"duplicates\":1,\"rejected\":[{\"index\":3,\"error\":\"…\"}]}
```

| header of the request | meaning |
|---|---|
| `authorization` | `Bearer` and the token |
| `content-type` | Ignored, unless the body cannot be read. |
| `content-encoding` | `gzip`, `zstd` or `deflate`, which is zlib |
| `x-gatelog-filter`, `x-gatelog-queue-entries`, `x-gatelog-dropped`, `x-gatelog-retries` | What a filter reports of itself, for [`/health/metrics`](metrics.md#the-functions). |",
    answers: &[
        ("200", "Every record that is not in `rejected` is committed; `duplicates` were stored before."),
        ("400", "No record can be read, and nothing is stored; `error` says why."),
        WRONG_TOKEN,
        WRONG_METHOD,
        ("408", "The body takes longer than `body_timeout_ms`."),
        (
            "413",
            "The body is larger than `max_body_bytes`, becomes larger than `max_decompressed_bytes`, or has more than `max_batch_records` records.",
        ),
        ("415", "The body is in an encoding or character set that is not read."),
        ("500", "The database does not understand a statement; the log says more."),
        (
            "503",
            "The database or, under `at_least_once`, a receiver (syslog, OTLP) cannot take the records now, as many requests as may (`max_waiting_requests`) wait for an insert, or a variable is wrong. `Retry-After` says when to try again; the same records may be sent again at any time.",
        ),
    ],
};

/// The path that stores what OpenTelemetry sends.
pub const LOGS: Path = Path {
    method: "POST",
    path: "/v1/logs",
    summary: "Stores OpenTelemetry's logs",
    text: "\
The body is an `ExportLogsServiceRequest` of OTLP/HTTP, in protobuf or JSON. [otlp.md](otlp.md#in) says which log records are records, [fields.md](fields.md) which attribute is which field. It needs
`authorization: Bearer …` with [`ingest_token`](configuration.md#access), if that is set.

The answer is an `ExportLogsServiceResponse` in the encoding of the request: empty (`{}` in JSON) when everything is stored, otherwise a partial success, whose message names the first ten log records that are not:

```json
{\"partialSuccess\":{\"rejectedLogRecords\":\"1\",\"errorMessage\":\"log record 3: …\"}}
```

An error is a `google.rpc.Status` in the same encoding: `{\"code\":16,\"message\":\"…\"}`.

| header of the request | meaning |
|---|---|
| `authorization` | `Bearer` and the token |
| `content-type` | `application/x-protobuf`, also when there is none, or `application/json` |
| `content-encoding` | `gzip`, `zstd` or `deflate`, which is zlib |",
    answers: &[
        (
            "200",
            "Every log record that is not among `rejectedLogRecords` is committed, or was before. Those that are rejected must not be sent again.",
        ),
        ("400", "The body is no such request, or not in its encoding; nothing is stored."),
        WRONG_TOKEN,
        WRONG_METHOD,
        (
            "413",
            "The body is larger than `max_body_bytes`, becomes larger than `max_decompressed_bytes`, or has more than `max_batch_records` log records.",
        ),
        ("415", "The content type or the encoding is another."),
        (
            "503",
            "As for `/ingest`; also what is 408 or 500 there, because senders of OTLP send again after 503 and not after those. `Retry-After` says when.",
        ),
    ],
};

/// The other paths.
pub const OTHERS: &[Path] = &[
    Path {
        method: "GET",
        path: "/health",
        summary: "Whether the function runs",
        text: "Answers `ok` without asking the database, because a restart does not mend a database that is down. It is open, like everything under `/health`.",
        answers: &[("200", "It runs."), WRONG_METHOD],
    },
    Path {
        method: "GET",
        path: "/health/ready",
        summary: "Whether records can be stored",
        text: "Answers `{\"status\":\"ready\"}`; or `{\"status\":\"error\",\"reason\":\"…\",\"error\":\"…\"}`, whose `reason` is `settings` where a variable that ingest reads is wrong, otherwise one of the classes of `gatelog_ingest_failures_total` in [metrics.md](metrics.md#the-functions). The log names the variable.",
        answers: &[
            (
                "200",
                "The database answers and has its tables, and the variables that ingest reads are right.",
            ),
            WRONG_METHOD,
            ("500", "The database answered unexpectedly."),
            (
                "503",
                "The database does not answer or is not configured, or a variable that ingest reads is wrong; `Retry-After` says when to ask again.",
            ),
        ],
    },
    Path {
        method: "GET",
        path: "/health/metrics",
        summary: "Metrics for Prometheus",
        text: "[metrics.md](metrics.md#the-functions) lists them.",
        answers: &[
            ("200", "The metrics, in Prometheus' text format."),
            WRONG_METHOD,
            ("500", "The database answered unexpectedly."),
            ("503", "The database does not answer; `Retry-After` says when to ask again."),
        ],
    },
    Path {
        method: "GET",
        path: "/ui/",
        summary: "The dashboard",
        text: "One page with its scripts and styles below it. It is open and holds no records; [dashboard.md](dashboard.md) describes it.",
        answers: &[
            ("200", "The page, or one of its files, in gzip or br where the browser takes them."),
            ("304", "The browser has the page already."),
            ("308", "`/ui` leads to `ui/`, relative, so that a prefix before the path is kept."),
            ("404", "There is no such file."),
            WRONG_METHOD,
        ],
    },
];

/// What follows `curl` for each path. The first stores the record that others ask for.
pub const EXAMPLES: &[(&str, &str)] = &[
    (
        "/ingest",
        "-H \"authorization: Bearer $INGEST_TOKEN\" http://localhost:3000/ingest \\\n  \
         -d '[{\"record_id\":\"example-1\",\"path\":\"/v1/chat/completions\",\"response_code\":200,\"duration\":812,\"model\":\"qwen-max\",\"session_id\":\"s-1\",\"input_tokens\":9,\"output_tokens\":12}]'",
    ),
    (
        "/v1/logs",
        "-H \"authorization: Bearer $INGEST_TOKEN\" -H 'content-type: application/json' http://localhost:3000/v1/logs \\\n  \
         -d '{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"timeUnixNano\":\"1796040000000000000\",\"attributes\":[
      {\"key\":\"http.request.method\",\"value\":{\"stringValue\":\"GET\"}},
      {\"key\":\"url.path\",\"value\":{\"stringValue\":\"/orders/7\"}},
      {\"key\":\"http.response.status_code\",\"value\":{\"intValue\":\"200\"}}]}]}]}]}'",
    ),
    ("/query", "'http://localhost:3000/query?status=2xx&duration_min=500&page_size=20'"),
    ("/query/{record_id}", "http://localhost:3000/query/example-1"),
    (
        "/query/histogram",
        "'http://localhost:3000/query/histogram?by=model&measures=count,duration_p95&interval=1m'",
    ),
    ("/query/facets", "'http://localhost:3000/query/facets?fields=status_class,model&status=5xx'"),
    ("/query/top", "'http://localhost:3000/query/top?by=model&order=cost_nano&compare=previous'"),
    ("/query/summary", "'http://localhost:3000/query/summary?measures=count,errors,duration_p99'"),
    ("/query/tail", "http://localhost:3000/query/tail"),
    ("/query/sessions", "'http://localhost:3000/query/sessions?limit=10'"),
    (
        "/query/sessions/{id}",
        "'http://localhost:3000/query/sessions/s-1?fields=start_time,model,total_tokens'",
    ),
    ("/query/filters/{field}", "'http://localhost:3000/query/filters/model?prefix=qwen'"),
    ("/query/scenarios", "http://localhost:3000/query/scenarios"),
    ("/query/scenarios/{name}", "'http://localhost:3000/query/scenarios/rt_p50?interval=60'"),
    ("/query/prices", "http://localhost:3000/query/prices"),
    ("/query/costs/{record_id}", "http://localhost:3000/query/costs/example-1"),
    ("/query/openapi.json", "http://localhost:3000/query/openapi.json"),
    ("/health", "http://localhost:3000/health"),
    ("/health/ready", "http://localhost:3000/health/ready"),
    ("/health/metrics", "http://localhost:3000/health/metrics"),
    ("/ui/", "http://localhost:3000/ui/"),
];

//! OpenTelemetry's log protocol (OTLP): export requests become records, and records become log records.

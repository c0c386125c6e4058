//! Tests of OTLP export: the component with a receiver of OpenTelemetry's own messages, and with receivers that misbehave.

mod component;
mod delivery;
mod hostile;
mod records;

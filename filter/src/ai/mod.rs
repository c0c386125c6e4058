//! Calls of AI models: the contents of their bodies, and the logs of Higress's AI plugins about them.

pub mod ai_log;
pub mod aws_event_stream;
pub mod body_format;
pub mod count;
pub mod decode;
pub mod paths;
pub mod provider;
pub mod usage;

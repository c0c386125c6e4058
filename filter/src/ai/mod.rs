//! Calls of AI models: what their bodies contain, and what Higress's AI plugins log about them.

pub mod ai_log;
pub mod aws_event_stream;
pub mod body_format;
pub mod count;
pub mod decode;
pub mod paths;
pub mod provider;
pub mod usage;

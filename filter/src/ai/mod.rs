//! Calls of AI models: what their bodies contain, and what Higress's AI plugins log about them.

pub mod ai_log;
pub mod paths;
pub mod usage;

//! Calls of AI models: what their bodies tell, and what Higress's AI plugins log of them.

pub mod ai_log;
pub mod paths;
pub mod usage;

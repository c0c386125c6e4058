//! Privacy of recorded data: secrets are redacted, headers and bodies are captured only on request.

pub mod capture;
pub mod json_members;
pub mod pairs;
pub mod redact;
pub mod secret_lists;
pub mod secret_names;
pub mod userinfo;

//! What operators may see of a stream: secrets are redacted, headers and bodies are captured only on request.

pub mod capture;
pub mod redact;

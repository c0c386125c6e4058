//! What operators may see of an exchange: secrets are taken out, headers and bodies are captured only when asked for.

pub mod capture;
pub mod redact;

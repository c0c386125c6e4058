//! The application's variables, and the error of variables that cannot be used.

use thiserror::Error;

/// A source of variables.
#[expect(async_fn_in_trait, reason = "futures need not be Send: components are single-threaded")]
pub trait Variables {
    /// The value of the variable; `None` when the application has no such variable.
    ///
    /// # Errors
    ///
    /// When the variables provider fails; the text says how.
    async fn get(&self, name: &str) -> Result<Option<String>, String>;
}

/// Variables for tests.
impl<const COUNT: usize> Variables for [(&str, &str); COUNT] {
    async fn get(&self, name: &str) -> Result<Option<String>, String> {
        Ok(self.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }
}

/// Variables that cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the function's variables are wrong: {}", problems.join("; "))]
pub struct VariablesError {
    /// One text for each variable, which begins with its name and never contains a secret.
    pub problems: Vec<String>,
}

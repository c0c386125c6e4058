//! The variable `redact_otlp`: which secrets ingest redacts in OpenTelemetry's logs.

use gatelog_redact::Redact;
use serde::Deserialize;

use super::reader::VariableReader;
use super::variables::Variables;

/// The keys of the filter's section `redact`, under which an operator knows them.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Keys {
    defaults: bool,
    headers: Vec<String>,
    query: Vec<String>,
    allow: Vec<String>,
}

impl Default for Keys {
    fn default() -> Self {
        Self { defaults: true, headers: Vec::new(), query: Vec::new(), allow: Vec::new() }
    }
}

/// Reads the variable. What is wrong with it is an error, because the defaults in its place could store a secret.
pub async fn read(settings: &mut VariableReader<'_, impl Variables>) -> Redact {
    let text = settings.text("redact_otlp").await;
    let text = if text.is_empty() { "{}" } else { &text };
    // A list would be read as the values of the keys in their order.
    let keys = serde_json::from_str(if text.starts_with('{') { text } else { "" });
    let Keys { defaults, headers, query, allow } = keys.unwrap_or_else(|error| {
        settings.problem(format!("redact_otlp: it is no object like {{\"allow\":[\"code\"]}}: {error}"));
        Keys::default()
    });
    let [headers, query, allow] = [headers, query, allow]
        .map(|names| names.into_iter().map(|name| name.to_ascii_lowercase()).collect());
    Redact { defaults, headers, query, allow }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::VariablesError;

    async fn of(redact_otlp: &'static str) -> Result<Redact, VariablesError> {
        let variables = [("redact_otlp", redact_otlp)];
        let mut reader = VariableReader::new(&variables);
        let redact = read(&mut reader).await;
        reader.finish(redact)
    }

    #[tokio::test(flavor = "current_thread")]
    async fn redaction_has_the_filters_keys_and_defaults() {
        assert_eq!(of("").await.unwrap(), Redact::default());
        assert_eq!(of("{}").await.unwrap(), Redact::default());
        let names = |name: &str| vec![name.to_owned()];
        assert_eq!(
            of(r#"{"defaults":false,"headers":["X-Pin"],"query":["Pin"],"allow":["Code"]}"#).await.unwrap(),
            Redact { defaults: false, headers: names("x-pin"), query: names("pin"), allow: names("code") }
        );
    }

    #[tokio::test(flavor = "current_thread")]
    async fn redaction_that_cannot_be_read_is_an_error_that_names_the_variable() {
        for (text, words) in [
            ("off", "redact_otlp: it is no object like"),
            (r#"{"deny":["pin"]}"#, "unknown field `deny`"),
            (r#"{"query":"pin"}"#, "invalid type"),
            ("[]", "redact_otlp: "),
        ] {
            let problems = of(text).await.unwrap_err().problems;
            assert!(problems.len() == 1 && problems[0].contains(words), "{text}: {problems:?}");
        }
    }
}

//! `{{ variable }}` templates and the rules for variable names.

use std::collections::BTreeMap;
use std::fmt;

/// A text with variables, such as `https://{{ host }}:{{ port }}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Variable(String),
}

/// Why a template cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TemplateError {
    /// An opening `{{` has no closing `}}`.
    #[error("{text:?} opens a variable with {{{{ and does not close it with }}}}")]
    Unclosed {
        /// The whole template.
        text: String,
    },
    /// The application declares no such variable.
    #[error("variable {name:?} is not declared in [variables]")]
    Unknown {
        /// The name between the braces.
        name: String,
    },
}

impl Template {
    /// Splits a text into literals and variables.
    ///
    /// # Errors
    ///
    /// [`TemplateError::Unclosed`].
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once("{{") {
            let Some((name, tail)) = after.split_once("}}") else {
                return Err(TemplateError::Unclosed { text: text.to_owned() });
            };
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            }
            parts.push(Part::Variable(name.trim().to_owned()));
            rest = tail;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// The names of the variables, in the order of the text.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(name.as_str()),
            Part::Literal(_) => None,
        })
    }

    /// Replaces the variables with values.
    ///
    /// # Errors
    ///
    /// [`TemplateError::Unknown`] for a variable without a value.
    pub fn resolve(&self, values: &BTreeMap<String, String>) -> Result<String, TemplateError> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Variable(name) => match values.get(name) {
                    Some(value) => text.push_str(value),
                    None => return Err(TemplateError::Unknown { name: name.clone() }),
                },
            }
        }
        Ok(text)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Literal(literal) => f.write_str(literal)?,
                Part::Variable(name) => write!(f, "{{{{ {name} }}}}")?,
            }
        }
        Ok(())
    }
}

/// Says what is wrong with a variable name, if anything.
///
/// # Errors
///
/// The broken rule, as a sentence that follows the name.
pub fn check_variable_name(name: &str) -> Result<(), String> {
    let Some(first) = name.chars().next() else {
        return Err("must not be empty".to_owned());
    };
    if let Some(bad) = name.chars().find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_')) {
        return Err(format!(
            "invalid character {bad:?}. Variable names may contain only lower-case letters, numbers, and underscores."
        ));
    }
    if !first.is_ascii_lowercase() {
        return Err("must start with a lowercase ASCII letter".to_owned());
    }
    if name.ends_with('_') {
        return Err("must end with a lowercase ASCII letter or digit".to_owned());
    }
    if name.contains("__") {
        return Err("must not contain multiple consecutive underscores".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> BTreeMap<String, String> {
        [("host", "db.example"), ("port", "3306")].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
    }

    #[test]
    fn variables_are_replaced_at_any_position() {
        for (text, expected) in [
            ("plain", "plain"),
            ("", ""),
            ("{{ host }}", "db.example"),
            ("mysql://{{host}}:{{ port }}/logs", "mysql://db.example:3306/logs"),
            ("{{ host }}{{ port }}", "db.example3306"),
        ] {
            let template = Template::parse(text).unwrap();
            assert_eq!(template.resolve(&values()).unwrap(), expected);
        }
    }

    #[test]
    fn an_unclosed_variable_and_an_unknown_one_are_refused() {
        assert!(matches!(Template::parse("a {{ host"), Err(TemplateError::Unclosed { .. })));
        let template = Template::parse("{{ nobody }}").unwrap();
        assert_eq!(template.resolve(&values()), Err(TemplateError::Unknown { name: "nobody".to_owned() }));
        assert_eq!(template.variables().collect::<Vec<_>>(), ["nobody"]);
    }

    #[test]
    fn variable_names_follow_the_rules() {
        for good in ["a", "store", "a_b", "a1", "retention_days_2"] {
            assert_eq!(check_variable_name(good), Ok(()), "{good}");
        }
        for bad in ["", "A", "1a", "_a", "a_", "a__b", "a-b", "a b", "ä"] {
            assert!(check_variable_name(bad).is_err(), "{bad}");
        }
    }
}

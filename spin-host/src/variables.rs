//! Values of variables: the application's come from flags, the environment and defaults; a component's come
//! from its templates.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::bail;

use super::bindings::variables;
use super::manifest::Manifest;
use super::template::{Template, TemplateError, check_variable_name};

/// Every application variable with its value.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    values: BTreeMap<String, String>,
}

/// The variables that one component sees.
#[derive(Clone, Default)]
pub struct ComponentVariables {
    component: String,
    values: Arc<BTreeMap<String, String>>,
}

impl Variables {
    /// Finds the value of each variable: from a flag, otherwise from `SPIN_VARIABLE_NAME` through `environment`,
    /// otherwise the manifest's default.
    ///
    /// # Errors
    ///
    /// When a required variable has no value, or a value is given for a variable that does not exist.
    pub fn resolve(
        manifest: &Manifest,
        given: &BTreeMap<String, String>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<Self> {
        if let Some(unknown) = given.keys().find(|name| !manifest.variables.contains_key(*name)) {
            bail!("variable {unknown:?} is given, but {} does not declare it", manifest.path.display());
        }
        let mut values = BTreeMap::new();
        let mut missing = Vec::new();
        for (name, variable) in &manifest.variables {
            let value = given
                .get(name)
                .cloned()
                .or_else(|| environment(&format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase())))
                .or_else(|| variable.default.clone());
            match value {
                Some(value) => drop(values.insert(name.clone(), value)),
                None => missing.push(name.as_str()),
            }
        }
        if let Some(first) = missing.first() {
            bail!(
                "no value for the required variable(s) {}: give --variable {first}=… or set SPIN_VARIABLE_{}",
                missing.join(", "),
                first.to_ascii_uppercase()
            );
        }
        Ok(Self { values })
    }

    /// Fills in one template.
    ///
    /// # Errors
    ///
    /// As [`Template::parse`] and [`Template::resolve`].
    pub fn fill(&self, text: &str) -> Result<String, TemplateError> {
        Template::parse(text)?.resolve(&self.values)
    }

    /// Fills in a component's own variables.
    ///
    /// # Errors
    ///
    /// As [`Variables::fill`].
    pub fn component(
        &self,
        name: &str,
        templates: &BTreeMap<String, String>,
    ) -> Result<ComponentVariables, TemplateError> {
        let values = templates
            .iter()
            .map(|(variable, text)| Ok((variable.clone(), self.fill(text)?)))
            .collect::<Result<BTreeMap<_, _>, TemplateError>>()?;
        Ok(ComponentVariables { component: name.to_owned(), values: Arc::new(values) })
    }
}

impl ComponentVariables {
    /// Answers `spin:variables/variables.get`.
    ///
    /// # Errors
    ///
    /// When the name breaks the rules, or the component does not have the variable: the application's
    /// variables are not visible by default.
    pub fn get(&self, name: &str) -> Result<String, variables::Error> {
        check_variable_name(name)
            .map_err(|problem| variables::Error::InvalidName(format!("{name:?}: {problem}")))?;
        self.values.get(name).cloned().ok_or_else(|| {
            variables::Error::Undefined(format!("no variable for {:?}.{name:?}", self.component))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn manifest() -> Manifest {
        let text = r#"
            spin_manifest_version = 2
            [application]
            name = "a"
            [variables]
            host = { default = "localhost" }
            token = { required = true, secret = true }
            [[trigger.http]]
            route = "/"
            component = "one"
            [component.one]
            source = "a.wasm"
            [component.one.variables]
            url = "http://{{ host }}/{{ token }}"
        "#;
        Manifest::parse(text, Path::new("spin.toml")).unwrap()
    }

    fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn a_flag_takes_precedence_over_the_environment_and_the_environment_over_the_default() {
        let environment = |name: &str| (name == "SPIN_VARIABLE_TOKEN").then(|| "env".to_owned());
        let manifest = manifest();
        let templates = &manifest.components["one"].variables;
        for (flags, expected) in [
            (given(&[]), "http://localhost/env"),
            (given(&[("token", "flag"), ("host", "h")]), "http://h/flag"),
        ] {
            let variables = Variables::resolve(&manifest, &flags, environment).unwrap();
            let component = variables.component("one", templates).unwrap();
            assert_eq!(component.get("url").unwrap(), expected);
        }
    }

    #[test]
    fn a_required_variable_without_a_value_stops_the_start() {
        let error = Variables::resolve(&manifest(), &given(&[]), |_| None).unwrap_err().to_string();
        assert!(error.contains("token") && error.contains("SPIN_VARIABLE_TOKEN"), "{error}");
    }

    #[test]
    fn a_value_for_an_unknown_variable_is_refused() {
        let flags = given(&[("token", "x"), ("tokn", "y")]);
        let error = Variables::resolve(&manifest(), &flags, |_| None).unwrap_err().to_string();
        assert!(error.contains("tokn"), "{error}");
    }

    #[test]
    fn a_component_sees_only_its_own_variables() {
        let manifest = manifest();
        let variables = Variables::resolve(&manifest, &given(&[("token", "x")]), |_| None).unwrap();
        let component = variables.component("one", &manifest.components["one"].variables).unwrap();
        assert!(matches!(component.get("host"), Err(variables::Error::Undefined(_))));
        assert!(matches!(component.get("Host"), Err(variables::Error::InvalidName(_))));
    }
}

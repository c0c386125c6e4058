//! Checks the values of a manifest's keys.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::bail;

use super::model::{Component, HttpTrigger, Manifest, Mount, Variable};
use super::raw;
use crate::outbound::{AllowedHosts, is_left_out};
use crate::template::{Template, check_variable_name};

/// Turns a raw manifest into a checked one, or reports all its problems.
pub(super) fn check(raw: raw::Manifest, path: &Path, folder: PathBuf) -> anyhow::Result<Manifest> {
    let mut problems = Problems::default();
    for (kind, table) in &raw.application.trigger {
        if kind != "http" || !table.is_empty() {
            problems.add(format!("application.trigger.{kind}"), "the local host has no settings here");
        }
    }
    let variables: BTreeMap<String, Variable> = raw
        .variables
        .into_iter()
        .map(|(name, variable)| {
            let checked = check_variable(&name, variable, &mut problems);
            (name, checked)
        })
        .collect();
    let mut manifest = Manifest {
        path: path.to_owned(),
        name: raw.application.name,
        triggers: Vec::new(),
        components: raw
            .component
            .into_iter()
            .map(|(name, component)| {
                let checked = check_component(&name, component, &folder, &variables, &mut problems);
                (name, checked)
            })
            .collect(),
        variables,
        folder,
    };
    for (index, trigger) in raw.trigger.http.into_iter().enumerate() {
        if let Some(trigger) = check_trigger(index, trigger, &manifest, &mut problems) {
            manifest.triggers.push(trigger);
        }
    }
    if manifest.triggers.is_empty() && problems.0.is_empty() {
        problems.add("trigger.http".to_owned(), "there is none, so nothing can be reached");
    }
    if !problems.0.is_empty() {
        bail!("the manifest {} cannot be used:\n  {}", path.display(), problems.0.join("\n  "));
    }
    Ok(manifest)
}

#[derive(Default)]
struct Problems(Vec<String>);

impl Problems {
    fn add(&mut self, key: String, problem: impl std::fmt::Display) {
        self.0.push(format!("{key}: {problem}"));
    }
}

fn check_variable(name: &str, raw: raw::Variable, problems: &mut Problems) -> Variable {
    let key = format!("variables.{name}");
    if let Err(problem) = check_variable_name(name) {
        problems.add(key.clone(), problem);
    }
    match (raw.required, &raw.default) {
        (true, Some(_)) => problems.add(key, "it is required and has a default: keep one of the two"),
        (false, None) => problems.add(key, "it needs a default, or required = true"),
        _ => {}
    }
    Variable { default: raw.default, secret: raw.secret }
}

fn check_trigger(
    index: usize,
    raw: raw::HttpTrigger,
    manifest: &Manifest,
    problems: &mut Problems,
) -> Option<HttpTrigger> {
    let key = |name: &str| format!("trigger.http[{index}].{name}");
    if raw.static_response.is_some() {
        problems.add(key("static_response"), "not offered by the local host");
    }
    if !raw.components.is_empty() {
        problems.add(key("components"), "not offered by the local host");
    }
    if !raw.dependencies.is_empty() {
        problems.add(key("dependencies"), "middleware is not offered by the local host");
    }
    if let Some(executor) = raw.executor
        && executor.kind != "http"
    {
        problems.add(key("executor"), format!("{:?} is not offered by the local host", executor.kind));
    }
    let component = match raw.component {
        Some(toml::Value::String(component)) => component,
        Some(_) => {
            problems.add(key("component"), "name a [component.…] table; inline components are not offered");
            return None;
        }
        None => {
            problems.add(key("component"), "it is missing");
            return None;
        }
    };
    if !manifest.components.contains_key(&component) {
        problems.add(key("component"), format!("there is no [component.{component}]"));
        return None;
    }
    let route = match raw.route {
        raw::Route::Public(route) => Some(route),
        raw::Route::Private => None,
    };
    Some(HttpTrigger { route, component })
}

fn check_component(
    name: &str,
    raw: raw::Component,
    folder: &Path,
    variables: &BTreeMap<String, Variable>,
    problems: &mut Problems,
) -> Component {
    let key = |part: &str| format!("component.{name}.{part}");
    if !is_kebab(name) {
        problems.add(
            format!("component.{name}"),
            "a component's name is words of letters and digits joined by \"-\"",
        );
    }
    let source = match raw.source {
        raw::Source::File(path) => folder.join(path),
        raw::Source::Download => {
            problems.add(key("source"), "the local host loads files only; it downloads nothing");
            PathBuf::new()
        }
    };
    for (part, used) in [
        ("key_value_stores", !raw.key_value_stores.is_empty()),
        ("ai_models", !raw.ai_models.is_empty()),
        ("dependencies", !raw.dependencies.is_empty()),
    ] {
        if used {
            problems.add(key(part), "not offered by the local host");
        }
    }
    if !raw.allowed_http_hosts.is_empty() {
        problems.add(key("allowed_http_hosts"), "deprecated: use allowed_outbound_hosts");
    }
    for (index, entry) in raw.allowed_outbound_hosts.iter().enumerate() {
        check_outbound(&key(&format!("allowed_outbound_hosts[{index}]")), entry, variables, problems);
    }
    for (variable, text) in &raw.variables {
        let key = key(&format!("variables.{variable}"));
        if let Err(problem) = check_variable_name(variable) {
            problems.add(key.clone(), problem);
        }
        check_template(&key, text, variables, problems);
    }
    for mount in &raw.files {
        if let raw::Mount::Placement { destination, .. } = mount
            && !destination.starts_with('/')
        {
            problems.add(key("files"), format!("the destination {destination:?} must start with \"/\""));
        }
    }
    Component {
        source,
        variables: raw.variables,
        environment: raw.environment,
        files: raw
            .files
            .into_iter()
            .map(|mount| match mount {
                raw::Mount::Pattern(pattern) => Mount::Pattern(pattern),
                raw::Mount::Placement { source, destination } => Mount::Placement { source, destination },
            })
            .collect(),
        exclude_files: raw.exclude_files,
        allowed_outbound_hosts: raw.allowed_outbound_hosts,
        sqlite_databases: raw.sqlite_databases,
        build_commands: raw.build.map(|build| build.command.0).unwrap_or_default(),
    }
}

/// A rule with variables must be valid with their defaults, because Spin loads no application otherwise. If a
/// variable has no default, the rule is read when its value is known.
fn check_outbound(key: &str, entry: &str, variables: &BTreeMap<String, Variable>, problems: &mut Problems) {
    let Some(template) = check_template(key, entry, variables, problems) else { return };
    if template.variables().next().is_none() {
        if let Err(problem) = AllowedHosts::parse([entry]) {
            problems.add(key.to_owned(), problem);
        }
        return;
    }
    let defaults = variables
        .iter()
        .filter_map(|(name, variable)| Some((name.clone(), variable.default.clone()?)))
        .collect();
    let Ok(resolved) = template.resolve(&defaults) else { return };
    if is_left_out(&resolved) {
        return;
    }
    if let Err(problem) = AllowedHosts::parse([resolved]) {
        problems
            .add(key.to_owned(), format!("{entry:?} is not valid with the variables' defaults: {problem}"));
    }
}

/// The template, if it can be read and its variables are declared.
fn check_template(
    key: &str,
    text: &str,
    variables: &BTreeMap<String, Variable>,
    problems: &mut Problems,
) -> Option<Template> {
    let template = match Template::parse(text) {
        Ok(template) => template,
        Err(problem) => {
            problems.add(key.to_owned(), problem);
            return None;
        }
    };
    let mut known = true;
    for name in template.variables().filter(|name| !variables.contains_key(*name)) {
        problems.add(key.to_owned(), format!("variable {name:?} is not declared in [variables]"));
        known = false;
    }
    known.then_some(template)
}

fn is_kebab(name: &str) -> bool {
    name.split('-').all(|word| {
        word.starts_with(|c: char| c.is_ascii_alphabetic())
            && word.chars().all(|c| c.is_ascii_alphanumeric())
            && (word.chars().all(|c| !c.is_ascii_uppercase())
                || word.chars().all(|c| !c.is_ascii_lowercase()))
    })
}

//! The functions' variables in `docs/configuration.md`, in `spin.toml` and in the code.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use gatelog_functions_shared::config::ingest::IngestSettings;
use gatelog_functions_shared::config::store::StoreConfig;
use gatelog_functions_shared::config::{Variables, VariablesError};
use gatelog_ingest::IngestConfig;
use gatelog_ingest::forward::Setup;
use gatelog_query::QueryConfig;
use toml::Table;

use crate::page::{self, Cell};

/// The stores, each with variables that only it reads.
const STORES: [&str; 3] = ["libsql", "mysql", "turso"];

type Values = BTreeMap<String, String>;

/// The variables of a component, and which of them were read.
#[derive(Default)]
struct Given {
    values: Values,
    read: RefCell<BTreeSet<String>>,
}

impl Variables for Given {
    async fn get(&self, name: &str) -> Result<Option<String>, String> {
        self.read.borrow_mut().insert(name.to_owned());
        Ok(self.values.get(name).cloned())
    }
}

/// What a component reads: the configurations as text, for comparison, and what is wrong.
async fn read(component: &str, given: &Given) -> (String, Vec<String>) {
    let (mut text, mut problems) = (String::new(), Vec::new());
    let mut note = |read: Result<String, VariablesError>| match read {
        Ok(read) => text.push_str(&read),
        Err(error) => problems.extend(error.problems),
    };
    note(StoreConfig::read(given).await.map(|store| {
        let durability = match &store.store {
            gatelog_functions_shared::config::store::Store::Libsql { durability } => Some(*durability),
            _ => None,
        };
        format!("{store:?} {durability:?}")
    }));
    match component {
        "ingest" => {
            let read = IngestConfig::read(given, |_| Ok("[]".to_owned())).await;
            let (config, receivers) =
                read.map_or_else(|error| (Err(error), None), |(config, setups)| (Ok(config), Some(setups)));
            note(config.map(|config| format!("{config:?}")));
            let mut note_setup = |off: Vec<String>, wrong: Vec<String>| {
                text.push_str(&off.join(" "));
                problems.extend(wrong);
            };
            if let Some(receivers) = receivers {
                let (off, wrong) = said(receivers.syslog);
                note_setup(off, wrong);
                let (off, wrong) = said(receivers.otlp);
                note_setup(off, wrong);
            }
        }
        "query" => note(QueryConfig::read(given).await.map(|config| format!("{config:?}"))),
        _ => {
            assert_eq!(component, "health", "a component that this test does not know");
            note(IngestSettings::check(given).await.map(|()| String::new()));
        }
    }
    (text, problems)
}

/// The variables of a receiver that is off, and what is wrong with those of one that is not.
fn said<C>(setup: Setup<C>) -> (Vec<String>, Vec<String>) {
    match setup {
        Setup::Off { given } => (given, Vec::new()),
        Setup::Wrong { problems, .. } => (Vec::new(), problems),
        Setup::On(_) => Default::default(),
    }
}

fn manifest() -> Table {
    page::text("spin.toml").parse().unwrap()
}

fn defaults(manifest: &Table) -> Values {
    let variables = manifest["variables"].as_table().unwrap();
    let default = |value: &toml::Value| value["default"].as_str().unwrap().to_owned();
    variables.iter().map(|(name, value)| (name.clone(), default(value))).collect()
}

/// What the manifest gives to a component when the application's variables have these values.
fn given_to(manifest: &Table, component: &str, values: &Values) -> Values {
    let templates = manifest["component"][component]["variables"].as_table().unwrap();
    let filled = templates.iter().map(|(name, template)| {
        let template = template.as_str().unwrap();
        let variable = template.strip_prefix("{{ ").and_then(|rest| rest.strip_suffix(" }}")).unwrap();
        (name.clone(), values[variable].clone())
    });
    filled.collect()
}

/// The components that are given variables; the dashboard has none.
fn components(manifest: &Table) -> Vec<String> {
    let components = manifest["component"].as_table().unwrap().iter();
    components
        .filter(|(_, component)| component.get("variables").is_some())
        .map(|(name, _)| name.clone())
        .collect()
}

#[tokio::test(flavor = "current_thread")]
async fn readiness_finds_every_variable_that_keeps_ingest_from_storing() {
    let manifest = manifest();
    let defaults = defaults(&manifest);
    let mut found = 0;
    for name in defaults.keys() {
        // Receivers may be wrong without keeping records from being stored.
        if ["syslog_", "otlp_"].iter().any(|receiver| name.starts_with(receiver)) {
            continue;
        }
        for store in STORES {
            let mut values = defaults.clone();
            values.extend([
                ("store".to_owned(), store.to_owned()),
                ("mysql_url".to_owned(), if store == "mysql" { "mysql://u:p@db/d" } else { "" }.to_owned()),
            ]);
            if store == "turso" {
                values.insert("turso_url".to_owned(), "https://a.turso.io".to_owned());
            }
            values.insert(name.clone(), "?".to_owned());
            let problems = async |component: &str| {
                let given = Given { values: given_to(&manifest, component, &values), ..Given::default() };
                read(component, &given).await.1
            };
            let (ingest, health) = (problems("ingest").await, problems("health").await);
            assert_eq!(ingest.is_empty(), health.is_empty(), "{name} with {store}: {ingest:?} {health:?}");
            found += usize::from(!ingest.is_empty());
        }
    }
    assert!(found > 30, "{found}");
}

struct Variable {
    name: String,
    default: Cell,
    values: Cell,
}

fn documented() -> Vec<Variable> {
    let rows = page::rows("docs/configuration.md", &["variable", "default", "values", "meaning"]);
    let variable = |row: Vec<Cell>| {
        let [name, default, values, _] = <[Cell; 4]>::try_from(row).unwrap();
        Variable { name: name.text, default, values }
    };
    rows.into_iter().map(variable).collect()
}

#[test]
fn the_page_names_each_variable_of_the_manifest_with_its_default_and_no_other() {
    let documented = documented();
    let default =
        |cell: &Cell| if cell.text == "empty" { String::new() } else { cell.only_code().unwrap().to_owned() };
    let named: Values = documented.iter().map(|row| (row.name.clone(), default(&row.default))).collect();
    assert_eq!(named, defaults(&manifest()));
    assert_eq!(named.len(), documented.len(), "a variable is there twice");
}

#[tokio::test(flavor = "current_thread")]
async fn each_component_is_given_the_variables_that_it_reads_and_no_other() {
    let manifest = manifest();
    for component in components(&manifest) {
        let mut values = given_to(&manifest, &component, &defaults(&manifest));
        let names: BTreeSet<String> = values.keys().cloned().collect();
        let mut all_read = BTreeSet::new();
        for store in STORES {
            values.insert("store".to_owned(), store.to_owned());
            let given = Given { values: values.clone(), ..Given::default() };
            read(&component, &given).await;
            all_read.extend(given.read.into_inner());
        }
        // What only a file of libSQL needs is of no use to a component that does not write.
        all_read.retain(|name| name != "sqlite_synchronous" || names.contains(name));
        assert_eq!(names, all_read, "{component}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn the_manifests_defaults_are_those_of_the_code() {
    let manifest = manifest();
    // The query function's limit is its own, under the name that all functions read.
    let mut values = defaults(&manifest);
    values.insert("query_timeout_ms".to_owned(), StoreConfig::TIMEOUT_MS.to_string());
    for component in components(&manifest) {
        let given = Given { values: given_to(&manifest, &component, &values), ..Given::default() };
        assert_eq!(read(&component, &given).await, read(&component, &Given::default()).await, "{component}");
    }
}

/// Whether some component finds fault with the variable when the application has this value for it.
async fn is_refused(manifest: &Table, name: &str, value: &str) -> bool {
    let mut values = defaults(manifest);
    let store = STORES.into_iter().find(|store| name.starts_with(&format!("{store}_")));
    values.insert("store".to_owned(), store.unwrap_or("libsql").to_owned());
    values.insert("syslog_delivery".to_owned(), "best_effort".to_owned());
    values.insert("otlp_delivery".to_owned(), "best_effort".to_owned());
    values.insert(name.to_owned(), value.to_owned());
    for component in components(manifest) {
        let given = Given { values: given_to(manifest, &component, &values), ..Given::default() };
        let read_as = if name == "query_timeout_ms" { "database_timeout_ms" } else { name };
        let (_, problems) = read(&component, &given).await;
        if problems.iter().any(|problem| problem.starts_with(&format!("{read_as}:"))) {
            return true;
        }
    }
    false
}

#[tokio::test(flavor = "current_thread")]
async fn the_values_on_the_page_are_accepted_and_what_lies_outside_is_refused() {
    let manifest = manifest();
    for Variable { name, values, .. } in documented() {
        for code in &values.codes {
            assert!(!is_refused(&manifest, &name, code).await, "{name}: {code} is refused");
        }
        let outside: Vec<String> = match values.bounds() {
            Some((low, high)) => {
                page::just_outside(low, high).into_iter().map(|value| value.to_string()).collect()
            }
            None if values.codes.is_empty() => continue,
            None => vec!["?".to_owned()],
        };
        for value in outside {
            assert!(is_refused(&manifest, &name, &value).await, "{name}: {value} is accepted");
        }
    }
}

//! Finds the plugins in files that Kong and decK write.
//!
//! - A list: each element is an entry of the Syslog plugin.
//! - A file of decK (`deck gateway dump`), or Kong's own declarative configuration: the object has `plugins`, or
//!   `_format_version`. Plugins are at the top level, or within the service, route or consumer that they apply to. Plugins
//!   with other names are skipped, and so is everything else.
//! - An answer of Kong's Admin API (`GET /plugins`): the object has `data`.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::Scope;
use super::problems::{Problems, kind};

/// The entities that an entry can name as its scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entity {
    /// A service.
    Service,
    /// A route.
    Route,
    /// A consumer.
    Consumer,
}

/// The plugins of a configuration, and the entities that they refer to.
#[derive(Debug, Default)]
pub struct Document<'v> {
    /// The plugins, in order.
    pub plugins: Vec<Found<'v>>,
    /// Whether there may be plugins with other names.
    pub has_others: bool,
    /// decK's `_plugin_configs`: configurations that plugins share, by name.
    pub shared_configs: Option<&'v Map<String, Value>>,
    /// The names of entities by their ids.
    names: HashMap<(Entity, &'v str), &'v str>,
}

/// A plugin.
#[derive(Debug)]
pub struct Found<'v> {
    /// Its place in the document, such as `services[0].plugins[1]`.
    pub place: String,
    /// The value there.
    pub value: &'v Value,
    /// The scope implied by its place.
    pub scope: Scope,
    /// Whether it is within a consumer group.
    pub is_of_group: bool,
}

impl Entity {
    /// The keys that hold its name. Each entity also has an `id`, which records do not have.
    pub fn name_keys(self) -> &'static [&'static str] {
        match self {
            Self::Service | Self::Route => &["name"],
            Self::Consumer => &["username", "name"],
        }
    }

    /// Its name in its object, with the key that holds it.
    pub fn name_in(self, members: &Map<String, Value>) -> Option<(&'static str, &Value)> {
        let named = |key: &&'static str| Some((*key, members.get(*key).filter(|name| !name.is_null())?));
        self.name_keys().iter().find_map(named)
    }

    /// Its place in a scope.
    pub fn of(self, scope: &mut Scope) -> &mut Option<String> {
        match self {
            Self::Service => &mut scope.service,
            Self::Route => &mut scope.route,
            Self::Consumer => &mut scope.consumer,
        }
    }
}

impl<'v> Document<'v> {
    /// The plugins of the value.
    pub fn read(value: &'v Value, problems: &mut Problems) -> Self {
        let mut document = Self::default();
        match value {
            Value::Array(list) => document.add_all(list, "", &Scope::default(), false),
            Value::Object(file) if file.contains_key("plugins") || file.contains_key("_format_version") => {
                document.has_others = true;
                document.file(file, problems);
            }
            Value::Object(answer) if answer.contains_key("data") => {
                document.has_others = true;
                document.plugins(answer, "data", "", &Scope::default(), false, problems);
                if answer.get("next").is_some_and(|next| !next.is_null()) {
                    problems.add(
                        "next",
                        "names another page, whose plugins are missing here: request with ?size=1000",
                    );
                }
            }
            Value::Object(_) => problems.add(
                "the configuration",
                "must be a list, or an object with plugins (decK) or data (Admin API), not another object",
            ),
            other => problems.add("the configuration", format_args!("must be a list, not {}", kind(other))),
        }
        document
    }

    /// The name of the entity with this id.
    pub fn name_of(&self, entity: Entity, id: &str) -> Option<&'v str> {
        self.names.get(&(entity, id)).copied()
    }

    fn file(&mut self, file: &'v Map<String, Value>, problems: &mut Problems) {
        if let Some(shared) = file.get("_plugin_configs").filter(|shared| !shared.is_null()) {
            self.shared_configs = problems.object(shared, "_plugin_configs");
        }
        let all = Scope::default();
        self.plugins(file, "plugins", "", &all, false, problems);
        for (service, place) in objects(file, "services", "", problems) {
            let scope = self.entity(Entity::Service, service);
            self.plugins(service, "plugins", &place, &scope, false, problems);
            self.routes(service, &place, problems);
        }
        self.routes(file, "", problems);
        for (consumer, place) in objects(file, "consumers", "", problems) {
            let scope = self.entity(Entity::Consumer, consumer);
            self.plugins(consumer, "plugins", &place, &scope, false, problems);
        }
        for (group, place) in objects(file, "consumer_groups", "", problems) {
            self.plugins(group, "plugins", &place, &all, true, problems);
        }
    }

    fn routes(&mut self, within: &'v Map<String, Value>, place: &str, problems: &mut Problems) {
        for (route, place) in objects(within, "routes", place, problems) {
            let scope = self.entity(Entity::Route, route);
            self.plugins(route, "plugins", &place, &scope, false, problems);
        }
    }

    /// Notes the entity's name and returns the scope of the plugins within it. The name is empty when there is none,
    /// which is an error only if the entity contains a plugin.
    fn entity(&mut self, entity: Entity, members: &'v Map<String, Value>) -> Scope {
        let name = entity.name_in(members).and_then(|(_, name)| name.as_str()).unwrap_or_default();
        if let Some(id) = members.get("id").and_then(Value::as_str).filter(|_| !name.is_empty()) {
            self.names.insert((entity, id), name);
        }
        let mut scope = Scope::default();
        *entity.of(&mut scope) = Some(name.to_owned());
        scope
    }

    fn plugins(
        &mut self,
        within: &'v Map<String, Value>,
        key: &str,
        place: &str,
        scope: &Scope,
        is_of_group: bool,
        problems: &mut Problems,
    ) {
        let Some(value) = within.get(key).filter(|value| !value.is_null()) else { return };
        let place = member(place, key);
        let list = problems.list(value, &place).unwrap_or_default();
        self.add_all(list, &place, scope, is_of_group);
    }

    fn add_all(&mut self, list: &'v [Value], place: &str, scope: &Scope, is_of_group: bool) {
        self.plugins.extend(list.iter().enumerate().map(|(index, value)| Found {
            place: format!("{place}[{index}]"),
            value,
            scope: scope.clone(),
            is_of_group,
        }));
    }
}

/// The objects of a list, each with its place.
fn objects<'v>(
    within: &'v Map<String, Value>,
    key: &str,
    place: &str,
    problems: &mut Problems,
) -> Vec<(&'v Map<String, Value>, String)> {
    let Some(value) = within.get(key).filter(|value| !value.is_null()) else { return Vec::new() };
    let place = member(place, key);
    let list = problems.list(value, &place).unwrap_or_default();
    let object = |(index, value)| {
        let place = format!("{place}[{index}]");
        Some((problems.object(value, &place)?, place))
    };
    list.iter().enumerate().filter_map(object).collect()
}

fn member(place: &str, key: &str) -> String {
    if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") }
}

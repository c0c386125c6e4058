//! The environments that `spin.toml` names in `targets`: the components fit into each, by the code with which `spin build` checks it.

use std::fs;
use std::path::{Path, PathBuf};

use gatelog_artifacts::artifact;
use wac_types::{ItemKind, Package, TargetValidationReport, Type, Types, WorldId, validate_target};

use crate::run::root;

/// A world of an environment: the folder with its interfaces, the names of its package and of the world, and the version.
struct World {
    folder: PathBuf,
    package: String,
    name: String,
    version: semver::Version,
}

/// The worlds that the environments of `spin.toml` offer to components behind an HTTP trigger.
fn worlds() -> Vec<World> {
    let manifest: toml::Table = fs::read_to_string(root().join("spin.toml")).unwrap().parse().unwrap();
    let targets = manifest["application"]["targets"].as_array().unwrap();
    targets.iter().flat_map(|target| worlds_of(&root().join(target["path"].as_str().unwrap()))).collect()
}

fn worlds_of(environment: &Path) -> Vec<World> {
    let text = fs::read_to_string(environment).unwrap();
    let environment: (PathBuf, toml::Table) =
        (environment.parent().unwrap().to_owned(), text.parse().unwrap());
    let worlds = environment.1["triggers"]["http"]["worlds"].as_array().unwrap();
    let read = |world: &toml::Value| {
        let (package, rest) = world["world"].as_str().unwrap().split_once('/').unwrap();
        let (name, version) = rest.split_once('@').unwrap();
        World {
            folder: environment.0.join(world["path"].as_str().unwrap()),
            package: package.to_owned(),
            name: name.to_owned(),
            version: version.parse().unwrap(),
        }
    };
    worlds.iter().map(read).collect()
}

fn components() -> Vec<(String, Vec<u8>)> {
    ["ingest", "query", "health", "dashboard"]
        .map(|name| (name.to_owned(), fs::read(artifact(&format!("gatelog-{name}")).unwrap()).unwrap()))
        .into()
}

/// What keeps the component from running in the world.
fn report(world: &World, component: &[u8]) -> Result<(), TargetValidationReport> {
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_dir(&world.folder).unwrap();
    let bytes = wit_component::encode(&resolve, package).unwrap();
    let mut types = Types::default();
    let package = Package::from_bytes(&world.package, Some(&world.version), bytes, &mut types).unwrap();
    let world = world_of(&types, package.ty(), &world.name);
    let component = Package::from_bytes("component", None, component.to_owned(), &mut types).unwrap();
    validate_target(&types, world, component.ty())
}

/// The world with this name in an encoded package of interfaces, where a component stands for it.
fn world_of(types: &Types, package: WorldId, name: &str) -> WorldId {
    let ItemKind::Type(Type::World(outer)) = types[package].exports[name] else {
        panic!("{name} is no world of the package")
    };
    match types[outer].exports.values().next() {
        Some(ItemKind::Component(world)) => *world,
        other => panic!("{name} is encoded as {other:?}"),
    }
}

#[test]
fn every_component_fits_into_the_environments_that_the_manifest_names() {
    let worlds = worlds();
    assert!(!worlds.is_empty());
    for (name, component) in components() {
        for world in &worlds {
            if let Err(report) = report(world, &component) {
                panic!("{name} does not fit into {}: {report}", world.folder.display());
            }
        }
    }
}

#[test]
fn a_component_that_asks_for_more_than_an_environment_offers_is_found() {
    let mut world = worlds().remove(0);
    let copy = tempfile::tempdir().unwrap();
    let into = copy.path().join("deps");
    fs::create_dir(&into).unwrap();
    for file in fs::read_dir(world.folder.join("deps")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), into.join(file.file_name())).unwrap();
    }
    let text = fs::read_to_string(world.folder.join("world.wit")).unwrap();
    let without = text.replace("import spin:mysql/mysql@3.0.0;", "");
    assert_ne!(text, without);
    fs::write(copy.path().join("world.wit"), without).unwrap();
    world.folder = copy.path().to_owned();
    for (name, component) in components() {
        let missing: Vec<String> = match report(&world, &component) {
            Ok(()) => Vec::new(),
            Err(report) => report.imports_not_in_target().map(str::to_owned).collect(),
        };
        let expected: &[&str] = if name == "dashboard" { &[] } else { &["spin:mysql/mysql@3.0.0"] };
        assert_eq!(missing, expected, "{name}");
    }
}

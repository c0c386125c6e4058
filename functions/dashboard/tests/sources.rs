//! The page's sources beside what they have to agree with: the field table, and the other language.

#![expect(clippy::unwrap_used, reason = "a source of another shape fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use gatelog_record::{FIELDS, Kind};

fn assets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets")
}

/// The names in the list that `const NAME = [` begins.
fn listed(source: &str, name: &str) -> BTreeSet<String> {
    let list = source.split_once(&format!("const {name} = [")).unwrap().1.split_once("];").unwrap().0;
    list.split('\'').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_page_knows_every_field_and_its_kind() {
    let source = fs::read_to_string(assets().join("app/fields.js")).unwrap();
    let known = [("TEXT", "text"), ("NUMBER", "number"), ("JSON_FIELDS", "json")];
    let known: BTreeMap<String, &str> = known
        .iter()
        .flat_map(|(list, kind)| listed(&source, list).into_iter().map(move |name| (name, *kind)))
        .collect();
    let fields: BTreeMap<String, &str> = FIELDS
        .iter()
        .filter(|field| field.kind != Kind::Timestamp)
        .map(|field| {
            let kind = match field.kind {
                Kind::Text(_) => "text",
                Kind::Json(_) => "json",
                _ => "number",
            };
            (field.name.to_owned(), kind)
        })
        .collect();
    assert_eq!(known, fields);
}

#[test]
fn every_text_is_there_in_chinese() {
    let chinese = fs::read_to_string(assets().join("app/texts/zh.js")).unwrap();
    let mut texts = BTreeSet::new();
    let mut folders = vec![assets().join("app")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
                continue;
            }
            let source = fs::read_to_string(entry).unwrap();
            let calls = source.match_indices("t('").filter(|(at, _)| {
                // A call of t, not of a function whose name ends so.
                !source.get(..*at).is_some_and(|before| before.ends_with(|c: char| c.is_alphanumeric()))
            });
            texts.extend(calls.filter_map(|(at, call)| {
                Some(source.get(at + call.len()..)?.split_once('\'')?.0.to_owned())
            }));
        }
    }
    // What is the same in both.
    let same = |text: &str| text.starts_with('p') && text.ends_with("{n}");
    let missing: Vec<&String> = texts
        .iter()
        .filter(|text| {
            !chinese.contains(&format!("'{text}':"))
                && !chinese.contains(&format!("\n  {text}:"))
                && !same(text)
        })
        .collect();
    assert!(texts.len() > 200 && missing.is_empty(), "{missing:?}");
}

//! `docs/README.md`, the list of all pages.

use std::collections::BTreeSet;

use gatelog_documents::pages;
use pulldown_cmark::{Event, Parser, Tag};

const INDEX: &str = "docs/README.md";

#[test]
fn the_index_names_each_page_of_the_folder_once() {
    let text = pages::text(INDEX).unwrap();
    let links = Parser::new(&text).filter_map(|event| match event {
        Event::Start(Tag::Link { dest_url, .. }) => Some(dest_url.into_string()),
        _ => None,
    });
    let named: Vec<String> = links
        .filter(|link| link.ends_with(".md") && !link.starts_with("..") && !link.contains("://"))
        .collect();
    let of_folder =
        |page: String| page.strip_prefix("docs/").filter(|page| *page != "README.md").map(str::to_owned);
    let pages: BTreeSet<String> = pages::all().unwrap().into_iter().filter_map(of_folder).collect();
    assert_eq!(named.iter().cloned().collect::<BTreeSet<_>>(), pages);
    assert_eq!(named.len(), pages.len(), "{INDEX} names a page twice");
}

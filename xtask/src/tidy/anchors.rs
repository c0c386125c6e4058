//! The places within a document that a link can lead to.

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The anchors that GitHub gives the headings of a document, and those that the document has of its own (`<a id="…">`).
pub fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let anchor = anchor(&heading.take().unwrap_or_default());
                let earlier = seen.entry(anchor.clone()).or_insert(0);
                anchors.insert(if *earlier == 0 { anchor } else { format!("{anchor}-{earlier}") });
                *earlier += 1;
            }
            Event::Text(part) | Event::Code(part) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&part);
                }
            }
            Event::Html(html) | Event::InlineHtml(html) => anchors.extend(own(&html)),
            _ => {}
        }
    }
    anchors
}

/// Lower case, without punctuation, a hyphen for each blank.
fn anchor(heading: &str) -> String {
    let lower = heading.to_lowercase();
    let kept =
        lower.chars().filter(|character| character.is_alphanumeric() || matches!(character, ' ' | '-' | '_'));
    kept.map(|character| if character == ' ' { '-' } else { character }).collect()
}

/// The values of `id` and `name` in a piece of HTML.
fn own(html: &str) -> impl Iterator<Item = String> {
    let of = |attribute: &'static str| html.split(attribute).skip(1);
    let values = of(" id=\"").chain(of(" name=\""));
    values.filter_map(|rest| rest.split('"').next()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_have_the_anchors_of_github() {
        let text =
            "# What's new, in `GET /query/{id}`?\n\n## A  b\n\n## Next\n\n## Next\n\n<a id=\"own\"></a>\n";
        let expected = ["a--b", "next", "next-1", "own", "whats-new-in-get-queryid"];
        assert_eq!(anchors(text), expected.map(str::to_owned).into());
    }
}

//! The names of attributes in `docs/otlp.md`, and the table that says them.

use gatelog_otlp::attributes::{ATTRIBUTES, Conversion};

use crate::page;

#[test]
fn the_page_has_each_name_of_an_attribute_at_its_field_in_the_order_in_which_they_hold() {
    let mut expected: Vec<(&str, String)> = Vec::new();
    for row in ATTRIBUTES {
        let name = match row.conversion {
            Conversion::Money => continue,
            Conversion::Header => format!("{}NAME", row.name),
            _ => row.name.to_owned(),
        };
        let unit = if row.conversion == Conversion::Seconds { " (s)" } else { "" };
        let said = format!("{name}{unit}");
        match expected.last_mut() {
            Some((field, names)) if *field == row.field => *names = format!("{names}, {said}"),
            _ => expected.push((row.field, said)),
        }
    }
    let rows = page::rows("docs/otlp.md", &["field", "names"]);
    let named: Vec<(&str, String)> = rows.iter().map(|row| (&*row[0].text, row[1].text.clone())).collect();
    assert_eq!(named, expected);
}

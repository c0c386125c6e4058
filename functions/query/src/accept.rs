//! The header `Accept` (RFC 9110): which of the forms that there are a client prefers.

use std::cmp::Reverse;

use http::HeaderMap;
use http::header::ACCEPT;

/// The values of all headers `Accept`, as one.
pub fn values(headers: &HeaderMap) -> String {
    let values: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    values.join(",")
}

/// The index of the media type that the header prefers, of those that are offered: the one with the largest `q`, the one
/// that is named most exactly, the one that is named first, the first one that is offered. The first one is also for
/// clients that name none of them, as long as they do not refuse it. `None` when all are refused.
pub fn preferred(accept: &str, offered: &[&str]) -> Option<usize> {
    let ranges: Vec<Range<'_>> = accept.split(',').enumerate().filter_map(read).collect();
    let wishes: Vec<Option<Wish>> = offered.iter().map(|media_type| wish(&ranges, media_type)).collect();
    let wanted = wishes.iter().enumerate().filter_map(|(index, wish)| {
        let wish = wish.filter(|wish| wish.quality > 0)?;
        Some((wish.quality, wish.exactness, Reverse(wish.place), Reverse(index)))
    });
    match wanted.max() {
        Some((.., Reverse(index))) => Some(index),
        None if wishes.first().is_some_and(Option::is_none) => Some(0),
        None => None,
    }
}

/// A part of the header.
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// Thousandths.
    quality: u32,
    place: usize,
}

/// What the header says of one media type.
#[derive(Clone, Copy)]
struct Wish {
    quality: u32,
    exactness: u8,
    place: usize,
}

/// What the most exact range says, the first one of several.
fn wish(ranges: &[Range<'_>], media_type: &str) -> Option<Wish> {
    let (kind, subtype) = media_type.split_once('/')?;
    let matching = ranges.iter().filter_map(|range| {
        let exactness = match (range.kind, range.subtype) {
            ("*", "*") => 0,
            (of, "*") if of.eq_ignore_ascii_case(kind) => 1,
            (of, sub) if of.eq_ignore_ascii_case(kind) && sub.eq_ignore_ascii_case(subtype) => 2,
            _ => return None,
        };
        Some(Wish { quality: range.quality, exactness, place: range.place })
    });
    matching.max_by_key(|wish| (wish.exactness, Reverse(wish.place)))
}

fn read((place, range): (usize, &str)) -> Option<Range<'_>> {
    let mut parts = range.split(';');
    let (kind, subtype) = parts.next()?.trim().split_once('/')?;
    let quality = parts.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| thousandths(value.trim()))
    });
    Some(Range { kind, subtype, quality: quality.unwrap_or(1_000), place })
}

/// `0.25` as 250. What is no such number says nothing.
fn thousandths(text: &str) -> u32 {
    match text.parse::<f64>() {
        Ok(number) if (0.0..=1.0).contains(&number) => (number * 1_000.0).round() as u32,
        _ => 1_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFERED: &[&str] = &["application/json", "application/x-ndjson", "text/csv"];

    #[test]
    fn the_header_chooses_by_quality_then_exactness_then_order() {
        for (accept, expected) in [
            ("", Some("application/json")),
            ("*/*", Some("application/json")),
            ("image/png", Some("application/json")),
            ("nonsense", Some("application/json")),
            ("text/csv", Some("text/csv")),
            ("text/*", Some("text/csv")),
            ("application/*", Some("application/json")),
            ("Application/X-NDJSON", Some("application/x-ndjson")),
            ("text/html, text/csv;q=0.9", Some("text/csv")),
            ("application/json, text/csv", Some("application/json")),
            ("text/csv, application/json", Some("text/csv")),
            ("application/json;q=0.1, text/csv", Some("text/csv")),
            ("application/json;q=0.5, text/csv;q=0.25", Some("application/json")),
            ("text/csv; header=present ; Q = 0.5 , application/json;q=0.4", Some("text/csv")),
            ("*/*, text/csv", Some("text/csv")),
            ("text/*;q=0.5, */*;q=0.1", Some("text/csv")),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Some("application/json")),
            ("application/json;q=0, */*", Some("application/x-ndjson")),
            ("*/*, application/json;q=0, application/x-ndjson;q=0", Some("text/csv")),
            ("text/csv;q=0", Some("application/json")),
            ("application/json;q=0", None),
            ("application/json;q=0.0, image/png", None),
            ("*/*;q=0", None),
            ("*/*;q=0.000, text/csv;q=0.001", Some("text/csv")),
        ] {
            let chosen = preferred(accept, OFFERED).map(|index| OFFERED[index]);
            assert_eq!(chosen, expected, "{accept}");
        }
    }
}

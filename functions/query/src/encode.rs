//! Encodes records as an answer: the log-collector's JSON object, NDJSON, or CSV.

use gatelog_record::FieldValue;
use gatelog_storage::query::records::Count;
use gatelog_storage::{Cursor, Selection, StoredRecord};
use serde_json::json;

use crate::log_entry::LogEntry;
use crate::params::options::ResponseFormat;

/// Writes the parts of an answer, one after another.
#[derive(Debug)]
pub struct Encoder {
    format: ResponseFormat,
    /// The names of the fields, for CSV.
    names: Vec<&'static str>,
    is_selected: bool,
    is_first: bool,
}

impl Encoder {
    /// In this form, with these fields, which the request may have chosen.
    pub fn new(format: ResponseFormat, selection: &Selection, is_selected: bool) -> Self {
        let names = selection.fields().iter().map(|field| field.name).collect();
        Self { format, names, is_selected, is_first: true }
    }

    /// Writes what precedes the records. `total` is the number of those that meet the filters, if they were counted.
    pub fn head(&self, total: Option<Count>, to: &mut Vec<u8>) {
        match self.format {
            ResponseFormat::Json => {
                let records = json!(total.map(|total| total.records));
                to.extend_from_slice(format!("{{\"total\":{records}").as_bytes());
                if total.is_some_and(|total| total.is_lower_bound) {
                    to.extend_from_slice(b",\"total_is_lower_bound\":true");
                }
                to.extend_from_slice(b",\"logs\":[");
            }
            ResponseFormat::Ndjson => {}
            ResponseFormat::Csv => csv_row(self.names.iter().map(|name| (*name).to_owned()), to),
        }
    }

    /// Writes a record.
    pub fn record(&mut self, record: &StoredRecord, to: &mut Vec<u8>) {
        match self.format {
            ResponseFormat::Json => {
                if !self.is_first {
                    to.push(b',');
                }
                self.json(record, to);
            }
            ResponseFormat::Ndjson => {
                let begin = to.len();
                self.json(record, to);
                // Texts have their line breaks escaped, but a stored JSON value may be laid out in lines.
                for byte in to.iter_mut().skip(begin).filter(|byte| matches!(**byte, b'\n' | b'\r')) {
                    *byte = b' ';
                }
                to.push(b'\n');
            }
            ResponseFormat::Csv => csv_row(record.fields().map(|(_, value)| cell(value)), to),
        }
        self.is_first = false;
    }

    /// Writes what follows them.
    pub fn tail(&self, next: Option<Cursor>, to: &mut Vec<u8>) {
        if self.format == ResponseFormat::Json {
            to.extend_from_slice(b"],\"status\":\"success\"");
            if let Some(next) = next {
                to.extend_from_slice(format!(",\"next_cursor\":\"{next}\"").as_bytes());
            }
            to.push(b'}');
        }
    }

    fn json(&self, record: &StoredRecord, to: &mut Vec<u8>) {
        // Maps with string keys always can be written to memory.
        let _ = serde_json::to_writer(to, &LogEntry { record, is_selected: self.is_selected });
    }
}

fn csv_row(cells: impl Iterator<Item = String>, to: &mut Vec<u8>) {
    let mut row =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).buffer_capacity(1_024).from_writer(to);
    // Writing to memory does not fail, and every row has as many cells.
    let _ = row.write_record(cells.map(String::into_bytes));
    let _ = row.flush();
}

fn cell(value: FieldValue<'_>) -> String {
    match value {
        FieldValue::Absent => String::new(),
        FieldValue::Timestamp(time) => time.to_string(),
        FieldValue::Integer(number) => number.to_string(),
        FieldValue::Text(text) => harmless(text),
        FieldValue::Json(json) => harmless(json.get()),
    }
}

/// A text that no spreadsheet takes for a formula: one that begins like a formula gets an apostrophe before it. A lone
/// `-`, which stands for no value, stays as it is.
fn harmless(text: &str) -> String {
    let shown = text.trim_start_matches(is_passed_over);
    let is_formula = shown.starts_with(is_sign) && text != "-";
    // Spreadsheets pass these over, and some begin a new cell with them.
    if is_formula || text.starts_with(['\t', '\r', '\n']) { format!("'{text}") } else { text.to_owned() }
}

/// What begins a formula, in each of its widths.
fn is_sign(character: char) -> bool {
    matches!(
        character,
        '=' | '+' | '-' | '@' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}' // full width
            | '\u{fe66}' | '\u{fe62}' | '\u{fe63}' | '\u{fe6b}' // small
            | '\u{2212}' // minus
    )
}

/// What programs leave out at the beginning of a text, or show nothing for: blanks of every kind, control characters,
/// marks of the byte order and of the direction of writing, fillers.
fn is_passed_over(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(
            character,
            '\'' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
                | '\u{ffa0}' | '\u{fff0}'..='\u{fffc}' | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What attackers begin a cell with, and what is harmless.
    const NASTY: &str = "[-=+@|;,\"'\t\r\n \u{0}\u{a0}\u{ad}\u{1680}\u{2003}\u{200b}\u{200e}\u{2028}\u{2060}\u{2212}\u{3000}\u{fe0f}\u{fe63}\u{feff}＝＋－＠a1(){}é]{0,6}";

    proptest! {
        #[test]
        fn no_cell_begins_like_a_formula_and_none_loses_its_text(texts in prop::collection::vec(NASTY, 1..4)) {
            let cells: Vec<String> = texts.iter().map(|text| cell(FieldValue::Text(text))).collect();
            for (cell, text) in cells.iter().zip(&texts) {
                prop_assert!(cell == text || cell.strip_prefix('\'') == Some(text));
                // Spreadsheets look at the text as it is, or trim it in one way or another.
                let trimmed = cell.trim_start_matches(|character: char| {
                    !character.is_alphanumeric() && !"-=+@|;,\"'(){}＝＋－＠\u{fe63}\u{2212}".contains(character)
                });
                let is_formula = trimmed.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\u{fe63}', '\u{2212}']);
                prop_assert!(!is_formula || cell == "-", "{:?}", cell);
                prop_assert!(!cell.starts_with(['\t', '\r', '\n']));
            }
            // Below a line of names, as in every answer.
            let mut rows = Vec::new();
            csv_row(cells.iter().map(|_| "name".to_owned()), &mut rows);
            csv_row(cells.iter().cloned(), &mut rows);
            let read: Vec<_> = csv::Reader::from_reader(rows.as_slice()).into_records().map(Result::unwrap).collect();
            // A row of one empty cell is an empty line, which readers may pass over.
            if cells != [""] {
                prop_assert_eq!(read.len(), 1);
                prop_assert_eq!(read[0].iter().collect::<Vec<_>>(), cells);
            }
        }
    }

    #[test]
    fn a_text_that_begins_like_a_formula_gets_an_apostrophe() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-", "-"),
            ("--", "'--"),
            ("-1", "'-1"),
            (" -", "' -"),
            (" =1", "' =1"),
            ("\u{a0}=1", "'\u{a0}=1"),
            ("\u{feff}=1", "'\u{feff}=1"),
            ("\u{200b} \u{3000}@A", "'\u{200b} \u{3000}@A"),
            ("＝1", "'＝1"),
            ("＋1", "'＋1"),
            ("－1", "'－1"),
            ("＠A", "'＠A"),
            ("\n", "'\n"),
            (" a", " a"),
            ("é=1", "é=1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(cell(FieldValue::Text(text)), expected);
        }
        assert_eq!(cell(FieldValue::Integer(-5)), "-5");
    }

    #[test]
    fn cells_are_quoted_where_they_have_to_be() {
        let mut row = Vec::new();
        csv_row(["a,b", "say \"x\"", "two\nlines", "plain", ""].map(str::to_owned).into_iter(), &mut row);
        assert_eq!(String::from_utf8(row).unwrap(), "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",plain,\r\n");
    }
}

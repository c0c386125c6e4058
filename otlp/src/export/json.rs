//! Writes the parts of log records in OTLP's JSON form: values, attributes and ids.

use gatelog_record::json::write::write_text;

/// What precedes the value of an attribute: `{"key":"name","value":{"stringValue":`.
pub(super) fn opening(name: &str, member: &str) -> Vec<u8> {
    let mut opening = b"{\"key\":".to_vec();
    write_text(&mut opening, name);
    opening.extend_from_slice(b",\"value\":{\"");
    opening.extend_from_slice(member.as_bytes());
    opening.extend_from_slice(b"\":");
    opening
}

/// Writes an array of attributes, one by one.
pub(super) struct Attributes<'o> {
    out: &'o mut Vec<u8>,
    is_empty: bool,
}

impl<'o> Attributes<'o> {
    /// Begins an array at the end of `out`.
    pub(super) fn new(out: &'o mut Vec<u8>) -> Self {
        out.push(b'[');
        Self { out, is_empty: true }
    }

    /// Adds a text.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.open(&opening(name, "stringValue"));
        write_text(self.out, value);
        self.close();
    }

    /// Adds an array of texts in JSON form, with their quotes.
    pub(super) fn quoted_texts<'t>(&mut self, name: &str, values: impl IntoIterator<Item = &'t str>) {
        self.open(&opening(name, "arrayValue"));
        self.array(values, |out, text| out.extend_from_slice(text.as_bytes()));
    }

    /// Adds a text; `opening` is [`opening`]'s for it, as in the functions below.
    pub(super) fn opened_text(&mut self, opening: &[u8], value: &str) {
        self.open(opening);
        write_text(self.out, value);
        self.close();
    }

    /// Adds an array with one text.
    pub(super) fn opened_texts(&mut self, opening: &[u8], value: &str) {
        self.open(opening);
        self.array([value], write_text);
    }

    /// Adds a whole number, which JSON has as a text because it has 64 bits.
    pub(super) fn opened_integer(&mut self, opening: &[u8], value: i64) {
        self.open(opening);
        self.out.push(b'"');
        self.out.extend_from_slice(value.to_string().as_bytes());
        self.out.push(b'"');
        self.close();
    }

    /// Adds a number with a fraction.
    pub(super) fn opened_double(&mut self, opening: &[u8], value: f64) {
        self.open(opening);
        self.out.extend_from_slice(value.to_string().as_bytes());
        self.close();
    }

    /// Adds true or false.
    pub(super) fn opened_flag(&mut self, opening: &[u8], value: bool) {
        self.open(opening);
        self.out.extend_from_slice(value.to_string().as_bytes());
        self.close();
    }

    /// Ends the array.
    pub(super) fn finish(self) {
        self.out.push(b']');
    }

    fn open(&mut self, opening: &[u8]) {
        if !std::mem::take(&mut self.is_empty) {
            self.out.push(b',');
        }
        self.out.extend_from_slice(opening);
    }

    fn close(&mut self) {
        self.out.extend_from_slice(b"}}");
    }

    fn array<'t>(&mut self, values: impl IntoIterator<Item = &'t str>, write: impl Fn(&mut Vec<u8>, &str)) {
        self.out.extend_from_slice(b"{\"values\":[");
        for (index, value) in values.into_iter().enumerate() {
            self.out.extend_from_slice(if index > 0 { b",{\"stringValue\":" } else { b"{\"stringValue\":" });
            write(self.out, value);
            self.out.push(b'}');
        }
        self.out.extend_from_slice(b"]}");
        self.close();
    }
}

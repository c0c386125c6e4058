//! Reads the attributes that every record needs with one call to the gateway.
//!
//! The cost of reading a value is mostly that of the call to the gateway. Envoy and Higress evaluate CEL expressions
//! for a filter (the foreign functions `expr_create` and `expr_evaluate`), and a list of attributes is an expression,
//! so one call reads them all. Where a gateway has no such functions, or the expression has no value for a stream,
//! each attribute is read separately. A gateway that shares its memory with the filter lends the values instead.
//!
//! # Format
//!
//! The expression is a list with one element for each attribute. A list with a missing attribute has no value, so
//! there are two expressions. The bare one is the list of paths: it has a value for streams that an upstream answered.
//! The guarded one, which is evaluated when the bare one has no value, has `has(upstream.address)?upstream.address:''`
//! for attributes that many streams lack; guards add a fifth to the cost.
//!
//! The value of a list is encoded as a header map: each element, encoded like the attribute on its own, is the
//! name of a pair without a value.

mod breaker;
pub mod source;

use std::borrow::Cow;

use breaker::Breaker;
use source::Source;

use crate::host::attribute::AttributeDialect;
use crate::host::attribute_values::{Attribute, AttributeValues};
use crate::host::headers::Headers;
use crate::host::{Exchange, HeaderMap};

/// The attributes that the records of one configuration need, and how to read them.
#[derive(Debug)]
pub struct AttributeBatch {
    wanted: Vec<Attribute>,
    expressions: Expressions,
}

/// Whether the gateway evaluates expressions.
#[derive(Clone, Copy, Debug)]
enum Expressions {
    /// Not tried yet.
    Untried,
    /// The gateway does.
    Supported { bare: Breaker, guarded: Breaker },
    /// The gateway does not.
    Unsupported,
}

/// Whether an expression provides a substitute for missing attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guards {
    Without,
    With,
}

impl AttributeBatch {
    /// The attributes of a record without the fields for which `is_omitted` is true.
    pub fn new(is_omitted: impl Fn(&str) -> bool) -> Self {
        let is_wanted = |attribute: &Attribute| {
            let fields = attribute.fields();
            fields.is_empty() || fields.iter().any(|field| !is_omitted(field))
        };
        let wanted = Attribute::ALL.into_iter().filter(is_wanted).collect();
        Self { wanted, expressions: Expressions::Untried }
    }

    /// Reads the attributes of the current stream.
    pub fn read<'h>(&mut self, dialect: &mut AttributeDialect, host: &'h impl Exchange) -> BatchAnswer<'h> {
        if let Some(values) = host.lent_attributes() {
            return BatchAnswer::Lent(values);
        }
        match self.evaluate(*dialect, host) {
            Some(pairs) => BatchAnswer::List(pairs),
            None => BatchAnswer::Single(self.read_each(dialect, host)),
        }
    }

    /// The values of a response, by attribute.
    pub fn values<'a>(&self, answer: &'a BatchAnswer<'_>) -> AttributeValues<'a> {
        let mut values = AttributeValues::default();
        let mut put = |attribute: Attribute, bytes: &'a [u8]| values.put(attribute, bytes);
        match answer {
            // One that is not wanted goes into a field that is left out.
            BatchAnswer::Lent(lent) => return *lent,
            BatchAnswer::List(pairs) => {
                self.wanted
                    .iter()
                    .zip(pairs.iter())
                    .for_each(|(attribute, (value, _))| put(*attribute, value));
            }
            BatchAnswer::Single(all) => {
                self.wanted.iter().zip(all).for_each(|(attribute, value)| put(*attribute, value));
            }
        }
        values
    }

    fn evaluate(&mut self, dialect: AttributeDialect, host: &impl Exchange) -> Option<Headers<'static>> {
        if matches!(self.expressions, Expressions::Untried) && dialect != AttributeDialect::Unknown {
            let create = |guards| host.create_expression(&self.expression(dialect, guards)).map(Breaker::new);
            let created = create(Guards::Without).and_then(|bare| Some((bare, create(Guards::With)?)));
            self.expressions = created
                .map_or(Expressions::Unsupported, |(bare, guarded)| Expressions::Supported { bare, guarded });
        }
        let Expressions::Supported { bare, guarded } = &mut self.expressions else { return None };
        let len = self.wanted.len();
        bare.evaluate(len, host).or_else(|| guarded.evaluate(len, host))
    }

    fn read_each<'h>(&self, dialect: &mut AttributeDialect, host: &'h impl Exchange) -> Vec<Cow<'h, [u8]>> {
        let mut has_upstream = true;
        let mut read = |attribute: &Attribute| {
            let value = match attribute.source() {
                Source::Renamed(renamed) => {
                    dialect.read(host, renamed).map(|name| Cow::Owned(name.into_bytes()))
                }
                // Without an upstream host these have no value.
                _ if attribute.is_of_upstream() && !has_upstream => None,
                Source::Always(path) | Source::Maybe(path) => host.attribute(path),
                Source::Header(name) => host.header(HeaderMap::Response, name),
            };
            if *attribute == Attribute::Upstream {
                has_upstream = value.is_some();
            }
            value.unwrap_or_default()
        };
        self.wanted.iter().map(&mut read).collect()
    }

    /// The CEL text.
    fn expression(&self, dialect: AttributeDialect, guards: Guards) -> String {
        let mut text = String::from("[");
        for attribute in &self.wanted {
            if text.len() > 1 {
                text.push(',');
            }
            let (path, may_lack) = match attribute.source() {
                Source::Always(path) => (path, false),
                Source::Maybe(path) => (path, true),
                // A name with one part cannot be guarded, so for a stream without a route each attribute is read
                // separately.
                Source::Renamed(renamed) if dialect == AttributeDialect::Bare => (renamed.bare(), false),
                Source::Renamed(renamed) => (renamed.xds(), true),
                Source::Header(name) => {
                    push_header(&mut text, name, guards);
                    continue;
                }
            };
            if may_lack && guards == Guards::With {
                push_guarded(&mut text, path);
            } else {
                push_path(&mut text, path);
            }
        }
        text.push(']');
        text
    }
}

fn push_header(text: &mut String, name: &str, guards: Guards) {
    if guards == Guards::With {
        ["'", name, "' in response.headers?"].iter().for_each(|part| text.push_str(part));
    }
    ["response.headers['", name, "']"].iter().for_each(|part| text.push_str(part));
    if guards == Guards::With {
        text.push_str(":''");
    }
}

fn push_path(text: &mut String, path: &str) {
    text.extend(path.chars().map(|character| if character == '\0' { '.' } else { character }));
}

fn push_guarded(text: &mut String, path: &str) {
    text.push_str("has(");
    push_path(text, path);
    text.push_str(")?");
    push_path(text, path);
    text.push_str(":''");
}

/// The gateway's response.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "there is one for each exchange, on the stack; on wasm it is not large"
)]
pub enum BatchAnswer<'h> {
    /// The value of the expression.
    List(Headers<'static>),
    /// One value for each attribute; empty when the stream lacks the attribute.
    Single(Vec<Cow<'h, [u8]>>),
    /// All values, at their place in the gateway's memory.
    Lent(AttributeValues<'h>),
}

#[cfg(test)]
mod tests {
    use super::breaker::{FAILURE_COST, MAX_FAILURE_BUDGET, SKIPS};
    use super::*;
    use crate::host::mock::MockHost;

    fn host() -> MockHost {
        MockHost::new()
            .with_int("request.time", 1)
            .with_int("request.duration", 5)
            .with_int("response.flags", 2)
            .with_int("response.code", 200)
            .with_int("request.total_size", 10)
            .with_int("response.total_size", 20)
            .with_text("xds.route_name", "r")
            .with_text("xds.cluster_name", "c")
            .with_text("upstream.address", "u:1")
            .with_int("upstream.request_attempt_count", 3)
            .with_text("request.protocol", "HTTP/1.1")
            .with_text("response.code_details", "via_upstream")
            .with_text("source.address", "s:1")
            .with_text("destination.address", "d:1")
            .with_text("connection.requested_server_name", "")
            .with_response(&[("x-envoy-upstream-service-time", "7")])
    }

    fn values_of(batch: &mut AttributeBatch, host: &MockHost) -> Vec<Vec<u8>> {
        let answer = batch.read(&mut AttributeDialect::Xds, host);
        let values = batch.values(&answer);
        Attribute::ALL.into_iter().map(|attribute| values.bytes(attribute).to_vec()).collect()
    }

    #[test]
    fn an_expression_and_single_reads_give_the_same_values() {
        let (apart, together) = (host(), host().with_expressions());
        let expected = values_of(&mut AttributeBatch::new(|_| false), &apart);
        let mut batch = AttributeBatch::new(|_| false);
        assert_eq!(values_of(&mut batch, &together), expected);
        // The host has no upstream.local_address: the bare expression fails.
        assert_eq!(together.asked(), ["create", "create", "evaluate", "evaluate"]);
        let complete = host().with_text("upstream.local_address", "l:1").with_expressions();
        let mut batch = AttributeBatch::new(|_| false);
        let answers = values_of(&mut batch, &complete);
        assert_eq!(answers[Attribute::UpstreamLocal as usize], b"l:1");
        assert_eq!(values_of(&mut batch, &complete), answers);
        assert_eq!(complete.asked(), ["create", "create", "evaluate", "evaluate"]);
        assert_eq!(expected[Attribute::ServiceTime as usize], b"7");
        assert_eq!(expected[Attribute::Code as usize], 200_i64.to_le_bytes());
    }

    #[test]
    fn attributes_of_omitted_fields_are_not_read() {
        let omitted = ["route_name", "route", "api", "model", "upstream_host", "protocol", "bytes_sent"];
        let mut batch = AttributeBatch::new(|field| omitted.contains(&field));
        let (apart, together) = (host(), host().with_expressions());
        let values = values_of(&mut batch, &apart);
        assert_eq!(values[Attribute::Route as usize], b"");
        assert_eq!(values[Attribute::Cluster as usize], b"c");
        for name in ["route_name", "upstream.address", "protocol", "response.total_size"] {
            assert!(!apart.asked().iter().any(|asked| asked.ends_with(name)), "{name}");
        }
        let mut batch = AttributeBatch::new(|field| omitted.contains(&field));
        assert_eq!(values_of(&mut batch, &together), values);
    }

    #[test]
    fn expressions_are_tried_only_once_on_a_gateway_without_them() {
        let (mut batch, host) = (AttributeBatch::new(|_| false), host());
        for _ in 0..3 {
            values_of(&mut batch, &host);
        }
        assert_eq!(host.asked().iter().filter(|asked| *asked == "create").count(), 1);
    }

    #[test]
    fn an_expression_that_fails_again_and_again_is_skipped_for_a_while() {
        // A gateway with bare names has no value under `xds`; a request without a route fails both expressions.
        let host = MockHost::new().with_expressions().with_int("response.flags", 2);
        let mut batch = AttributeBatch::new(|_| false);
        let mut evaluated = || {
            let answer = batch.read(&mut AttributeDialect::Bare, &host);
            assert_eq!(batch.values(&answer).integer(Attribute::Flags), Some(2));
            host.asked().iter().filter(|asked| *asked == "evaluate").count()
        };
        let tries = MAX_FAILURE_BUDGET / FAILURE_COST;
        let counts: Vec<usize> = (0..tries + SKIPS + 1).map(|_| evaluated()).collect();
        assert_eq!(counts[counts.len() - 2], 2 * tries as usize);
        assert_eq!(counts.last(), Some(&(2 * tries as usize + 2)));
    }

    #[test]
    fn where_most_streams_lack_an_attribute_only_the_guarded_expression_is_used() {
        // A local reply: there is no upstream.
        let host = host().with_expressions();
        let mut batch = AttributeBatch::new(|_| false);
        for _ in 0..MAX_FAILURE_BUDGET {
            values_of(&mut batch, &host);
        }
        let before = host.asked().len();
        assert_eq!(values_of(&mut batch, &host)[Attribute::Code as usize], 200_i64.to_le_bytes());
        assert_eq!(host.asked()[before..], ["evaluate"]);
    }
}

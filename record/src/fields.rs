//! The field table: one line for each field of the access record, and everything generated from it.
//!
//! A line gives the field's name (JSON key, column and query parameter), its kind with its bound, where the name
//! comes from, and its meaning. [`AccessRecord`], [`FIELDS`], the JSON reader and writer, and the values that
//! storage binds are generated; nothing else lists the fields.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::timestamp::Timestamp;

/// One line of the field table.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// JSON key, column name and query parameter.
    pub name: &'static str,
    /// What precedes the value in the JSON of a record, unless the field is the first: `,"name":`.
    pub json_key: &'static str,
    /// Type and bound.
    pub kind: Kind,
    /// Where the name and meaning come from.
    pub origin: Origin,
    /// The meaning, with its unit, in one sentence.
    pub doc: &'static str,
}

/// The type of a field and the bound on its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A point in time; RFC 3339 in JSON.
    Timestamp,
    /// A text of at most this many characters; empty means absent.
    Text(usize),
    /// A whole number that every record has; 0 when unknown.
    Integer,
    /// A whole number that only some records have.
    Count,
    /// A JSON value of at most this many bytes.
    Json(usize),
}

/// Where a field comes from. The origin decides whether an absent value is written: Higress's log-collector
/// returns all of its own keys for every record, and clients rely on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A key that Higress's db-log-pusher writes into every record.
    Always,
    /// A key that Higress's db-log-pusher leaves out when empty.
    Reference,
    /// A key that gatelog adds; left out when empty.
    Added,
}

/// The value of one field of one record.
#[derive(Clone, Copy, Debug)]
pub enum FieldValue<'r> {
    /// The record has no value.
    Absent,
    /// A point in time.
    Timestamp(Timestamp),
    /// A text, not empty.
    Text(&'r str),
    /// A whole number.
    Integer(i64),
    /// A JSON value.
    Json(&'r RawValue),
}

macro_rules! member_type {
    (Timestamp, $a:lifetime) => { Option<Timestamp> };
    (Text, $a:lifetime) => { Cow<$a, str> };
    (Integer, $a:lifetime) => { i64 };
    (Count, $a:lifetime) => { Option<i64> };
    (Json, $a:lifetime) => { Option<Cow<$a, RawValue>> };
}

macro_rules! member_value {
    (Timestamp, $member:expr) => {
        $member.map_or(FieldValue::Absent, FieldValue::Timestamp)
    };
    (Text, $member:expr) => {
        if $member.is_empty() { FieldValue::Absent } else { FieldValue::Text(&$member) }
    };
    (Integer, $member:expr) => {
        FieldValue::Integer($member)
    };
    (Count, $member:expr) => {
        $member.map_or(FieldValue::Absent, FieldValue::Integer)
    };
    (Json, $member:expr) => {
        $member.as_deref().map_or(FieldValue::Absent, FieldValue::Json)
    };
}

macro_rules! member_owned {
    (Text, $member:expr) => {
        Cow::Owned($member.into_owned())
    };
    (Json, $member:expr) => {
        $member.map(|json| Cow::Owned(json.into_owned()))
    };
    ($kind:ident, $member:expr) => {
        $member
    };
}

macro_rules! access_record {
    ($( $origin:ident $name:ident : $kind:ident $(($bound:expr))? = $doc:literal ; )+) => {
        /// The record of one request, generated from the field table in this file; each member is documented
        /// on its line there.
        ///
        /// Texts and JSON values may borrow from the buffer that the record was read from or built in.
        #[derive(Clone, Debug, Default)]
        pub struct AccessRecord<'a> {
            $( #[doc = $doc] pub $name: member_type!($kind, 'a), )+
        }

        /// The field table, in the order in which JSON keys and columns are written.
        pub const FIELDS: &[Field] = &[
            $( Field {
                name: stringify!($name),
                json_key: concat!(",\"", stringify!($name), "\":"),
                kind: Kind::$kind $(($bound))?,
                origin: Origin::$origin,
                doc: $doc,
            }, )+
        ];

        impl AccessRecord<'_> {
            /// The record's values in the order of [`FIELDS`].
            pub fn values(&self) -> [FieldValue<'_>; FIELDS.len()] {
                [ $( member_value!($kind, self.$name), )+ ]
            }
        }

        impl<'a> AccessRecord<'a> {
            /// The record with owned copies of what it borrows.
            pub fn into_owned(self) -> AccessRecord<'static> {
                AccessRecord { $( $name: member_owned!($kind, self.$name), )+ }
            }

            /// Bytes of the record's texts and JSON values, which are nearly all of the memory it takes.
            pub fn content_bytes(&self) -> usize {
                let bytes = |value| match value {
                    FieldValue::Text(text) => text.len(),
                    FieldValue::Json(json) => json.get().len(),
                    FieldValue::Absent | FieldValue::Integer(_) | FieldValue::Timestamp(_) => 0,
                };
                self.values().into_iter().map(bytes).sum()
            }

            /// Hands each member to `visitor` together with its line of the table, and stops at the first error.
            ///
            /// # Errors
            ///
            /// The visitor's.
            pub fn visit_mut<V: MemberVisitor<'a>>(&mut self, visitor: &mut V) -> Result<(), V::Error> {
                let mut table = FIELDS.iter();
                $( if let Some(field) = table.next() {
                    visitor.visit(field, Member::$kind(&mut self.$name))?;
                } )+
                Ok(())
            }

            /// The member that the table calls `name`, with its line.
            pub fn member_mut(&mut self, name: &str) -> Option<Member<'_, 'a>> {
                match name {
                    $( stringify!($name) => Some(Member::$kind(&mut self.$name)), )+
                    _ => None,
                }
            }
        }
    };
}

/// A mutable view of one member of a record, by kind.
#[derive(Debug)]
pub enum Member<'m, 'a> {
    /// See [`Kind::Timestamp`].
    Timestamp(&'m mut Option<Timestamp>),
    /// See [`Kind::Text`].
    Text(&'m mut Cow<'a, str>),
    /// See [`Kind::Integer`].
    Integer(&'m mut i64),
    /// See [`Kind::Count`].
    Count(&'m mut Option<i64>),
    /// See [`Kind::Json`].
    Json(&'m mut Option<Cow<'a, RawValue>>),
}

/// An operation on every member of a record.
pub trait MemberVisitor<'a> {
    /// What can go wrong; [`std::convert::Infallible`] when nothing can.
    type Error;

    /// Called once for each line of the field table.
    ///
    /// # Errors
    ///
    /// Ends the visit.
    fn visit(&mut self, field: &'static Field, member: Member<'_, 'a>) -> Result<(), Self::Error>;
}

/// The field table's line for `name`.
pub fn field(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name == name)
}

/// Longest text of an ordinary column, from the reference's `VARCHAR(255)`.
const SHORT: usize = 255;
/// Longest text of a column that clients fill freely (user agent, forwarded-for, details).
const LONG: usize = 1_024;
/// Longest request path with its query string. Envoy's default limit for all headers together is 60 KiB.
const PATH: usize = 8_192;
/// Largest JSON value, in bytes.
const JSON: usize = 262_144;
/// Longest captured body, in characters.
const BODY: usize = 65_536;

access_record! {
    Added     record_id: Text(36) = "Unique id of the record (UUIDv7), generated by the filter; a second record with the same id is a duplicate.";
    Always    start_time: Timestamp = "When the request began, UTC.";
    Reference trace_id: Text(SHORT) = "Trace id: `x-b3-traceid`, otherwise from `b3` or `traceparent`.";
    Always    authority: Text(SHORT) = "Host of the request as it reached the filter, before any rewrite.";
    Always    method: Text(32) = "HTTP method.";
    Always    path: Text(PATH) = "Path and query string as they reached the filter, before any rewrite; secret query parameters are redacted.";
    Always    protocol: Text(20) = "HTTP version: `HTTP/1.1`, `HTTP/2`, `HTTP/3`.";
    Always    request_id: Text(SHORT) = "`x-request-id`.";
    Reference user_agent: Text(LONG) = "`user-agent` as it reached the filter.";
    Reference x_forwarded_for: Text(LONG) = "`x-forwarded-for`.";
    Always    response_code: Integer = "HTTP status sent to the client; 0 when none was sent.";
    Reference response_flags: Text(100) = "Envoy's response flags, short names joined with commas; `-` when none is set.";
    Reference response_code_details: Text(LONG) = "Why the response has this status, in Envoy's words.";
    Always    bytes_received: Integer = "Bytes of the request's body, without chunks or frames and before any decompression, and of the names and values of its headers; for an upgraded connection, also all bytes that the client sent on it.";
    Always    bytes_sent: Integer = "Bytes of the response's body as sent, without chunks or frames, and of the names and values of its headers and trailers; for an upgraded connection, also all bytes sent to the client on it.";
    Always    duration: Integer = "Milliseconds from the first byte of the request to the last byte of the response.";
    Reference upstream_cluster: Text(SHORT) = "Cluster selected by the route.";
    Reference upstream_host: Text(SHORT) = "Address and port of the upstream host.";
    Reference upstream_service_time: Text(50) = "Milliseconds until the upstream's response headers, as text; empty when the upstream was not reached.";
    Reference upstream_transport_failure_reason: Text(LONG) = "Why the connection to the upstream failed.";
    Reference upstream_local_address: Text(SHORT) = "Local address and port of the connection to the upstream.";
    Reference downstream_local_address: Text(SHORT) = "Local address and port of the client's connection.";
    Reference downstream_remote_address: Text(SHORT) = "Address and port of the client.";
    Reference route_name: Text(SHORT) = "Name of the route, `-` when none matched.";
    Reference requested_server_name: Text(SHORT) = "TLS server name (SNI).";
    Reference istio_policy_status: Text(100) = "Istio policy status.";
    Always    ai_log: Json(JSON) = "Log of Higress's AI plugins, a JSON object.";
    Always    instance_id: Text(SHORT) = "Gateway instance: the configured name, otherwise the pod name or the node id.";
    Always    api: Text(SHORT) = "API name, from the route name.";
    Always    model: Text(SHORT) = "Requested AI model; the responding model when the request names none.";
    Always    consumer: Text(SHORT) = "Authenticated consumer (`x-mse-consumer`).";
    Always    route: Text(SHORT) = "Name of the route, as `route_name`.";
    Always    service: Text(SHORT) = "Service of the cluster: `qwen.dns` for `outbound|443||qwen.dns`, the whole name for any other cluster.";
    Always    mcp_server: Text(SHORT) = "MCP server.";
    Always    mcp_tool: Text(SHORT) = "MCP tool.";
    Reference input_tokens: Count = "Tokens that the model read, including those read from and written to caches.";
    Reference output_tokens: Count = "Tokens that the model wrote, including reasoning.";
    Reference total_tokens: Count = "Total tokens: the provider's count, otherwise the sum of input and output.";
    Added     cached_tokens: Count = "Input tokens that the provider read from its cache.";
    Added     reasoning_tokens: Count = "Output tokens spent on reasoning.";
    Added     response_type: Text(16) = "`stream` or `normal`, for AI calls.";
    Added     time_to_first_token: Count = "Milliseconds from the request's headers to the first event of a streamed response with generated content: text, reasoning or a tool call.";
    Added     chat_id: Text(SHORT) = "The provider's id of the response.";
    Added     session_id: Text(SHORT) = "Session that the AI call belongs to.";
    Added     scheme: Text(16) = "`http` or `https`, as the client requested.";
    Added     upstream_path: Text(PATH) = "Path and query string sent to the upstream, redacted like `path`; empty when equal to `path`.";
    Added     upstream_attempts: Count = "Number of times the request was sent to an upstream host; more than 1 after retries.";
    Added     time_to_headers: Count = "Milliseconds from the first byte of the request to the headers of the response.";
    Added     tls_version: Text(32) = "TLS version of the client's connection: `TLSv1.3`; empty without TLS.";
    Added     mtls: Count = "1 when the client presented a certificate that the gateway accepted, 0 when it presented none; only with TLS.";
    Added     request_headers: Json(JSON) = "Captured request headers, an object; only when capture is on.";
    Added     response_headers: Json(JSON) = "Captured response headers, an object; only when capture is on.";
    Added     request_body: Text(BODY) = "Start of the request body; only when capture is on.";
    Added     response_body: Text(BODY) = "Start of the response body; only when capture is on.";
    Added     response_model: Text(SHORT) = "Responding AI model, as named in the response.";
    Added     grpc_status: Count = "gRPC status of the response, 0 when the call succeeded; only for gRPC.";
    Added     provider: Text(64) = "Provider of the AI model, with OpenTelemetry's name where it defines one: `openai`, `anthropic`, `aws.bedrock`; empty when unknown.";
    Added     cache_write_tokens: Count = "Input tokens that the provider wrote to its cache.";
    Added     finish_reason: Text(64) = "Why the model stopped, in the provider's term: `stop`, `length`, `tool_calls`, `end_turn`.";
    Added     service_tier: Text(64) = "Class of service that the provider charges for, in its term: `default`, `priority`, `batch`.";
    Added     usage_source: Text(16) = "`reported` when the provider's count is complete, `partial` when the response ended, or could not be decoded further, before it arrived; empty when there is none.";
    Added     cost_nano: Count = "Cost of the AI call in billionths (10^-9) of the price table's currency, set by ingest; empty when the model has no price or the call has no token count.";
    Added     price_id: Text(64) = "Price from which `cost_nano` is computed: the price table's version and the model's entry in it.";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// The keys that Higress's db-log-pusher writes, as its documentation lists them.
    const REFERENCE_KEYS: &str = include_str!("../testdata/reference_keys.txt");

    #[test]
    fn the_table_marks_exactly_the_keys_of_the_reference() {
        let reference: HashSet<&str> = REFERENCE_KEYS.lines().collect();
        let ours: HashSet<&str> =
            FIELDS.iter().filter(|field| field.origin != Origin::Added).map(|field| field.name).collect();
        assert_eq!(ours, reference);
    }

    #[test]
    fn names_are_unique() {
        let names: HashSet<&str> = FIELDS.iter().map(|field| field.name).collect();
        assert_eq!(names.len(), FIELDS.len());
    }

    #[test]
    fn a_member_is_found_by_the_name_in_the_table() {
        for field in FIELDS {
            let mut record = AccessRecord::default();
            assert!(record.member_mut(field.name).is_some(), "{}", field.name);
        }
        assert!(AccessRecord::default().member_mut("no_such_field").is_none());
    }

    #[test]
    fn values_come_in_the_order_of_the_table() {
        let record =
            AccessRecord { response_code: 204, mcp_tool: "search".into(), ..AccessRecord::default() };
        for (field, value) in FIELDS.iter().zip(record.values()) {
            match field.name {
                "response_code" => assert!(matches!(value, FieldValue::Integer(204))),
                "mcp_tool" => assert!(matches!(value, FieldValue::Text("search"))),
                _ if field.kind == Kind::Integer => assert!(matches!(value, FieldValue::Integer(0))),
                _ => assert!(matches!(value, FieldValue::Absent), "{}", field.name),
            }
        }
    }
}

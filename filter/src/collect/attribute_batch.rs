//! The attributes that every record wants, asked for together.
//!
//! A question to the gateway costs more than its answer. Envoy and Higress can evaluate a CEL expression for a
//! filter (the foreign functions `expr_create` and `expr_evaluate`), and a list of attributes is an expression, so
//! one question answers them all. Where that is missing, or fails for a request, each attribute is asked for by
//! itself.
//!
//! # Format
//!
//! The expression is a list with one element for each attribute. A list with a missing attribute has no value, so
//! there are two expressions. The bare one is the list of paths: it answers for requests that an upstream answered.
//! The guarded one, which is asked when the bare one does not answer, has `has(upstream.address)?upstream.address:''`
//! for what many requests lack; guards cost a fifth of the whole.
//!
//! The value of a list is answered in the encoding of a header map: each element, encoded as the attribute alone would
//! be, is the name of a pair without a value.

use crate::collect::attributes::{self, Moved, Naming};
use crate::host::headers::Headers;
use crate::host::{Expression, HeaderMap, Host};

/// Something that records want to know of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// When the request began: nanoseconds since the epoch.
    Start,
    /// Nanoseconds from the start of the request to the end of the response.
    Duration,
    /// Mask of [`crate::collect::response_flags`].
    Flags,
    /// Status that the client got.
    Code,
    /// Why it has that status.
    CodeDetails,
    /// Bytes of the request.
    BytesReceived,
    /// Bytes of the response.
    BytesSent,
    /// Name of the route.
    Route,
    /// Name of the cluster that the route chose.
    Cluster,
    /// Address of the upstream host.
    Upstream,
    /// The gateway's end of the connection to it.
    UpstreamLocal,
    /// How often the request was sent to an upstream host.
    Attempts,
    /// What the upstream says of its time: a response header.
    ServiceTime,
    /// Address of the client.
    Remote,
    /// The gateway's end of the client's connection.
    Local,
    /// HTTP version.
    Protocol,
    /// TLS server name.
    ServerName,
}

/// Where an answer comes from.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// An attribute that nearly every exchange has: one without it is asked about apart.
    Always(&'static str),
    /// An attribute that many exchanges lack.
    Maybe(&'static str),
    /// An attribute with two names.
    Moved(Moved),
    /// A response header.
    Header(&'static str),
}

impl Question {
    /// All questions, in the order of their numbers.
    pub const ALL: [Question; 17] = [
        Self::Start,
        Self::Duration,
        Self::Flags,
        Self::Code,
        Self::CodeDetails,
        Self::BytesReceived,
        Self::BytesSent,
        Self::Route,
        Self::Cluster,
        Self::Upstream,
        Self::UpstreamLocal,
        Self::Attempts,
        Self::ServiceTime,
        Self::Remote,
        Self::Local,
        Self::Protocol,
        Self::ServerName,
    ];

    /// The fields of the record that the answer goes into; none when every record needs it.
    pub const fn fields(self) -> &'static [&'static str] {
        match self {
            // Sampling looks at these, and no record can do without a time.
            Self::Start | Self::Duration | Self::Flags | Self::Code => &[],
            Self::CodeDetails => &["response_code_details"],
            Self::BytesReceived => &["bytes_received"],
            Self::BytesSent => &["bytes_sent"],
            Self::Route => &["route_name", "route", "api", "model"],
            Self::Cluster => &["upstream_cluster", "service"],
            Self::Upstream => &["upstream_host"],
            Self::UpstreamLocal => &["upstream_local_address"],
            Self::Attempts => &["upstream_attempts"],
            Self::ServiceTime => &["upstream_service_time"],
            Self::Remote => &["downstream_remote_address"],
            Self::Local => &["downstream_local_address"],
            Self::Protocol => &["protocol"],
            Self::ServerName => &["requested_server_name"],
        }
    }

    /// Whether only an exchange with an upstream host has an answer.
    const fn is_of_upstream(self) -> bool {
        matches!(self, Self::UpstreamLocal | Self::Attempts | Self::ServiceTime)
    }

    const fn source(self) -> Source {
        match self {
            Self::Start => Source::Always(attributes::REQUEST_TIME),
            Self::Duration => Source::Always(attributes::REQUEST_DURATION),
            Self::Flags => Source::Always(attributes::RESPONSE_FLAGS),
            Self::Code => Source::Always(attributes::RESPONSE_CODE),
            Self::CodeDetails => Source::Always(attributes::RESPONSE_CODE_DETAILS),
            Self::BytesReceived => Source::Always(attributes::REQUEST_TOTAL_SIZE),
            Self::BytesSent => Source::Always(attributes::RESPONSE_TOTAL_SIZE),
            Self::Route => Source::Moved(attributes::ROUTE_NAME),
            Self::Cluster => Source::Moved(attributes::CLUSTER_NAME),
            Self::Upstream => Source::Maybe(attributes::UPSTREAM_ADDRESS),
            Self::UpstreamLocal => Source::Maybe(attributes::UPSTREAM_LOCAL_ADDRESS),
            Self::Attempts => Source::Maybe(attributes::UPSTREAM_REQUEST_ATTEMPT_COUNT),
            Self::ServiceTime => Source::Header("x-envoy-upstream-service-time"),
            Self::Remote => Source::Always(attributes::SOURCE_ADDRESS),
            Self::Local => Source::Always(attributes::DESTINATION_ADDRESS),
            Self::Protocol => Source::Always(attributes::REQUEST_PROTOCOL),
            Self::ServerName => Source::Always(attributes::REQUESTED_SERVER_NAME),
        }
    }
}

/// What is asked about every exchange of one configuration, and how.
#[derive(Debug)]
pub struct Questions {
    wanted: Vec<Question>,
    together: Together,
}

/// Whether the gateway answers questions together.
#[derive(Clone, Copy, Debug)]
enum Together {
    /// Not tried yet.
    Untried,
    /// It does.
    Works { bare: Asking, guarded: Asking },
    /// It never does.
    Never,
}

/// How an expression fares.
#[derive(Clone, Copy, Debug)]
struct Asking {
    expression: Expression,
    /// Grows with each answer and falls with each failure; without any, the expression is left alone for a while.
    credit: u32,
    /// Exchanges to pass before the expression is used again.
    pause: u32,
}

/// Highest credit of an expression, and that which it begins with.
const MAX_CREDIT: u32 = 16;
/// What a failure takes from it: one that fails more often than every third time is not worth its while.
const FAILURE: u32 = 2;
/// How many exchanges the while lasts in which it is left alone.
const PAUSE: u32 = 1_024;

impl Asking {
    const fn new(expression: Expression) -> Self {
        Self { expression, credit: MAX_CREDIT, pause: 0 }
    }

    /// The list of answers; none when one is missing, or the expression is left alone.
    fn ask(&mut self, wanted: usize, host: &impl Host) -> Option<Headers> {
        if self.pause > 0 {
            self.pause -= 1;
            return None;
        }
        let answer = host
            .evaluate(self.expression)
            .map(Headers::from_raw)
            .filter(|pairs| pairs.iter().count() == wanted);
        match answer {
            Some(_) => self.credit = (self.credit + 1).min(MAX_CREDIT),
            None if self.credit > FAILURE => self.credit -= FAILURE,
            // The next time it has to earn its credit.
            None => (self.credit, self.pause) = (FAILURE, PAUSE),
        }
        answer
    }
}

/// Whether missing attributes have a place in an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guards {
    Without,
    With,
}

impl Questions {
    /// The questions whose answers are wanted by a record without the fields for which `is_omitted` is true.
    pub fn new(is_omitted: impl Fn(&str) -> bool) -> Self {
        let is_wanted = |question: &Question| {
            let fields = question.fields();
            fields.is_empty() || fields.iter().any(|field| !is_omitted(field))
        };
        let wanted = Question::ALL.into_iter().filter(is_wanted).collect();
        Self { wanted, together: Together::Untried }
    }

    /// Asks about the exchange that has just ended.
    pub fn ask(&mut self, naming: &mut Naming, host: &impl Host) -> Answers {
        match self.ask_together(*naming, host) {
            Some(pairs) => Answers::Together(pairs),
            None => Answers::Apart(self.ask_apart(naming, host)),
        }
    }

    /// The answers in a form to look things up in.
    pub fn values<'a>(&self, answers: &'a Answers) -> Values<'a> {
        let mut values = [&[][..]; Question::ALL.len()];
        let mut put = |question: Question, bytes: &'a [u8]| {
            if let Some(value) = values.get_mut(question as usize) {
                *value = bytes;
            }
        };
        match answers {
            Answers::Together(pairs) => {
                self.wanted.iter().zip(pairs.iter()).for_each(|(question, (value, _))| put(*question, value));
            }
            Answers::Apart(all) => {
                self.wanted.iter().zip(all).for_each(|(question, value)| put(*question, value));
            }
        }
        Values(values)
    }

    fn ask_together(&mut self, naming: Naming, host: &impl Host) -> Option<Headers> {
        if matches!(self.together, Together::Untried) && naming != Naming::Unknown {
            let create = |guards| host.create_expression(&self.expression(naming, guards)).map(Asking::new);
            let created = create(Guards::Without).and_then(|bare| Some((bare, create(Guards::With)?)));
            self.together =
                created.map_or(Together::Never, |(bare, guarded)| Together::Works { bare, guarded });
        }
        let Together::Works { bare, guarded } = &mut self.together else { return None };
        let wanted = self.wanted.len();
        bare.ask(wanted, host).or_else(|| guarded.ask(wanted, host))
    }

    fn ask_apart(&self, naming: &mut Naming, host: &impl Host) -> Vec<Vec<u8>> {
        let mut of_upstream = true;
        let mut ask = |question: &Question| {
            let answer = match question.source() {
                Source::Moved(moved) => naming.read(host, moved).map(String::into_bytes),
                // Without an upstream host nothing of it is known.
                _ if question.is_of_upstream() && !of_upstream => None,
                Source::Always(path) | Source::Maybe(path) => host.attribute(path),
                Source::Header(name) => host.header(HeaderMap::Response, name),
            };
            if *question == Question::Upstream {
                of_upstream = answer.is_some();
            }
            answer.unwrap_or_default()
        };
        self.wanted.iter().map(&mut ask).collect()
    }

    /// The CEL text.
    fn expression(&self, naming: Naming, guards: Guards) -> String {
        let mut text = String::from("[");
        for question in &self.wanted {
            if text.len() > 1 {
                text.push(',');
            }
            let (path, may_lack) = match question.source() {
                Source::Always(path) => (path, false),
                Source::Maybe(path) => (path, true),
                // A name without parts cannot be guarded: a request without a route is asked about apart.
                Source::Moved(moved) if naming == Naming::Bare => (moved.bare(), false),
                Source::Moved(moved) => (moved.xds(), true),
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

/// What the gateway answered.
#[derive(Debug)]
pub enum Answers {
    /// To the expression.
    Together(Headers),
    /// To each question.
    Apart(Vec<Vec<u8>>),
}

/// The answers by question. An absent answer is empty.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a>([&'a [u8]; Question::ALL.len()]);

impl<'a> Values<'a> {
    /// The bytes of an answer.
    pub fn bytes(&self, question: Question) -> &'a [u8] {
        self.0.get(question as usize).copied().unwrap_or_default()
    }

    /// An integer.
    pub fn integer(&self, question: Question) -> Option<i64> {
        self.bytes(question).first_chunk::<8>().map(|bytes| i64::from_le_bytes(*bytes))
    }
}

#[cfg(test)]
mod tests {
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

    fn values_of(questions: &mut Questions, host: &MockHost) -> Vec<Vec<u8>> {
        let answers = questions.ask(&mut Naming::Xds, host);
        let values = questions.values(&answers);
        Question::ALL.into_iter().map(|question| values.bytes(question).to_vec()).collect()
    }

    #[test]
    fn together_and_apart_the_answers_are_the_same() {
        let (apart, together) = (host(), host().with_expressions());
        let expected = values_of(&mut Questions::new(|_| false), &apart);
        let mut questions = Questions::new(|_| false);
        assert_eq!(values_of(&mut questions, &together), expected);
        // The host has no upstream.local_address: the bare expression fails.
        assert_eq!(together.asked(), ["create", "create", "evaluate", "evaluate"]);
        let complete = host().with_text("upstream.local_address", "l:1").with_expressions();
        let mut questions = Questions::new(|_| false);
        let answers = values_of(&mut questions, &complete);
        assert_eq!(answers[Question::UpstreamLocal as usize], b"l:1");
        assert_eq!(values_of(&mut questions, &complete), answers);
        assert_eq!(complete.asked(), ["create", "create", "evaluate", "evaluate"]);
        assert_eq!(expected[Question::ServiceTime as usize], b"7");
        assert_eq!(expected[Question::Code as usize], 200_i64.to_le_bytes());
    }

    #[test]
    fn nothing_is_asked_for_fields_that_are_left_out() {
        let omitted = ["route_name", "route", "api", "model", "upstream_host", "protocol", "bytes_sent"];
        let mut questions = Questions::new(|field| omitted.contains(&field));
        let (apart, together) = (host(), host().with_expressions());
        let values = values_of(&mut questions, &apart);
        assert_eq!(values[Question::Route as usize], b"");
        assert_eq!(values[Question::Cluster as usize], b"c");
        for name in ["route_name", "upstream.address", "protocol", "response.total_size"] {
            assert!(!apart.asked().iter().any(|asked| asked.ends_with(name)), "{name}");
        }
        let mut questions = Questions::new(|field| omitted.contains(&field));
        assert_eq!(values_of(&mut questions, &together), values);
    }

    #[test]
    fn a_gateway_without_expressions_is_asked_for_them_once() {
        let (mut questions, host) = (Questions::new(|_| false), host());
        for _ in 0..3 {
            values_of(&mut questions, &host);
        }
        assert_eq!(host.asked().iter().filter(|asked| *asked == "create").count(), 1);
    }

    #[test]
    fn an_expression_that_fails_again_and_again_is_left_alone_for_a_while() {
        // A gateway with bare names answers nothing under `xds`; a request without a route fails both expressions.
        let host = MockHost::new().with_expressions().with_int("response.flags", 2);
        let mut questions = Questions::new(|_| false);
        let mut evaluated = || {
            let answers = questions.ask(&mut Naming::Bare, &host);
            assert_eq!(questions.values(&answers).integer(Question::Flags), Some(2));
            host.asked().iter().filter(|asked| *asked == "evaluate").count()
        };
        let tries = MAX_CREDIT / FAILURE;
        let counts: Vec<usize> = (0..tries + PAUSE + 1).map(|_| evaluated()).collect();
        assert_eq!(counts[counts.len() - 2], 2 * tries as usize);
        assert_eq!(counts.last(), Some(&(2 * tries as usize + 2)));
    }

    #[test]
    fn where_most_exchanges_lack_something_only_the_guarded_expression_is_used() {
        // No upstream: the gateway answers by itself.
        let host = host().with_expressions();
        let mut questions = Questions::new(|_| false);
        for _ in 0..MAX_CREDIT {
            values_of(&mut questions, &host);
        }
        let before = host.asked().len();
        assert_eq!(values_of(&mut questions, &host)[Question::Code as usize], 200_i64.to_le_bytes());
        assert_eq!(host.asked()[before..], ["evaluate"]);
    }
}

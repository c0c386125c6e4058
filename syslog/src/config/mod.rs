//! The settings of the whole sink: whether syslog is on, where messages go and in which form. Each setting is a short
//! text that fits a variable.
//!
//! | Name | Default | Values |
//! |---|---|---|
//! | `delivery` | `off` | `off`: no syslog, and the other settings are not read; `best_effort`, `at_least_once` (TCP only) |
//! | `address` | `127.0.0.1` | the receiver: `10.0.0.5`, `[::1]`; an address, because a component cannot resolve names |
//! | `port` | 514 | 1 to 65535 |
//! | `protocol` | `tcp` | `tcp`, `udp` |
//! | `format` | `rfc3164` | `rfc3164`, `rfc5424` |
//! | `framing` | `octet_counting` | `octet_counting`, `newline` (TCP only): how messages are separated in a stream |
//! | `time_zone` | `UTC` | `Asia/Shanghai`, `+08:00`, `UTC`: the zone of the messages' times ([`zone`] reads it) |
//! | `max_message_bytes` | 8192, rsyslog's default limit | 1024 to 1048576; up to 65507 over UDP |
//! | `queue_max_bytes` | 4194304 | 65536 to 67108864, at least `max_message_bytes`: bound on what waits in one instance, in addition to one batch of messages of at most 256 KiB |
//! | `hostname` | empty: the gateway instance of the record | a host name |
//! | `app_name` | `kong` | 1 to 32 letters, digits, `.`, `_`, `-`, `/` |
//! | `process_id` | `1`, the id of a container's first process | up to 32 of the same |
//! | `timeout_ms` | 2000 | 10 to 60000: longest wait for the receiver to connect, to take a batch, to confirm |
//! | `untrusted_lua` | `sandbox` | `sandbox`, `off` |
//! | `lua_max_instructions` | 50000 | 1000 to 10000000 |
//! | `lua_max_memory_bytes` | 524288 | 65536 to 16777216 |
//! | `lua_max_time_ms` | 100 | 1 to 10000, for a record |
//! | `lua_max_request_ms` | 1000 | 1 to 60000, for all records of a request |

use std::time::Duration;

use gatelog_forward::Guarantee;
use gatelog_forward::settings::Settings;

use crate::lua::limits::{Limits, UntrustedLua};
use crate::message::frame::Frame;
use crate::transport::target::Target;

mod read;
pub mod zone;

/// The settings of the sink.
#[derive(Clone, Debug)]
pub struct SinkConfig {
    /// The receiver.
    pub target: Target,
    /// The delivery guarantee.
    pub promise: Guarantee,
    /// The form of messages.
    pub frame: Frame,
    /// Longest wait for the receiver.
    pub timeout: Duration,
    /// Bytes of waiting records and messages. Beyond this bound, `best_effort` drops and `at_least_once`
    /// waits.
    pub queue_max_bytes: usize,
    /// Whether scripts may run.
    pub untrusted_lua: UntrustedLua,
    /// Bounds on scripts.
    pub limits: Limits,
}

impl SinkConfig {
    /// The names of all settings, each with its default, which an empty text also selects.
    pub const SETTINGS: Settings = &[
        ("delivery", "off"),
        ("address", "127.0.0.1"),
        ("port", "514"),
        ("protocol", "tcp"),
        ("format", "rfc3164"),
        ("framing", "octet_counting"),
        ("time_zone", "UTC"),
        ("max_message_bytes", "8192"),
        ("queue_max_bytes", "4194304"),
        ("hostname", ""),
        ("app_name", "kong"),
        ("process_id", "1"),
        ("timeout_ms", "2000"),
        ("untrusted_lua", "sandbox"),
        ("lua_max_instructions", "50000"),
        ("lua_max_memory_bytes", "524288"),
        ("lua_max_time_ms", "100"),
        ("lua_max_request_ms", "1000"),
    ];
}

#[cfg(test)]
mod tests {
    use gatelog_forward::settings::given as given_settings;

    use super::*;
    use crate::error::ConfigError;
    use crate::message::frame::{Framing, HeaderFormat};
    use crate::transport::target::Protocol;

    fn read(settings: &[(&str, &str)]) -> Result<Option<SinkConfig>, ConfigError> {
        SinkConfig::read(|name| {
            assert!(SinkConfig::SETTINGS.iter().any(|(known, _)| *known == name), "{name}");
            settings
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.to_string())
                .unwrap_or_default()
        })
    }

    #[test]
    fn the_sink_is_off_until_delivery_is_set_whatever_else_is_set() {
        for delivery in ["", "off", " off "] {
            let settings = [("delivery", delivery), ("address", "10.0.0.1"), ("format", "json")];
            assert!(read(&settings).unwrap().is_none(), "{delivery:?}");
        }
    }

    #[test]
    fn settings_that_were_set_are_distinguished_from_defaults() {
        let given = |settings: &[(&str, &str)]| {
            given_settings(SinkConfig::SETTINGS, |name| {
                settings.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value).to_owned()
            })
        };
        let defaults: Vec<(&str, &str)> = SinkConfig::SETTINGS.to_vec();
        assert_eq!(given(&defaults), [""; 0]);
        assert_eq!(given(&[("delivery", "best_effort")]), [""; 0]);
        let settings = [("port", "10514"), ("address", "127.0.0.1"), ("hostname", "gw"), ("format", " ")];
        assert_eq!(given(&settings), ["port", "hostname"]);
    }

    #[test]
    fn delivery_alone_gives_the_defaults() {
        let options = read(&[("delivery", "best_effort")]).unwrap().unwrap();
        assert_eq!(
            options.target,
            Target { protocol: Protocol::Tcp, address: "127.0.0.1:514".parse().unwrap() }
        );
        assert_eq!(options.frame.framing, Framing::OctetCounting);
        assert_eq!(options.frame.format, HeaderFormat::Rfc3164);
        assert_eq!((options.frame.max_message_bytes, options.queue_max_bytes), (8_192, 4_194_304));
        assert_eq!((&*options.frame.app_name, &*options.frame.process_id), ("kong", "1"));
        assert_eq!(options.promise, Guarantee::BestEffort);
        assert_eq!(options.limits, Limits::default());
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let error = read(&[
            ("address", "localhost"),
            ("port", "0"),
            ("protocol", "tls"),
            ("format", "json"),
            ("framing", "null"),
            ("time_zone", "Mars/Base"),
            ("delivery", "exactly_once"),
            ("max_message_bytes", "10"),
            ("app_name", "a b"),
            ("timeout_ms", "soon"),
            ("untrusted_lua", "on"),
        ])
        .unwrap_err();
        let names: Vec<&str> =
            error.problems.iter().map(|problem| problem.split_once(':').unwrap().0).collect();
        assert_eq!(
            names,
            [
                "delivery",
                "address",
                "port",
                "protocol",
                "format",
                "framing",
                "time_zone",
                "app_name",
                "max_message_bytes",
                "timeout_ms",
                "untrusted_lua"
            ]
        );
    }

    #[test]
    fn an_address_is_written_as_spin_compares_it() {
        for (text, is_address) in [
            ("10.0.0.5", true),
            ("[2001:db8::1]", true),
            ("::1", false),
            ("[0::1]", false),
            ("[10.0.0.5]", false),
        ] {
            assert_eq!(read(&[("delivery", "best_effort"), ("address", text)]).is_ok(), is_address, "{text}");
        }
    }

    #[test]
    fn a_stream_may_be_framed_by_lines_and_datagrams_may_not() {
        let framing = |protocol: &str, framing: &str| {
            let settings = [("delivery", "best_effort"), ("protocol", protocol), ("framing", framing)];
            read(&settings).ok().map(|options| options.unwrap().frame.framing)
        };
        assert_eq!(framing("tcp", ""), Some(Framing::OctetCounting));
        assert_eq!(framing("tcp", "octet_counting"), Some(Framing::OctetCounting));
        assert_eq!(framing("tcp", "newline"), Some(Framing::Newline));
        assert_eq!(framing("udp", "octet_counting"), Some(Framing::Datagram));
        assert_eq!(framing("udp", "newline"), None);
        assert_eq!(framing("tcp", "lf"), None);
    }

    #[test]
    fn udp_promises_nothing_and_carries_no_more_than_a_datagram() {
        let error = read(&[
            ("address", "10.0.0.1"),
            ("protocol", "udp"),
            ("delivery", "at_least_once"),
            ("max_message_bytes", "65508"),
        ])
        .unwrap_err();
        assert_eq!(error.problems.len(), 2, "{error}");
    }

    #[test]
    fn a_message_must_fit_in_the_queue() {
        let error = read(&[
            ("delivery", "best_effort"),
            ("max_message_bytes", "1048576"),
            ("queue_max_bytes", "65536"),
        ])
        .unwrap_err();
        assert!(error.problems[0].starts_with("queue_max_bytes: "), "{error}");
    }
}

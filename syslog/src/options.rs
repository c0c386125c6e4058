//! Where messages go and in which form: settings of the whole sink, each a short text such as a variable holds.
//!
//! | Name | Default | Values |
//! |---|---|---|
//! | `address` | empty: no syslog | the receiver: `10.0.0.5`, `[::1]`; an address, for a component cannot look up names |
//! | `port` | 514 | 1 to 65535 |
//! | `protocol` | `tcp` | `tcp`, `udp` |
//! | `format` | `rfc3164` | `rfc3164`, `rfc5424` |
//! | `delivery` | `best_effort` | `best_effort`, `at_least_once` (TCP only) |
//! | `max_message_bytes` | 8192, what rsyslog takes unless told otherwise | 1024 to 1048576; over UDP to 65507 |
//! | `queue_max_bytes` | 4194304 | 65536 to 67108864, at least `max_message_bytes`: what waits for the receiver, in one instance |
//! | `hostname` | empty: the gateway instance of the record | a host name |
//! | `app_name` | `kong` | 1 to 32 letters, digits, `.`, `_`, `-`, `/` |
//! | `process_id` | `1`, that of a container's first process | up to 32 of the same |
//! | `timeout_ms` | 2000 | 10 to 60000: longest wait for the receiver, to connect, to send a batch, to confirm |
//! | `untrusted_lua` | `sandbox` | `sandbox`, `off` |
//! | `lua_max_instructions` | 50000 | 1000 to 10000000 |
//! | `lua_max_memory_bytes` | 524288 | 65536 to 16777216 |
//! | `lua_max_time_ms` | 100 | 1 to 10000 |

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use crate::config::ConfigError;
use crate::delivery::Promise;
use crate::frame::{Format, Frame, Framing};
use crate::lua::{Limits, UntrustedLua};

/// The settings of the sink.
#[derive(Clone, Debug)]
pub struct Options {
    /// The receiver.
    pub target: Target,
    /// What is promised.
    pub promise: Promise,
    /// How messages are written.
    pub frame: Frame,
    /// Longest wait for the receiver.
    pub timeout: Duration,
    /// Bytes of messages that wait for the receiver; beyond, `best_effort` drops and `at_least_once` waits.
    pub queue_max_bytes: usize,
    /// Whether scripts may run.
    pub untrusted_lua: UntrustedLua,
    /// Bounds on scripts.
    pub limits: Limits,
}

/// A receiver of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whether over TCP or UDP.
    pub protocol: Protocol,
    /// Address and port.
    pub address: SocketAddr,
}

/// How the receiver is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// A stream with octet counting.
    #[default]
    Tcp,
    /// A datagram for each message.
    Udp,
}

/// Largest payload of a UDP datagram over IPv4.
const MAX_DATAGRAM_BYTES: usize = 65_507;

impl Options {
    /// The names of all settings.
    pub const NAMES: [&'static str; 15] = [
        "address",
        "port",
        "protocol",
        "format",
        "delivery",
        "max_message_bytes",
        "queue_max_bytes",
        "hostname",
        "app_name",
        "process_id",
        "timeout_ms",
        "untrusted_lua",
        "lua_max_instructions",
        "lua_max_memory_bytes",
        "lua_max_time_ms",
    ];

    /// Reads the settings; `text_of` answers the text of a setting by its name, empty for the default. `None` when
    /// there is no address: the sink is off.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, each with the name of its setting.
    pub fn read(text_of: impl Fn(&str) -> String) -> Result<Option<Self>, ConfigError> {
        let mut reader = Reader { text_of, problems: Vec::new() };
        let Some(options) = reader.options() else {
            return reader.finish(None);
        };
        reader.finish(Some(options))
    }
}

struct Reader<F> {
    text_of: F,
    problems: Vec<String>,
}

impl<F: Fn(&str) -> String> Reader<F> {
    fn options(&mut self) -> Option<Options> {
        if self.text("address").is_empty() {
            return None;
        }
        let target = self.target();
        let udp = target.protocol == Protocol::Udp;
        let promise = self.parsed("delivery", Promise::from_str).unwrap_or_default();
        if udp && promise == Promise::AtLeastOnce {
            self.problem("delivery", "at_least_once needs protocol tcp: UDP confirms nothing");
        }
        let largest = if udp { MAX_DATAGRAM_BYTES } else { 1_048_576 };
        let frame = Frame {
            format: self.parsed("format", Format::from_str).unwrap_or_default(),
            framing: if udp { Framing::Datagram } else { Framing::OctetCounting },
            hostname: self.word("hostname", 255),
            app_name: self.word("app_name", 32).unwrap_or_else(|| "kong".to_owned()),
            process_id: self.word("process_id", 32).unwrap_or_else(|| "1".to_owned()),
            max_message_bytes: self.number("max_message_bytes", 8_192, 1_024..=largest),
        };
        let queue_max_bytes = self.number("queue_max_bytes", 4_194_304, 65_536..=67_108_864);
        if queue_max_bytes < frame.max_message_bytes {
            self.problem("queue_max_bytes", "must not be less than max_message_bytes");
        }
        let defaults = Limits::default();
        Some(Options {
            target,
            promise,
            frame,
            timeout: Duration::from_millis(self.number("timeout_ms", 2_000, 10..=60_000) as u64),
            queue_max_bytes,
            untrusted_lua: self.parsed("untrusted_lua", UntrustedLua::from_str).unwrap_or_default(),
            limits: Limits {
                max_instructions: self.number("lua_max_instructions", 50_000, 1_000..=10_000_000) as u64,
                max_memory_bytes: self.number(
                    "lua_max_memory_bytes",
                    defaults.max_memory_bytes,
                    65_536..=16_777_216,
                ),
                max_time: Duration::from_millis(self.number("lua_max_time_ms", 100, 1..=10_000) as u64),
            },
        })
    }

    fn target(&mut self) -> Target {
        let ip = self.parsed("address", read_ip).unwrap_or(Ipv4Addr::LOCALHOST.into());
        let port = self.number("port", 514, 1..=65_535);
        Target {
            protocol: self.parsed("protocol", Protocol::from_str).unwrap_or_default(),
            address: SocketAddr::new(ip, u16::try_from(port).unwrap_or_default()),
        }
    }

    fn finish(self, options: Option<Options>) -> Result<Option<Options>, ConfigError> {
        if self.problems.is_empty() { Ok(options) } else { Err(ConfigError { problems: self.problems }) }
    }

    fn text(&self, name: &str) -> String {
        (self.text_of)(name).trim().to_owned()
    }

    fn problem(&mut self, name: &str, problem: &str) {
        self.problems.push(format!("{name}: {problem}"));
    }

    /// The setting as `parse` reads it; `None` for the default, and when it is wrong.
    fn parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(name);
        if text.is_empty() {
            return None;
        }
        parse(&text).map_err(|problem| self.problem(name, &problem)).ok()
    }

    fn word(&mut self, name: &str, max_bytes: usize) -> Option<String> {
        self.parsed(name, |text| {
            let allowed =
                |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'/');
            if text.len() <= max_bytes && text.bytes().all(allowed) {
                Ok(text.to_owned())
            } else {
                Err(format!(
                    "\"{text}\" is not made of at most {max_bytes} letters, digits, '.', '_', '-', '/'"
                ))
            }
        })
    }

    fn number(&mut self, name: &str, default: usize, range: RangeInclusive<usize>) -> usize {
        let read = self.parsed(name, |text| match text.parse() {
            Ok(number) if range.contains(&number) => Ok(number),
            _ => Err(format!("\"{text}\" is no whole number from {} to {}", range.start(), range.end())),
        });
        read.unwrap_or(default)
    }
}

/// An address, written as in a URL: Spin compares it with the manifest as a text.
fn read_ip(text: &str) -> Result<IpAddr, String> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let ip = bare.parse().map_err(|_| {
        format!("\"{text}\" is no IP address such as 10.0.0.5 or [::1]; names cannot be looked up here")
    })?;
    let written = match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    if written == text { Ok(ip) } else { Err(format!("write \"{text}\" as {written}")) }
}

impl FromStr for Protocol {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "tcp" => Ok(Self::Tcp),
            "udp" => Ok(Self::Udp),
            _ => Err(format!("\"{text}\" is neither tcp nor udp")),
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "rfc5424" => Ok(Self::Rfc5424),
            "rfc3164" => Ok(Self::Rfc3164),
            _ => Err(format!("\"{text}\" is neither rfc3164 nor rfc5424")),
        }
    }
}

impl FromStr for Promise {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "best_effort" => Ok(Self::BestEffort),
            "at_least_once" => Ok(Self::AtLeastOnce),
            _ => Err(format!("\"{text}\" is neither best_effort nor at_least_once")),
        }
    }
}

impl FromStr for UntrustedLua {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "sandbox" => Ok(Self::Sandbox),
            "off" => Ok(Self::Off),
            "on" => {
                Err("\"on\" would give scripts the whole environment, which is not offered: use sandbox"
                    .into())
            }
            _ => Err(format!("\"{text}\" is neither sandbox nor off")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<Option<Options>, ConfigError> {
        Options::read(|name| {
            assert!(Options::NAMES.contains(&name), "{name}");
            settings
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.to_string())
                .unwrap_or_default()
        })
    }

    #[test]
    fn without_an_address_the_sink_is_off() {
        assert!(read(&[("protocol", "udp"), ("format", "json")]).unwrap().is_none());
    }

    #[test]
    fn an_address_alone_brings_the_defaults() {
        let options = read(&[("address", "[::1]")]).unwrap().unwrap();
        assert_eq!(options.target, Target { protocol: Protocol::Tcp, address: "[::1]:514".parse().unwrap() });
        assert_eq!(options.frame.framing, Framing::OctetCounting);
        assert_eq!(options.frame.format, Format::Rfc3164);
        assert_eq!((options.frame.max_message_bytes, options.queue_max_bytes), (8_192, 4_194_304));
        assert_eq!((&*options.frame.app_name, &*options.frame.process_id), ("kong", "1"));
        assert_eq!(options.promise, Promise::BestEffort);
        assert_eq!(options.limits, Limits::default());
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let error = read(&[
            ("address", "localhost"),
            ("port", "0"),
            ("protocol", "tls"),
            ("format", "json"),
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
                "address",
                "port",
                "protocol",
                "delivery",
                "format",
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
            assert_eq!(read(&[("address", text)]).is_ok(), is_address, "{text}");
        }
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
    fn a_message_fits_into_what_may_wait() {
        let error =
            read(&[("address", "10.0.0.1"), ("max_message_bytes", "1048576"), ("queue_max_bytes", "65536")])
                .unwrap_err();
        assert!(error.problems[0].starts_with("queue_max_bytes: "), "{error}");
    }
}

//! Reads the settings from their texts and reports all problems at once.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::{SinkConfig, zone};
use crate::error::ConfigError;
use crate::guarantee::Guarantee;
use crate::lua::limits::{Limits, UntrustedLua};
use crate::message::frame::{Frame, Framing, HeaderFormat};
use crate::transport::target::{Protocol, Target};

/// Largest payload of a UDP datagram over IPv4.
const MAX_DATAGRAM_BYTES: usize = 65_507;

impl SinkConfig {
    /// Reads the settings; `text_of` returns the text of a setting by its name. `None` when the sink is off.
    ///
    /// # Errors
    ///
    /// All problems, each with the name of its setting.
    pub fn read(text_of: impl Fn(&str) -> String) -> Result<Option<Self>, ConfigError> {
        let mut reader = SinkConfigReader { text_of, problems: Vec::new() };
        if reader.text("delivery") == "off" {
            return Ok(None);
        }
        let options = reader.options();
        if reader.problems.is_empty() {
            Ok(Some(options))
        } else {
            Err(ConfigError { problems: reader.problems })
        }
    }
}

struct SinkConfigReader<F> {
    text_of: F,
    problems: Vec<String>,
}

impl<F: Fn(&str) -> String> SinkConfigReader<F> {
    /// The settings as read; valid only when there are no problems.
    fn options(&mut self) -> SinkConfig {
        let promise = self.parsed("delivery", Guarantee::from_str).unwrap_or_default();
        let target = self.target();
        let udp = target.protocol == Protocol::Udp;
        if udp && promise == Guarantee::AtLeastOnce {
            self.problem("delivery", "at_least_once needs protocol tcp: UDP confirms nothing");
        }
        let largest = if udp { MAX_DATAGRAM_BYTES } else { 1_048_576 };
        let frame = Frame {
            format: self.parsed("format", HeaderFormat::from_str).unwrap_or_default(),
            framing: self.framing(target.protocol),
            zone: self.parsed("time_zone", zone::read).unwrap_or(TimeZone::UTC),
            hostname: Some(self.word("hostname", 255)).filter(|name| !name.is_empty()),
            app_name: self.word("app_name", 32),
            process_id: self.word("process_id", 32),
            max_message_bytes: self.number("max_message_bytes", 1_024..=largest),
        };
        let queue_max_bytes = self.number("queue_max_bytes", 65_536..=67_108_864);
        if queue_max_bytes < frame.max_message_bytes {
            self.problem("queue_max_bytes", "must not be less than max_message_bytes");
        }
        SinkConfig {
            target,
            promise,
            frame,
            timeout: self.millis("timeout_ms", 10..=60_000),
            queue_max_bytes,
            untrusted_lua: self.parsed("untrusted_lua", UntrustedLua::from_str).unwrap_or_default(),
            limits: Limits {
                max_instructions: self.number("lua_max_instructions", 1_000..=10_000_000) as u64,
                max_memory_bytes: self.number("lua_max_memory_bytes", 65_536..=16_777_216),
                max_time: self.millis("lua_max_time_ms", 1..=10_000),
                max_request_time: self.millis("lua_max_request_ms", 1..=60_000),
            },
        }
    }

    fn target(&mut self) -> Target {
        let ip = self.parsed("address", read_ip).unwrap_or(Ipv4Addr::LOCALHOST.into());
        let port = self.number("port", 1..=65_535);
        Target {
            protocol: self.parsed("protocol", Protocol::from_str).unwrap_or_default(),
            address: SocketAddr::new(ip, u16::try_from(port).unwrap_or_default()),
        }
    }

    fn framing(&mut self, protocol: Protocol) -> Framing {
        let framing = self.parsed("framing", Framing::from_str).unwrap_or(Framing::OctetCounting);
        match (protocol, framing) {
            (Protocol::Tcp, framing) => framing,
            (Protocol::Udp, Framing::Newline) => {
                self.problem("framing", "newline needs protocol tcp: over UDP each message is a datagram");
                Framing::Datagram
            }
            (Protocol::Udp, _) => Framing::Datagram,
        }
    }

    /// The text of a setting, or its default.
    fn text(&self, name: &str) -> String {
        let text = (self.text_of)(name).trim().to_owned();
        if text.is_empty() { default_of(name).to_owned() } else { text }
    }

    fn problem(&mut self, name: &str, problem: &str) {
        self.problems.push(format!("{name}: {problem}"));
    }

    /// The setting as `parse` reads it; `None` when it is wrong.
    fn parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        parse(&self.text(name)).map_err(|problem| self.problem(name, &problem)).ok()
    }

    fn word(&mut self, name: &str, max_bytes: usize) -> String {
        let read = self.parsed(name, |text| {
            let allowed =
                |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'/');
            if text.len() <= max_bytes && text.bytes().all(allowed) {
                Ok(text.to_owned())
            } else {
                Err(format!(
                    "\"{text}\" is not a text of at most {max_bytes} letters, digits, '.', '_', '-', '/'"
                ))
            }
        });
        read.unwrap_or_default()
    }

    fn millis(&mut self, name: &str, range: RangeInclusive<usize>) -> Duration {
        Duration::from_millis(self.number(name, range) as u64)
    }

    fn number(&mut self, name: &str, range: RangeInclusive<usize>) -> usize {
        let read = self.parsed(name, |text| match text.parse() {
            Ok(number) if range.contains(&number) => Ok(number),
            _ => Err(format!("\"{text}\" is not a whole number from {} to {}", range.start(), range.end())),
        });
        // A wrong number does not cause a second problem where two numbers are compared.
        read.or_else(|| default_of(name).parse().ok()).unwrap_or(*range.start())
    }
}

fn default_of(name: &str) -> &'static str {
    SinkConfig::SETTINGS.iter().find(|(known, _)| *known == name).map_or("", |(_, default)| default)
}

/// An address, written as in a URL, because Spin compares it with the manifest as a text.
fn read_ip(text: &str) -> Result<IpAddr, String> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let ip = bare.parse().map_err(|_| {
        format!("\"{text}\" is not an IP address such as 10.0.0.5 or [::1]; names cannot be resolved here")
    })?;
    let written = match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    if written == text { Ok(ip) } else { Err(format!("write \"{text}\" as {written}")) }
}

//! Reads the settings from their texts and reports all problems at once.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use gatelog_forward::{Guarantee, SettingsReader};
use jiff::tz::TimeZone;

use super::{SinkConfig, zone};
use crate::error::ConfigError;
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
        let mut reader = SinkConfigReader(SettingsReader::new(Self::SETTINGS, text_of));
        if reader.0.text("delivery") == "off" {
            return Ok(None);
        }
        let options = reader.options();
        let problems = reader.0.finish();
        if problems.is_empty() { Ok(Some(options)) } else { Err(ConfigError { problems }) }
    }
}

struct SinkConfigReader<F>(SettingsReader<F>);

impl<F: Fn(&str) -> String> SinkConfigReader<F> {
    /// The settings as read; valid only when there are no problems.
    fn options(&mut self) -> SinkConfig {
        let promise = self.0.parsed("delivery", Guarantee::from_str).unwrap_or_default();
        let target = self.target();
        let udp = target.protocol == Protocol::Udp;
        if udp && promise == Guarantee::AtLeastOnce {
            self.0.problem("delivery", "at_least_once needs protocol tcp: UDP confirms nothing");
        }
        let largest = if udp { MAX_DATAGRAM_BYTES } else { 1_048_576 };
        let frame = Frame {
            format: self.0.parsed("format", HeaderFormat::from_str).unwrap_or_default(),
            framing: self.framing(target.protocol),
            zone: self.0.parsed("time_zone", zone::read).unwrap_or(TimeZone::UTC),
            hostname: Some(self.word("hostname", 255)).filter(|name| !name.is_empty()),
            app_name: self.word("app_name", 32),
            process_id: self.word("process_id", 32),
            max_message_bytes: self.0.number("max_message_bytes", 1_024..=largest),
        };
        let queue_max_bytes = self.0.number("queue_max_bytes", 65_536..=67_108_864);
        if queue_max_bytes < frame.max_message_bytes {
            self.0.problem("queue_max_bytes", "must not be less than max_message_bytes");
        }
        SinkConfig {
            target,
            promise,
            frame,
            timeout: self.0.millis("timeout_ms", 10..=60_000),
            queue_max_bytes,
            untrusted_lua: self.0.parsed("untrusted_lua", UntrustedLua::from_str).unwrap_or_default(),
            limits: Limits {
                max_instructions: self.0.number("lua_max_instructions", 1_000..=10_000_000) as u64,
                max_memory_bytes: self.0.number("lua_max_memory_bytes", 65_536..=16_777_216),
                max_time: self.0.millis("lua_max_time_ms", 1..=10_000),
                max_request_time: self.0.millis("lua_max_request_ms", 1..=60_000),
            },
        }
    }

    fn target(&mut self) -> Target {
        let ip = self.0.parsed("address", read_ip).unwrap_or(Ipv4Addr::LOCALHOST.into());
        let port = self.0.number("port", 1..=65_535);
        Target {
            protocol: self.0.parsed("protocol", Protocol::from_str).unwrap_or_default(),
            address: SocketAddr::new(ip, u16::try_from(port).unwrap_or_default()),
        }
    }

    fn framing(&mut self, protocol: Protocol) -> Framing {
        let framing = self.0.parsed("framing", Framing::from_str).unwrap_or(Framing::OctetCounting);
        match (protocol, framing) {
            (Protocol::Tcp, framing) => framing,
            (Protocol::Udp, Framing::Newline) => {
                self.0.problem("framing", "newline needs protocol tcp: over UDP each message is a datagram");
                Framing::Datagram
            }
            (Protocol::Udp, _) => Framing::Datagram,
        }
    }

    fn word(&mut self, name: &str, max_bytes: usize) -> String {
        let read = self.0.parsed(name, |text| {
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

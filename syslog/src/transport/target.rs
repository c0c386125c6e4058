//! The receiver of messages.

use std::net::SocketAddr;
use std::str::FromStr;

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
    /// A stream, in which messages are framed.
    #[default]
    Tcp,
    /// A datagram for each message.
    Udp,
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

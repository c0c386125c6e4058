//! The receiver of messages.

use std::net::SocketAddr;
use std::str::FromStr;

/// A receiver of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Address and port.
    pub address: SocketAddr,
}

/// The protocol of the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// A stream of framed messages.
    #[default]
    Tcp,
    /// One datagram for each message.
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

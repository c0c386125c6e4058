//! What stays the same for all requests of one client connection, read once a connection.
//!
//! Asking the gateway is the dearest part of making a record. A fixed table remembers the latest connections, by
//! their number; a connection that was pushed out is simply asked about again.

use std::rc::Rc;

use crate::attributes;
use crate::host::Host;

/// What is constant for a client connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// HTTP version.
    pub protocol: String,
    /// The gateway's address.
    pub local_address: String,
    /// TLS server name.
    pub server_name: String,
}

/// The latest connections of a VM.
#[derive(Debug)]
pub struct Connections {
    slots: Vec<(i64, Rc<Connection>)>,
}

/// Connections remembered.
const SLOTS: usize = 512;
/// No connection has this number.
const NONE: i64 = -1;

impl Default for Connections {
    fn default() -> Self {
        Self { slots: vec![(NONE, Rc::default()); SLOTS] }
    }
}

impl Connections {
    /// The connection of the current stream.
    pub fn current(&mut self, host: &impl Host) -> Rc<Connection> {
        let Some(id) = attributes::integer(host, attributes::CONNECTION_ID) else {
            return Rc::new(Connection::read(host));
        };
        let slot = usize::try_from(id.rem_euclid(SLOTS as i64)).unwrap_or(0);
        if let Some((known, connection)) = self.slots.get(slot)
            && *known == id
        {
            return Rc::clone(connection);
        }
        let connection = Rc::new(Connection::read(host));
        // A first request that could not be parsed says nothing about the next one.
        if let Some(slot) = self.slots.get_mut(slot)
            && !connection.protocol.is_empty()
        {
            *slot = (id, Rc::clone(&connection));
        }
        connection
    }
}

impl Connection {
    fn read(host: &impl Host) -> Self {
        let text = |path| attributes::text(host, path).unwrap_or_default();
        Self {
            protocol: text(attributes::REQUEST_PROTOCOL),
            local_address: text(attributes::DESTINATION_ADDRESS),
            server_name: text(attributes::REQUESTED_SERVER_NAME),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::mock::MockHost;

    fn host(id: i64, protocol: &str) -> MockHost {
        MockHost::new().with_int("connection.id", id).with_text("request.protocol", protocol)
    }

    #[test]
    fn a_connection_is_asked_about_once() {
        let mut connections = Connections::default();
        let host = host(7, "HTTP/2");
        assert_eq!(connections.current(&host).protocol, "HTTP/2");
        assert_eq!(host.asked().len(), 4);
        assert_eq!(connections.current(&host).protocol, "HTTP/2");
        assert_eq!(host.asked().len(), 5);
    }

    #[test]
    fn connections_are_not_mixed_up_when_they_share_a_slot_or_have_no_number() {
        let mut connections = Connections::default();
        for (id, protocol) in [(7, "HTTP/2"), (7 + SLOTS as i64, "HTTP/1.1"), (7, "HTTP/2"), (8, "HTTP/3")] {
            assert_eq!(connections.current(&host(id, protocol)).protocol, protocol);
        }
        let unknown = MockHost::new().with_text("request.protocol", "HTTP/1.0");
        assert_eq!(connections.current(&unknown).protocol, "HTTP/1.0");
    }
}

//! The attributes for every record, and their values for one exchange.

/// An attribute of a stream that a record needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// When the request began: nanoseconds since the epoch.
    Start,
    /// Nanoseconds from the start of the request to the end of the response.
    Duration,
    /// Mask of [`crate::collect::response_flags`].
    Flags,
    /// Status that the client received.
    Code,
    /// Why the response has that status.
    CodeDetails,
    /// Bytes of the request.
    BytesReceived,
    /// Bytes of the response.
    BytesSent,
    /// Name of the route.
    Route,
    /// Name of the cluster selected by the route.
    Cluster,
    /// Address of the upstream host.
    Upstream,
    /// The gateway's end of the connection to the upstream host.
    UpstreamLocal,
    /// The number of times the request was sent to an upstream host.
    Attempts,
    /// The upstream's service time: a response header.
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

impl Attribute {
    /// The response header that is [`Attribute::ServiceTime`].
    pub const SERVICE_TIME_HEADER: &str = "x-envoy-upstream-service-time";

    /// All attributes, in the order of their numbers.
    pub const ALL: [Attribute; 17] = [
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
}

/// The values by attribute: texts raw, integers as 8 bytes little endian. A missing attribute has an empty value.
#[derive(Clone, Copy, Debug, Default)]
pub struct AttributeValues<'a>([&'a [u8]; Attribute::ALL.len()]);

impl<'a> AttributeValues<'a> {
    /// Sets a value.
    pub fn put(&mut self, attribute: Attribute, bytes: &'a [u8]) {
        if let Some(value) = self.0.get_mut(attribute as usize) {
            *value = bytes;
        }
    }

    /// The bytes of a value.
    pub fn bytes(&self, attribute: Attribute) -> &'a [u8] {
        self.0.get(attribute as usize).copied().unwrap_or_default()
    }

    /// An integer.
    pub fn integer(&self, attribute: Attribute) -> Option<i64> {
        self.bytes(attribute).first_chunk::<8>().map(|bytes| i64::from_le_bytes(*bytes))
    }
}

//! The attributes for every record: where the gateway keeps each, and which fields need it.

use crate::host::attribute::{self, RenamedAttribute};

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

/// The source of a value.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// An attribute that nearly every stream has. One without it fails both expressions.
    Always(&'static str),
    /// An attribute that many streams lack.
    Maybe(&'static str),
    /// An attribute with two names.
    Renamed(RenamedAttribute),
    /// A response header.
    Header(&'static str),
}

impl Attribute {
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

    /// The fields of the record that the value goes into; none when every record needs it.
    pub const fn fields(self) -> &'static [&'static str] {
        match self {
            // Sampling uses these, and every record needs a time.
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

    /// True when only a stream with an upstream host has a value.
    pub const fn is_of_upstream(self) -> bool {
        matches!(self, Self::UpstreamLocal | Self::Attempts | Self::ServiceTime)
    }

    /// The source of the value.
    pub const fn source(self) -> Source {
        match self {
            Self::Start => Source::Always(attribute::REQUEST_TIME),
            Self::Duration => Source::Always(attribute::REQUEST_DURATION),
            Self::Flags => Source::Always(attribute::RESPONSE_FLAGS),
            Self::Code => Source::Always(attribute::RESPONSE_CODE),
            Self::CodeDetails => Source::Always(attribute::RESPONSE_CODE_DETAILS),
            Self::BytesReceived => Source::Always(attribute::REQUEST_TOTAL_SIZE),
            Self::BytesSent => Source::Always(attribute::RESPONSE_TOTAL_SIZE),
            Self::Route => Source::Renamed(attribute::ROUTE_NAME),
            Self::Cluster => Source::Renamed(attribute::CLUSTER_NAME),
            Self::Upstream => Source::Maybe(attribute::UPSTREAM_ADDRESS),
            Self::UpstreamLocal => Source::Maybe(attribute::UPSTREAM_LOCAL_ADDRESS),
            Self::Attempts => Source::Maybe(attribute::UPSTREAM_REQUEST_ATTEMPT_COUNT),
            Self::ServiceTime => Source::Header("x-envoy-upstream-service-time"),
            Self::Remote => Source::Always(attribute::SOURCE_ADDRESS),
            Self::Local => Source::Always(attribute::DESTINATION_ADDRESS),
            Self::Protocol => Source::Always(attribute::REQUEST_PROTOCOL),
            Self::ServerName => Source::Always(attribute::REQUESTED_SERVER_NAME),
        }
    }
}

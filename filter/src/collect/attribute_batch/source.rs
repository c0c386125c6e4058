//! The gateway's place for each attribute of a record, and the fields that need the attribute.

use crate::host::attribute::{self, RenamedAttribute};
use crate::host::attribute_values::Attribute;

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
            Self::ServiceTime => Source::Header(Self::SERVICE_TIME_HEADER),
            Self::Remote => Source::Always(attribute::SOURCE_ADDRESS),
            Self::Local => Source::Always(attribute::DESTINATION_ADDRESS),
            Self::Protocol => Source::Always(attribute::REQUEST_PROTOCOL),
            Self::ServerName => Source::Always(attribute::REQUESTED_SERVER_NAME),
        }
    }
}

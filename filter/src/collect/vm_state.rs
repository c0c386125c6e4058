//! State of a VM that is kept from one record to the next.

use crate::ai::ai_log::{self, AiLog};
use crate::collect::instance_id::InstanceId;
use crate::collect::own_exchanges::OwnExchanges;
use crate::collect::record_id::RecordIds;
use crate::host::Exchange;
use crate::host::attribute::{self, AttributeDialect};

/// State of a VM that is kept from one record to the next.
#[derive(Debug, Default)]
pub struct VmState {
    /// The attribute names that the gateway supports.
    pub dialect: AttributeDialect,
    /// The name of the gateway instance.
    pub instance_id: InstanceId,
    /// Generates record ids.
    pub record_ids: RecordIds,
    /// Exchanges of which the access logger makes no record.
    pub own_exchanges: OwnExchanges,
    /// True once any stream had an `ai_log`.
    ai_log_seen: bool,
}

impl VmState {
    /// The `ai_log` of the current stream, and whether it exists but is too large.
    pub fn read_ai_log(&mut self, host: &impl Exchange, method: Option<&[u8]>) -> (Option<AiLog>, bool) {
        // A model call is never a GET. Otherwise, gateways without AI would pay for a read at every GET.
        if !self.ai_log_seen && matches!(method, None | Some(b"GET" | b"HEAD" | b"OPTIONS")) {
            return (None, false);
        }
        let value = host.attribute(attribute::AI_LOG);
        let too_large = value.as_ref().is_some_and(|value| value.len() > ai_log::MAX_BYTES);
        let log = value.and_then(|value| ai_log::decode(value.into_owned()));
        self.ai_log_seen |= log.is_some();
        (log, too_large)
    }
}

//! The name of the gateway instance: the configured name, otherwise the pod's name, a name set by plugins or clients,
//! or the node's id.

use crate::config::settings::Settings;
use crate::host::Exchange;
use crate::host::attribute::{self, AttributeDialect};

/// What the gateway knows about the instance, read for the first record.
#[derive(Debug, Default)]
pub struct InstanceId {
    asked: bool,
    /// The pod's name, or the property `instance_id`.
    name: Option<String>,
    node_id: Option<String>,
}

impl InstanceId {
    /// The name for a record whose request has this `x-instance-id`.
    pub fn name(
        &mut self,
        settings: &Settings,
        header: Option<&[u8]>,
        dialect: &mut AttributeDialect,
        host: &impl Exchange,
    ) -> String {
        if let Some(configured) = &settings.instance_id {
            return configured.clone();
        }
        if !self.asked {
            self.asked = true;
            self.name = dialect
                .read(host, attribute::NODE_POD_NAME)
                .or_else(|| attribute::text(host, attribute::INSTANCE_ID));
            self.node_id = dialect.read(host, attribute::NODE_ID);
        }
        self.name
            .clone()
            .or_else(|| header.map(|value| String::from_utf8_lossy(value).into_owned()))
            .or_else(|| self.node_id.clone())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::host::mock::MockHost;

    #[test]
    fn the_most_reliable_name_is_used() {
        let settings = |config: &str| Config::parse(config.as_bytes()).unwrap().global.unwrap();
        let plain = settings(r#"{"collector_cluster":"c"}"#);
        let configured = settings(r#"{"collector_cluster":"c","instance_id":"conf"}"#);
        let all = || {
            MockHost::new()
                .with_text("xds.node.metadata.POD_NAME", "pod")
                .with_text("instance_id", "property")
                .with_text("xds.node.id", "node")
        };
        let property = MockHost::new().with_text("instance_id", "property").with_text("node.id", "node");
        let node = MockHost::new().with_text("node.id", "node");
        for (settings, host, header, expected) in [
            (&configured, all(), Some(&b"header"[..]), "conf"),
            (&plain, all(), Some(b"header"), "pod"),
            (&plain, property, Some(b"header"), "property"),
            (&plain, node, Some(b"header"), "header"),
            (&plain, MockHost::new().with_text("node.id", "node"), None, "node"),
            (&plain, MockHost::new(), None, ""),
        ] {
            let (mut instance_id, mut dialect) = (InstanceId::default(), AttributeDialect::default());
            for _ in 0..2 {
                assert_eq!(instance_id.name(settings, header, &mut dialect, &host), expected);
            }
            assert!(host.asked().len() <= 5);
        }
    }
}

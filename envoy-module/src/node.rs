//! What the process tells of the gateway instance. Envoy shows a module nothing of its node.

use std::sync::LazyLock;

/// Variables in which a pod's name stands: as Istio and Higress set it, as Envoy Gateway does.
const POD_NAMES: [&str; 2] = ["POD_NAME", "ENVOY_POD_NAME"];

static POD_NAME: LazyLock<Option<String>> = LazyLock::new(|| POD_NAMES.into_iter().find_map(variable));
static NODE_ID: LazyLock<Option<String>> =
    LazyLock::new(|| service_node(std::env::args()).or_else(|| variable("HOSTNAME")));

/// The pod's name.
pub fn pod_name() -> Option<&'static str> {
    POD_NAME.as_deref()
}

/// The node's id: `--service-node` of Envoy, else the host's name.
pub fn id() -> Option<&'static str> {
    NODE_ID.as_deref()
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn service_node(mut arguments: impl Iterator<Item = String>) -> Option<String> {
    while let Some(argument) = arguments.next() {
        if argument == "--service-node" {
            return arguments.next();
        }
        if let Some(id) = argument.strip_prefix("--service-node=") {
            return Some(id.to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nodes_id_is_the_one_on_envoys_command_line() {
        for (line, expected) in [
            ("envoy -c f --service-node router~10.0.0.1 -l info", Some("router~10.0.0.1")),
            ("envoy --service-node=a", Some("a")),
            ("envoy --service-cluster a", None),
        ] {
            let arguments = line.split(' ').map(str::to_owned);
            assert_eq!(service_node(arguments).as_deref(), expected, "{line}");
        }
    }
}

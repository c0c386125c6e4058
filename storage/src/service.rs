//! The two forms of a service: its name, `qwen.test`, which gatelog's filter stores, and Istio's cluster of it,
//! `outbound|80||qwen.test`, which db-log-pusher stores.

use gatelog_record::upstream_cluster;

/// The name of a service in either form.
pub fn name(service: &str) -> &str {
    match upstream_cluster::outbound(service) {
        Some(cluster) if !cluster.host.is_empty() => cluster.host,
        _ => service,
    }
}

/// Whether the text is a cluster, which says more than the name.
pub(crate) fn is_cluster(service: &str) -> bool {
    name(service).len() < service.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_last_part_of_a_cluster() {
        for (service, expected) in [
            ("qwen.test", "qwen.test"),
            ("outbound|80||qwen.test", "qwen.test"),
            ("outbound|443|v1|qwen.test", "qwen.test"),
            ("outbound|443|v1|a|b", "a|b"),
            ("outbound|80||", "outbound|80||"),
            ("outbound|80", "outbound|80"),
            ("inbound|80||qwen.test", "inbound|80||qwen.test"),
            ("", ""),
        ] {
            assert_eq!(name(service), expected);
            assert_eq!(is_cluster(service), expected != service);
        }
    }
}

//! The names that Istio and Higress give to clusters: `outbound|{port}|{subset}|{host}`, as in
//! `outbound|443||llm-qwen.internal.dns`.

/// The parts of a cluster's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboundCluster<'c> {
    /// Port of the service, as written.
    pub port: &'c str,
    /// Subset of the service's endpoints; empty for all.
    pub subset: &'c str,
    /// Host name of the service.
    pub host: &'c str,
}

/// Splits a cluster's name into its parts; `None` when it has another form.
pub fn outbound(cluster: &str) -> Option<OutboundCluster<'_>> {
    let mut parts = cluster.splitn(4, '|');
    let (direction, port, subset, host) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    (direction == "outbound").then_some(OutboundCluster { port, subset, host })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_cluster_is_taken_apart_and_other_names_are_not() {
        for (cluster, parts) in [
            ("outbound|443||llm-qwen.internal.dns", Some(("443", "", "llm-qwen.internal.dns"))),
            (
                "outbound|80|v1|web.default.svc.cluster.local",
                Some(("80", "v1", "web.default.svc.cluster.local")),
            ),
            ("outbound|80||a|b", Some(("80", "", "a|b"))),
            ("outbound|80||", Some(("80", "", ""))),
            ("outbound|80|", None),
            ("inbound|80||a", None),
            ("a", None),
            ("", None),
        ] {
            let found = outbound(cluster).map(|cluster| (cluster.port, cluster.subset, cluster.host));
            assert_eq!(found, parts, "{cluster}");
        }
    }
}

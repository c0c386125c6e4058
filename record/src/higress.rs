//! What Istio and Higress write into the names of routes and clusters.

use crate::upstream_cluster;

/// The service behind a cluster: the last part of `outbound|{port}|{subset}|{fqdn}`; any other name as it is.
pub fn service(cluster: &str) -> &str {
    upstream_cluster::outbound(cluster).map_or(cluster, |cluster| cluster.host)
}

/// The API that a route belongs to: `name` of `model-api-{name}-{n}`, or the first three parts of a name with at
/// least three parts joined by `@`; otherwise none.
pub fn api(route: &str) -> Option<&str> {
    if let Some(rest) = route.strip_prefix("model-api-") {
        return match rest.rsplit_once('-') {
            Some((name, number))
                if !name.is_empty()
                    && !number.is_empty()
                    && number.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                Some(name)
            }
            _ => None,
        };
    }
    let mut ends = route.match_indices('@').map(|(index, _)| index).skip(1);
    ends.next()?;
    route.get(..ends.next().unwrap_or(route.len()))
}

/// True when a route of this name was made by Higress for AI calls.
pub fn is_ai_route(route: &str) -> bool {
    route.starts_with("model-api-") || route.starts_with("ai-route-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_is_the_host_name_of_an_outbound_cluster() {
        for (cluster, expected) in [
            ("outbound|443||llm-qwen.internal.dns", "llm-qwen.internal.dns"),
            ("outbound|80|v1|web.default.svc.cluster.local", "web.default.svc.cluster.local"),
            ("outbound|80", "outbound|80"),
            ("inbound|80||", "inbound|80||"),
            ("upstream", "upstream"),
            ("", ""),
        ] {
            assert_eq!(service(cluster), expected);
        }
    }

    #[test]
    fn the_api_is_found_in_route_names_of_both_forms() {
        for (route, expected) in [
            ("model-api-qwen-0", Some("qwen")),
            ("model-api-my-model-12", Some("my-model")),
            ("model-api-qwen", None),
            ("model-api--0", None),
            ("a@b@c", Some("a@b@c")),
            ("a@b@c@d@e", Some("a@b@c")),
            ("a@b", None),
            ("default", None),
            ("", None),
        ] {
            assert_eq!(api(route), expected, "{route}");
        }
    }
}

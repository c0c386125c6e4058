//! `_rules_`: selects the settings of a stream by its route, domain or service, as in Higress's plugins.
//!
//! Rules are tried in order and the first match applies. A rule with routes matches the route, and also the
//! service when it has services; otherwise a rule with domains matches only the domain, a rule with services the
//! service, and any other rule the beginning of the route's name.

use std::rc::Rc;

use gatelog_record::host_port;
use gatelog_record::upstream_cluster::{self, OutboundCluster};

use crate::config::settings::Settings;
use crate::host::attribute::{self, AttributeDialect};
use crate::host::{Exchange, HeaderMap};

/// A rule and the settings of matching streams.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// The matcher.
    pub matcher: Matcher,
    /// The settings of matching streams.
    pub settings: Rc<Settings>,
}

/// What a rule matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matcher {
    /// The route has one of these names.
    Route(Vec<String>),
    /// The route has one of these names and the cluster is one of these services.
    RouteAndService(Vec<String>, Vec<String>),
    /// The host is one of these: exact, `*suffix` or `prefix*`.
    Domain(Vec<String>),
    /// The cluster is one of these services: `host` or `host:port`, or the name of a cluster of another form.
    Service(Vec<String>),
    /// The route's name begins with one of these.
    RoutePrefix(Vec<String>),
}

impl Matcher {
    /// The matcher of a rule with these lists; `None` when all are empty.
    pub fn new(
        routes: Vec<String>,
        domains: Vec<String>,
        services: Vec<String>,
        route_prefixes: Vec<String>,
    ) -> Option<Self> {
        match [routes.is_empty(), domains.is_empty(), services.is_empty(), route_prefixes.is_empty()] {
            [false, _, false, _] => Some(Self::RouteAndService(routes, services)),
            [false, ..] => Some(Self::Route(routes)),
            [_, false, ..] => Some(Self::Domain(domains)),
            [_, _, false, _] => Some(Self::Service(services)),
            [_, _, _, false] => Some(Self::RoutePrefix(route_prefixes)),
            _ => None,
        }
    }

    fn matches(&self, input: &mut RuleInput<'_, impl Exchange>) -> bool {
        let is = |name: &str, names: &[String]| names.iter().any(|each| each == name);
        match self {
            Self::Route(routes) => is(input.route(), routes),
            Self::RouteAndService(routes, services) => {
                is(input.route(), routes) && is_service(input.cluster(), services)
            }
            Self::Domain(domains) => is_domain(input.domain(), domains),
            Self::Service(services) => is_service(input.cluster(), services),
            Self::RoutePrefix(prefixes) => {
                prefixes.iter().any(|prefix| input.route().starts_with(prefix.as_str()))
            }
        }
    }
}

/// The settings of the first rule that matches the current stream, otherwise the global ones; `None` when there
/// are none.
pub fn choose(
    rules: &[Rule],
    global: Option<&Rc<Settings>>,
    dialect: &mut AttributeDialect,
    host: &impl Exchange,
) -> Option<Rc<Settings>> {
    let mut input = RuleInput { host, dialect, route: None, cluster: None, domain: None };
    let rule = rules.iter().find(|rule| rule.matcher.matches(&mut input));
    rule.map(|rule| &rule.settings).or(global).cloned()
}

/// The properties that rules match against, read when the first rule needs them.
struct RuleInput<'h, H> {
    host: &'h H,
    dialect: &'h mut AttributeDialect,
    route: Option<String>,
    cluster: Option<String>,
    domain: Option<String>,
}

impl<H: Exchange> RuleInput<'_, H> {
    fn route(&mut self) -> &str {
        let ask = || self.dialect.read(self.host, attribute::ROUTE_NAME).unwrap_or_default();
        self.route.get_or_insert_with(ask)
    }

    fn cluster(&mut self) -> &str {
        let ask = || self.dialect.read(self.host, attribute::CLUSTER_NAME).unwrap_or_default();
        self.cluster.get_or_insert_with(ask)
    }

    fn domain(&mut self) -> &str {
        let ask = || {
            let authority = self.host.header(HeaderMap::Request, ":authority").unwrap_or_default();
            host_port::host(&attribute::lossy(authority)).to_ascii_lowercase()
        };
        self.domain.get_or_insert_with(ask)
    }
}

fn is_domain(host: &str, domains: &[String]) -> bool {
    domains.iter().any(|domain| match (domain.strip_prefix('*'), domain.strip_suffix('*')) {
        (Some(suffix), _) => host.ends_with(suffix),
        (_, Some(prefix)) => host.starts_with(prefix),
        _ => host == domain,
    })
}

fn is_service(cluster: &str, services: &[String]) -> bool {
    let outbound = upstream_cluster::outbound(cluster);
    services.iter().any(|service| match outbound {
        Some(OutboundCluster { port, host, .. }) => {
            service == host
                || service.strip_prefix(host).and_then(|rest| rest.strip_prefix(':')) == Some(port)
        }
        None => service == cluster && !cluster.is_empty(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::host::mock::MockHost;

    /// The number of the settings for a stream; `None` when nothing is recorded.
    fn chosen(config: &str, route: &str, authority: &str, cluster: &str) -> Option<usize> {
        let config = Config::parse(config.as_bytes()).unwrap();
        let host = MockHost::new()
            .with_request(&[(":authority", authority)])
            .with_text("xds.route_name", route)
            .with_text("xds.cluster_name", cluster);
        choose(&config.rules, config.global.as_ref(), &mut AttributeDialect::Unknown, &host)
            .map(|settings| settings.number)
    }

    #[test]
    fn each_category_matches_as_higress_does() {
        let qwen = "outbound|443||qwen.dns";
        for (matcher, route, authority, cluster, expected) in [
            (r#""_match_route_":["r1","r2"]"#, "r2", "h", "c", true),
            (r#""_match_route_":["r1"]"#, "r11", "h", "c", false),
            (r#""_match_domain_":["api.x.com"]"#, "r", "api.x.com", "c", true),
            (r#""_match_domain_":["API.x.com"]"#, "r", "Api.X.com:8443", "c", true),
            (r#""_match_domain_":["*.x.com"]"#, "r", "a.x.com:443", "c", true),
            (r#""_match_domain_":["*.x.com"]"#, "r", "x.com", "c", false),
            (r#""_match_domain_":["api.*"]"#, "r", "api.y.org", "c", true),
            (r#""_match_domain_":["[::1]"]"#, "r", "[::1]:80", "c", true),
            (r#""_match_domain_":["*"]"#, "r", "any", "c", true),
            (r#""_match_service_":["qwen.dns"]"#, "r", "h", qwen, true),
            (r#""_match_service_":["qwen.dns:443"]"#, "r", "h", qwen, true),
            (r#""_match_service_":["qwen.dns:80"]"#, "r", "h", qwen, false),
            (r#""_match_service_":["qwen.dns4"]"#, "r", "h", qwen, false),
            (r#""_match_service_":["upstream"]"#, "r", "h", "upstream", true),
            (r#""_match_route_prefix_":["model-api-"]"#, "model-api-q-0", "h", "c", true),
            (r#""_match_route_prefix_":["model-api-"]"#, "x-model-api-", "h", "c", false),
            // A route and a service must both match; an additional domain is ignored.
            (r#""_match_route_":["r1"],"_match_service_":["qwen.dns"]"#, "r1", "h", qwen, true),
            (r#""_match_route_":["r1"],"_match_service_":["qwen.dns"]"#, "r1", "h", "c", false),
            (r#""_match_route_":["r1"],"_match_domain_":["other"]"#, "r1", "h", "c", true),
            (r#""_match_domain_":["h"],"_match_service_":["other"]"#, "r", "h", "c", true),
            (r#""_match_service_":["c"],"_match_route_prefix_":["z"]"#, "r", "h", "c", true),
        ] {
            let config = format!(r#"{{"_rules_":[{{{matcher},"collector_cluster":"c"}}]}}"#);
            let expected = expected.then_some(1);
            assert_eq!(chosen(&config, route, authority, cluster), expected, "{matcher} {route} {authority}");
        }
    }

    #[test]
    fn the_first_matching_rule_applies_or_else_the_global_settings() {
        let config = r#"{"collector_cluster":"c","_rules_":[
            {"_match_route_":["a"]},{"_match_domain_":["h"]},{"_match_route_":["a","b"]}]}"#;
        for (route, authority, expected) in
            [("a", "h", Some(1)), ("b", "h", Some(2)), ("b", "i", Some(3)), ("c", "i", Some(0))]
        {
            assert_eq!(chosen(config, route, authority, "c"), expected);
        }
    }

    #[test]
    fn only_properties_that_the_rules_need_are_read_and_only_once() {
        let config = Config::parse(
            br#"{"collector_cluster":"c","_rules_":[{"_match_route_":["a"]},{"_match_route_":["b"]}]}"#,
        )
        .unwrap();
        let host = MockHost::new().with_text("xds.route_name", "z");
        choose(&config.rules, config.global.as_ref(), &mut AttributeDialect::Xds, &host);
        assert_eq!(host.asked(), ["attribute xds.route_name"]);
    }
}

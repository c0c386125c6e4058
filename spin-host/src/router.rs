//! Finds the component for a path, and the headers that tell the component how it was reached.

use std::net::SocketAddr;

use anyhow::{Context as _, anyhow};
use http::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use http::uri::Uri;

/// The routes of an application: an exact route takes precedence over a wildcard, and a longer wildcard over
/// a shorter one.
pub struct Router {
    routes: Vec<Route>,
    /// Finds the index of a route.
    matcher: matchit::Router<usize>,
}

/// One public route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The route as written in the manifest, for example `/query/...`.
    pub pattern: String,
    /// The component that answers it.
    pub component: String,
}

/// A route that matches a path.
pub struct RouteMatch<'r> {
    /// The route.
    pub route: &'r Route,
    /// The part that a trailing wildcard matches: empty, or a path that starts with a slash.
    pub path_info: String,
    /// Values of `:name` segments.
    pub named: Vec<(String, String)>,
}

impl Router {
    /// Builds a router from the public routes.
    ///
    /// # Errors
    ///
    /// When a route cannot be read, or occurs twice.
    pub fn new(routes: impl IntoIterator<Item = Route>) -> anyhow::Result<Self> {
        let routes: Vec<Route> = routes.into_iter().collect();
        let mut matcher = matchit::Router::new();
        for (index, route) in routes.iter().enumerate() {
            let path = normal(&route.pattern);
            let before = routes.get(..index).unwrap_or_default();
            if let Some(other) = before.iter().find(|other| normal(&other.pattern) == path) {
                return Err(anyhow!(
                    "the route {:?} is given to both {:?} and {:?}",
                    route.pattern,
                    other.component,
                    route.component
                ));
            }
            matcher
                .insert(&path, index)
                .map_err(|error| anyhow!("the route {:?} cannot be read: {error}", route.pattern))?;
        }
        for (index, route) in routes.iter().enumerate() {
            if let Some(base) = normal(&route.pattern).strip_suffix(WILDCARD) {
                // A wildcard also matches its own base, unless an exact route does.
                let _ = matcher.insert(if base.is_empty() { "/" } else { base }, index);
            }
        }
        Ok(Self { routes, matcher })
    }

    /// The best route for a path without its query.
    pub fn find(&self, path: &str) -> Option<RouteMatch<'_>> {
        let (trimmed, slash) = match path.strip_suffix('/') {
            Some(trimmed) => (trimmed, "/"),
            None => (path, ""),
        };
        let found = self.matcher.at(if trimmed.is_empty() { "/" } else { trimmed }).ok()?;
        let route = self.routes.get(*found.value)?;
        let mut path_info = String::new();
        let mut named = Vec::new();
        for (name, value) in found.params.iter() {
            match name {
                REST => path_info = format!("/{value}"),
                _ => named.push((name.to_owned(), value.to_owned())),
            }
        }
        if route.pattern.ends_with("/...") {
            path_info.push_str(slash);
        }
        Some(RouteMatch { route, path_info, named })
    }

    /// All routes.
    pub fn routes(&self) -> impl Iterator<Item = &Route> {
        self.routes.iter()
    }
}

/// Name of the part of a path that a trailing wildcard matches; no segment's name can have this form.
const REST: &str = "...";
/// A trailing wildcard in the matcher's notation.
const WILDCARD: &str = "/{*...}";

/// A manifest's route in the matcher's notation, without a trailing slash: `/a/{name}` for `/a/:name`, and
/// [`WILDCARD`] for a trailing `/...`.
fn normal(pattern: &str) -> String {
    let path = format!("/{}", pattern.trim_matches('/'));
    let (base, end) = match path.strip_suffix("/...") {
        Some(base) => (base, WILDCARD),
        None => (path.as_str(), ""),
    };
    let segments = base.split('/').map(|segment| match segment.strip_prefix(':') {
        Some(name) => format!("{{{name}}}"),
        None => segment.replace('{', "{{").replace('}', "}}"),
    });
    segments.collect::<Vec<_>>().join("/") + end
}

/// Makes the request's URI absolute from its `Host` header, as Spin does before a component sees it.
///
/// # Errors
///
/// When the host is missing or unreadable, or there are two that differ.
pub fn absolute_uri(uri: Uri, headers: &HeaderMap) -> anyhow::Result<Uri> {
    let mut parts = uri.into_parts();
    let from_header = match headers.get(HOST) {
        None => None,
        Some(host) => Some(
            http::uri::Authority::try_from(host.as_bytes())
                .with_context(|| format!("the Host header {host:?} is not an authority"))?,
        ),
    };
    let authority = match (from_header, parts.authority.take()) {
        (None, None) => return Err(anyhow!("the request has no Host header")),
        (Some(one), None) | (None, Some(one)) => one,
        (Some(header), Some(target)) if header == target => header,
        (Some(header), Some(target)) => {
            return Err(anyhow!("the Host header says {header}, the request line says {target}"));
        }
    };
    parts.scheme = Some(http::uri::Scheme::HTTP);
    parts.authority = Some(authority);
    if parts.path_and_query.is_none() {
        parts.path_and_query = Some(http::uri::PathAndQuery::from_static("/"));
    }
    Uri::from_parts(parts).context("the request target cannot be made absolute")
}

/// Adds Spin's request headers (`spin-full-url`, `spin-path-info` and so on). A client's values under these names are
/// kept before Spin's, so a component that reads the first value believes the client.
pub fn add_spin_headers(headers: &mut HeaderMap, uri: &Uri, found: &RouteMatch<'_>, client: SocketAddr) {
    let pattern = found.route.pattern.as_str();
    let matched = format!("/{}", pattern.trim_start_matches('/'));
    let prefix = pattern.strip_suffix("/...").unwrap_or(pattern);
    for (name, value) in [
        ("spin-path-info", found.path_info.clone()),
        ("spin-full-url", uri.to_string()),
        ("spin-matched-route", matched),
        ("spin-base-path", "/".to_owned()),
        ("spin-raw-component-route", pattern.to_owned()),
        ("spin-component-route", prefix.to_owned()),
        ("spin-client-addr", client.to_string()),
    ] {
        add(headers, HeaderName::from_static(name), value);
    }
    for (name, value) in &found.named {
        let name = format!("spin-path-match-{}", name.to_ascii_lowercase());
        if let Ok(name) = HeaderName::try_from(name) {
            add(headers, name, value.clone());
        }
    }
}

/// A value that is not valid in a header is left out.
fn add(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.append(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router(routes: &[(&str, &str)]) -> Router {
        Router::new(
            routes.iter().map(|(p, c)| Route { pattern: (*p).to_owned(), component: (*c).to_owned() }),
        )
        .unwrap()
    }

    #[test]
    fn exact_routes_take_precedence_over_wildcards_and_long_wildcards_over_short_ones() {
        let router = router(&[
            ("/...", "all"),
            ("/query/...", "query"),
            ("/query/scenarios/...", "scenarios"),
            ("/ingest", "ingest"),
            ("/user/:id", "user"),
        ]);
        for (path, component, info) in [
            ("/ingest", "ingest", ""),
            ("/ingest/", "ingest", ""),
            ("/ingest/more", "all", "/ingest/more"),
            ("/query", "query", ""),
            ("/query/", "query", "/"),
            ("/query/a/b", "query", "/a/b"),
            ("/query/scenarios/x", "scenarios", "/x"),
            ("/queryx", "all", "/queryx"),
            ("/", "all", "/"),
            ("/user/7", "user", ""),
        ] {
            let found = router.find(path).unwrap();
            assert_eq!(
                (found.route.component.as_str(), found.path_info.as_str()),
                (component, info),
                "{path}"
            );
        }
    }

    #[test]
    fn a_path_without_a_route_is_not_found() {
        let router = router(&[("/ingest", "ingest")]);
        assert!(router.find("/other").is_none());
        assert!(router.find("/ingest/x").is_none());
    }

    #[test]
    fn the_same_route_twice_is_refused() {
        let twice = [("/a/", "one"), ("/a", "two")]
            .map(|(p, c)| Route { pattern: p.to_owned(), component: c.to_owned() });
        let error = Router::new(twice).err().unwrap().to_string();
        assert!(error.contains("one") && error.contains("two"), "{error}");
    }

    #[test]
    fn the_component_learns_how_it_was_reached() {
        let router = router(&[("/user/:id/...", "user")]);
        let found = router.find("/user/7/mail").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("host", "example.com".parse().unwrap());
        headers.insert("spin-client-addr", "forged".parse().unwrap());
        let uri = absolute_uri("/user/7/mail?a=1".parse().unwrap(), &headers).unwrap();
        add_spin_headers(&mut headers, &uri, &found, "127.0.0.1:9".parse().unwrap());
        for (name, value) in [
            ("spin-full-url", "http://example.com/user/7/mail?a=1"),
            ("spin-path-info", "/mail"),
            ("spin-matched-route", "/user/:id/..."),
            ("spin-component-route", "/user/:id"),
            ("spin-path-match-id", "7"),
        ] {
            assert_eq!(headers[name], value, "{name}");
        }
        assert_eq!(headers.get_all("spin-client-addr").iter().collect::<Vec<_>>(), ["forged", "127.0.0.1:9"]);
    }

    #[test]
    fn a_request_without_a_host_or_with_two_is_refused() {
        let mut headers = HeaderMap::new();
        assert!(absolute_uri("/".parse().unwrap(), &headers).is_err());
        headers.insert("host", "a".parse().unwrap());
        assert!(absolute_uri("http://b/".parse().unwrap(), &headers).is_err());
        assert_eq!(absolute_uri("http://a".parse().unwrap(), &headers).unwrap(), "http://a/");
    }
}

//! What Higress writes into route and cluster names, taken out again.

/// The service behind a cluster: the last part of `outbound|{port}|{subset}|{fqdn}`; any other name as it is.
pub fn service(cluster: &str) -> &str {
    outbound(cluster).map_or(cluster, |(_, fqdn)| fqdn)
}

/// Port and host name of an `outbound|{port}|{subset}|{fqdn}` cluster.
pub fn outbound(cluster: &str) -> Option<(&str, &str)> {
    let mut parts = cluster.splitn(4, '|');
    let (direction, port, _subset, fqdn) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    (direction == "outbound").then_some((port, fqdn))
}

/// A host without the port after it; an IPv6 address keeps its brackets.
pub fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && is_whole(host) => host,
        _ => authority,
    }
}

/// True unless a colon in a host name tells that it is the beginning of a bare IPv6 address.
fn is_whole(host: &str) -> bool {
    host.ends_with(']') || !host.contains(':')
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

/// The model that Gemini's paths carry: `/v1beta/models/{model}:generateContent`.
pub fn gemini_model(path: &str) -> Option<&str> {
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    // The standard library's search for a text would be one of the larger functions of the module.
    let before = path.as_bytes().windows(MODELS.len()).rposition(|part| part == MODELS)?;
    let (model, method) = path.get(before + MODELS.len()..)?.split_once(':')?;
    (!model.is_empty() && GEMINI_METHODS.contains(&method)).then_some(model)
}

/// True when the path is one that AI providers serve.
pub fn is_ai_path(path: &str) -> bool {
    let path = path.split_once('?').map_or(path, |(path, _)| path).trim_end_matches('/');
    AI_PATHS.iter().any(|suffix| path.ends_with(suffix)) || gemini_model(path).is_some()
}

/// True when a route of this name was made by Higress for AI calls.
pub fn is_ai_route(route: &str) -> bool {
    route.starts_with("model-api-") || route.starts_with("ai-route-")
}

/// Paths, by their end, as OpenAI, Anthropic and compatible providers have them.
const AI_PATHS: [&str; 13] = [
    "/chat/completions",
    "/completions",
    "/embeddings",
    "/v1/responses",
    "/v1/messages",
    "/images/generations",
    "/images/edits",
    "/images/variations",
    "/audio/speech",
    "/audio/transcriptions",
    "/audio/translations",
    "/v1/rerank",
    "/v1/moderations",
];

/// What precedes the model in Gemini's paths.
const MODELS: &[u8] = b"/models/";

/// The methods of Gemini's models that answer with usage.
const GEMINI_METHODS: [&str; 5] =
    ["generateContent", "streamGenerateContent", "embedContent", "batchEmbedContents", "countTokens"];

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
    fn a_port_is_taken_off_a_host_but_not_off_an_address() {
        for (authority, expected) in [
            ("a.b:80", "a.b"),
            ("a.b", "a.b"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
            ("::1", "::1"),
            ("a:b", "a:b"),
            ("", ""),
        ] {
            assert_eq!(without_port(authority), expected);
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

    #[test]
    fn geminis_paths_name_the_model() {
        for (path, expected) in [
            ("/v1beta/models/gemini-2.5-pro:generateContent", Some("gemini-2.5-pro")),
            ("/v1/models/gemini-2.5-flash:streamGenerateContent?alt=sse&key=x", Some("gemini-2.5-flash")),
            (
                "/v1/projects/p/locations/l/publishers/google/models/gemini-1.5-pro:generateContent",
                Some("gemini-1.5-pro"),
            ),
            ("/v1beta/models/gemini-2.5-pro", None),
            ("/models/:generateContent", None),
            ("/models/x:delete", None),
        ] {
            assert_eq!(gemini_model(path), expected, "{path}");
        }
    }

    #[test]
    fn ai_paths_are_known_by_their_end() {
        for (path, expected) in [
            ("/v1/chat/completions", true),
            ("/compatible-mode/v1/chat/completions?x=1", true),
            ("/api/v3/embeddings/", true),
            ("/v1beta/models/g:generateContent", true),
            ("/index.html", false),
            ("/shop/messages", false),
        ] {
            assert_eq!(is_ai_path(path), expected, "{path}");
        }
    }
}
